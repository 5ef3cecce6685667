//! Signing keys that the application supplies, instead of those in the database.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use zeroize::Zeroizing;

use super::{Key, KeyKind, SigningKey};
use crate::config::SigningAlgorithm;
use crate::panics::caught_async;

/// How long to wait for the application's keys: reading the revocations may wait behind it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A signing key that the application supplies, for
/// [`SessionFairing::signing_keys`](crate::SessionFairing::signing_keys).
///
/// A key that cannot be read stops the launch; it is not an error here.
///
/// ```
/// use session_runtime::config::SigningAlgorithm;
/// use session_runtime::keys::OwnKey;
///
/// # fn example(pem: &str) -> OwnKey {
/// OwnKey::from_pem("2026-11", SigningAlgorithm::EdDsa, pem)
/// # }
/// ```
#[doc(alias = "private key")]
#[derive(Clone)]
pub struct OwnKey {
    kid: String,
    algorithm: SigningAlgorithm,
    /// PKCS#8; `None` if the string was not PEM, which is reported when the key is used.
    pkcs8: Option<Zeroizing<Vec<u8>>>,
}

impl OwnKey {
    /// A key in DER: PKCS#8, unencrypted. `kid` is its key id in tokens and in the published keys.
    pub fn from_der(kid: impl Into<String>, algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Self {
        Self {
            kid: kid.into(),
            algorithm,
            pkcs8: Some(Zeroizing::new(pkcs8.to_vec())),
        }
    }

    /// A key in PEM: PKCS#8, unencrypted (`-----BEGIN PRIVATE KEY-----`).
    ///
    /// `openssl genpkey -algorithm ed25519` and
    /// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` write such keys. `kid` is
    /// its key id in tokens and in the published keys.
    pub fn from_pem(kid: impl Into<String>, algorithm: SigningAlgorithm, pem: &str) -> Self {
        Self {
            kid: kid.into(),
            algorithm,
            pkcs8: decode_pem(pem),
        }
    }

    fn open(self, from: usize) -> Result<SigningKey, String> {
        if self.kid.is_empty() || self.kid.len() > 128 {
            return Err(format!(
                "the supplied signing key number {from} needs a `kid` of 1 to 128 bytes, not `{}`",
                self.kid
            ));
        }
        let Some(secret) = self.pkcs8 else {
            return Err(format!(
                "the supplied signing key `{}` is no PEM of a `PRIVATE KEY` (PKCS#8): \
                 `openssl pkcs8 -topk8 -nocrypt` converts others",
                self.kid
            ));
        };
        SigningKey::from_stored(&Key {
            id: self.kid,
            kind: KeyKind::of(self.algorithm),
            secret,
            created_at: DateTime::UNIX_EPOCH,
        })
    }
}

impl fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

fn decode_pem(pem: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let base64: Zeroizing<String> =
        Zeroizing::new(body.chars().filter(|char| !char.is_whitespace()).collect());
    STANDARD.decode(base64.as_bytes()).ok().map(Zeroizing::new)
}

type Answer = Result<Vec<OwnKey>, String>;

/// Asks the application for its keys.
#[derive(Clone)]
pub(crate) struct Supplier(
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>,
);

impl Supplier {
    pub(crate) fn new<F, A, E>(ask: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<Vec<OwnKey>, E>> + Send + 'static,
        E: fmt::Display,
    {
        Self(Arc::new(move || {
            let asked = ask();
            Box::pin(async move { asked.await.map_err(|error| error.to_string()) })
        }))
    }

    /// The application's keys, the one that signs first.
    ///
    /// # Errors
    /// A sentence that names the key that cannot be used.
    pub(crate) async fn ask(&self) -> Result<Vec<SigningKey>, String> {
        let asked = caught_async(|| tokio::time::timeout(PATIENCE, (self.0)())).await;
        let supplied = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(_elapsed)) => Err(format!("no answer within {PATIENCE:?}")),
            Err(cause) => Err(format!("the supplier panicked: {cause}")),
        };
        let supplied = supplied.map_err(|error| {
            format!("the application's signing keys could not be loaded: {error}")
        })?;
        if supplied.is_empty() {
            return Err("the application supplies no signing key: return at least one".into());
        }
        let mut keys: Vec<SigningKey> = Vec::new();
        for (number, own) in (1..).zip(supplied) {
            let key = own.open(number)?;
            if keys.iter().any(|other| other.kid == key.kid) {
                return Err(format!(
                    "two supplied signing keys are called `{}`",
                    key.kid
                ));
            }
            key.self_test()?;
            keys.push(key);
        }
        Ok(keys)
    }
}

impl fmt::Debug for Supplier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Supplier")
    }
}
