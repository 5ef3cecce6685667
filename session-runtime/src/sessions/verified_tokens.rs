//! The cache of verified tokens, so that a token's signature is verified once and not at every
//! request.

use std::fmt;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::token::access::Verified;

/// The least weight that is counted for a token; together with the capacity it limits the entries
/// as well as the bytes.
const MIN_WEIGHT: u64 = 640;

/// Verified tokens by the BLAKE3 hash of the token. Signatures are malleable, so nothing else may
/// use this key.
pub(crate) struct VerifiedTokens {
    cache: Option<Cache<[u8; 32], Remembered, ByBytes>>,
}

#[derive(Clone)]
struct Remembered {
    bytes: u64,
    verified: Arc<Verified>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<[u8; 32], Remembered> for ByBytes {
    fn weight(&self, _: &[u8; 32], remembered: &Remembered) -> u64 {
        remembered.bytes.max(MIN_WEIGHT)
    }
}

impl VerifiedTokens {
    /// Caches up to `entries` tokens.
    pub(crate) fn new(entries: usize) -> Self {
        let cache = (entries > 0)
            .then(|| Cache::with_weighter(entries, entries as u64 * MIN_WEIGHT, ByBytes));
        Self { cache }
    }

    /// The cached result for a token that was verified before.
    pub(crate) fn get(&self, token: &str) -> Option<Arc<Verified>> {
        let key = || *blake3::hash(token.as_bytes()).as_bytes();
        let remembered = self.cache.as_ref()?.get(&key())?;
        Some(remembered.verified)
    }

    /// The cached result for `token`, or that of `verify`; failures are not cached.
    pub(crate) fn get_or_verify(
        &self,
        token: &str,
        verify: impl FnOnce() -> Option<Verified>,
    ) -> Option<Arc<Verified>> {
        let Some(cache) = &self.cache else {
            return verify().map(Arc::new);
        };
        let key = *blake3::hash(token.as_bytes()).as_bytes();
        if let Some(remembered) = cache.get(&key) {
            return Some(remembered.verified);
        }
        let verified = Arc::new(verify()?);
        let bytes = token.len() as u64;
        cache.insert(
            key,
            Remembered {
                bytes,
                verified: Arc::clone(&verified),
            },
        );
        Some(verified)
    }
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens").finish_non_exhaustive()
    }
}
