//! The memory of verified tokens, so that a token's signature is checked once and not at every request.

use std::fmt;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::token::access::Verified;

/// The room counted for one token at least; together with the capacity it bounds the entries as
/// well as the bytes.
const MIN_WEIGHT: u64 = 640;

/// Verified tokens by BLAKE3 of their text. Signatures are malleable, so nothing else may be keyed this way.
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
    /// Remembers up to `entries` tokens.
    pub(crate) fn new(entries: usize) -> Self {
        let cache = (entries > 0)
            .then(|| Cache::with_weighter(entries, entries as u64 * MIN_WEIGHT, ByBytes));
        Self { cache }
    }

    /// What is remembered of a token that was verified before.
    pub(crate) fn get(&self, token: &str) -> Option<Arc<Verified>> {
        let key = || *blake3::hash(token.as_bytes()).as_bytes();
        let remembered = self.cache.as_ref()?.get(&key())?;
        Some(remembered.verified)
    }

    /// What is remembered of `token`, or what `verify` finds; failures are not remembered.
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
