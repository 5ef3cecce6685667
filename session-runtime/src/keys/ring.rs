//! The keys in use, as one value that is replaced whole when they change.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use super::schedule::{Plan, Schedule};
use super::{Jwk, Key, KeyKind, MacKey, SigningKey};
use crate::config::SigningAlgorithm;

/// `max-age` of the published keys when nobody knows when the next one comes (protocol 2.6).
/// The longest that verifiers elsewhere may trust a key that was removed, in seconds.
const LONGEST_MAX_AGE: i64 = 600;

const UNKNOWN_MAX_AGE: i64 = 60;

/// The keys in use.
pub(crate) struct KeyRing {
    /// The version of the stored keys that this ring was read from.
    pub(crate) version: i64,
    /// Keys of the configured algorithm, newest first; never empty.
    signing: Vec<SigningKey>,
    /// Keys that only verify: of the algorithm that was configured before.
    former: Vec<SigningKey>,
    mac: Vec<MacKey>,
    /// Absent for keys that the application supplies: there the first one signs.
    schedule: Option<Schedule>,
}

impl KeyRing {
    /// The ring of stored keys at `now`.
    ///
    /// # Errors
    /// A sentence that names the key, if one is damaged or a kind is missing.
    pub(crate) fn stored(
        version: i64,
        stored: &[Key],
        algorithm: SigningAlgorithm,
        schedule: Schedule,
        now: DateTime<Utc>,
    ) -> Result<Self, String> {
        let mut ring = Self {
            version,
            signing: Vec::new(),
            former: Vec::new(),
            mac: macs(stored)?,
            schedule: Some(schedule),
        };
        for kind in KeyKind::SIGNING {
            let mut keys: Vec<&Key> = stored.iter().filter(|key| key.kind == kind).collect();
            keys.sort_by_key(|key| Reverse((key.created_at, key.id.clone())));
            let created: Vec<_> = keys.iter().map(|key| key.created_at).collect();
            let in_use = kind == KeyKind::of(algorithm);
            let plan = schedule.plan(&created, now, in_use);
            let verifying = keys[..plan.verifying]
                .iter()
                .map(|key| SigningKey::from_stored(key))
                .collect::<Result<_, _>>()?;
            if in_use {
                ring.signing = verifying;
            } else {
                ring.former = verifying;
            }
        }
        ring.complete()
    }

    /// The ring of keys that the application supplies; the first one signs.
    ///
    /// # Errors
    /// A sentence that names the key, as [`stored`](Self::stored).
    pub(crate) fn supplied(
        version: i64,
        stored: &[Key],
        signing: Vec<SigningKey>,
    ) -> Result<Self, String> {
        let ring = Self {
            version,
            signing,
            former: Vec::new(),
            mac: macs(stored)?,
            schedule: None,
        };
        ring.complete()
    }

    fn complete(self) -> Result<Self, String> {
        if self.signing.is_empty() || self.mac.is_empty() {
            return Err("the database holds no session keys".into());
        }
        Ok(self)
    }

    /// The key that signs new access tokens.
    pub(crate) fn signer(&self, now: DateTime<Utc>) -> &SigningKey {
        let index = self.plan(now).and_then(|plan| plan.signer);
        &self.signing[index.unwrap_or(0)]
    }

    /// The key that signed a token with this `kid`: looked up in memory only.
    pub(crate) fn signing_key(&self, kid: &str) -> Option<&SigningKey> {
        self.verifying().find(|key| &*key.kid == kid)
    }

    /// All keys whose access tokens are accepted.
    pub(crate) fn verifying(&self) -> impl Iterator<Item = &SigningKey> {
        self.signing.iter().chain(&self.former)
    }

    /// Whether they are those of the database, not the application's own.
    pub(crate) fn is_stored(&self) -> bool {
        self.schedule.is_some()
    }

    /// Whether a text begins like an access token of one of them.
    pub(crate) fn begins(&self, text: &str) -> bool {
        self.verifying().any(|key| key.begins(text))
    }

    /// Their public halves.
    pub(crate) fn published(&self) -> Vec<&Jwk> {
        self.verifying().map(|key| &key.jwk).collect()
    }

    /// How many seconds the published keys may be cached: until the next key comes, but no longer than a
    /// removed key may go on being trusted elsewhere.
    pub(crate) fn max_age(&self, now: DateTime<Utc>) -> i64 {
        self.plan(now)
            .and_then(|plan| plan.due_at)
            .map_or(UNKNOWN_MAX_AGE, |due_at| {
                (due_at - now).num_seconds().clamp(1, LONGEST_MAX_AGE)
            })
    }

    /// Whether a new key is due, or one is over.
    pub(crate) fn is_outdated(&self, now: DateTime<Utc>) -> bool {
        let Some(schedule) = self.schedule else {
            return false;
        };
        let former = |kind| -> Vec<_> {
            let keys = self.former.iter().filter(|key| key.kind == kind);
            keys.map(|key| key.created_at).collect()
        };
        let over = KeyKind::SIGNING.into_iter().any(|kind| {
            let created = former(kind);
            schedule.plan(&created, now, false).verifying < created.len()
        });
        over || self
            .plan(now)
            .is_some_and(|plan| plan.is_due(now) || plan.verifying < self.signing.len())
    }

    /// Whether a new key is due.
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.plan(now).is_some_and(|plan| plan.is_due(now))
    }

    fn plan(&self, now: DateTime<Utc>) -> Option<Plan> {
        let created: Vec<_> = self.signing.iter().map(|key| key.created_at).collect();
        Some(self.schedule?.plan(&created, now, true))
    }

    /// The key that MACs new refresh tokens.
    pub(crate) fn mac(&self) -> &MacKey {
        &self.mac[0]
    }

    /// All keys whose refresh tokens are accepted.
    pub(crate) fn macs(&self) -> &[MacKey] {
        &self.mac
    }

    /// Signs and verifies once with every key, so that a missing or broken provider shows at launch and
    /// not at the first login.
    pub(crate) fn self_test(&self) -> Result<(), String> {
        self.verifying().try_for_each(SigningKey::self_test)
    }
}

fn macs(stored: &[Key]) -> Result<Vec<MacKey>, String> {
    let keys = stored.iter().filter(|key| key.kind == KeyKind::RefreshMac);
    let mut macs: Vec<_> = keys.map(MacKey::from_stored).collect::<Result<_, _>>()?;
    macs.sort_by_key(|key| Reverse(key.id));
    Ok(macs)
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandom;

    /// `security.md` K08: over all kinds of keys, what is published is what RFC 7518 and RFC 8037 list
    /// as public, and nothing of the secret.
    #[test]
    fn nothing_private_is_published() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
        for kind in KeyKind::SIGNING {
            for _ in 0..20 {
                let key = Key::generate(kind, now, &OsRandom::default()).expect("a key");
                let signing = SigningKey::from_stored(&key).expect("a signing key");
                let published = serde_json::to_value(&signing.jwk).expect("JSON");
                let mut names: Vec<_> = published.as_object().expect("an object").keys().collect();
                names.sort();
                let expected: &[&str] = match kind {
                    KeyKind::Es256 => &["alg", "crv", "kid", "kty", "use", "x", "y"],
                    _ => &["alg", "crv", "kid", "kty", "use", "x"],
                };
                assert_eq!(names, expected);
                assert_eq!(published["kid"], key.id);
                assert_eq!(published["alg"], kind.as_str());
            }
        }
    }

    /// `security.md` K09: what signs and what verifies must be one pair, by whatever provider is installed.
    #[test]
    fn a_key_whose_signature_does_not_verify_fails_its_self_test() {
        crate::keys::install_crypto_provider();
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
        for kind in KeyKind::SIGNING {
            let key = || {
                let key = Key::generate(kind, now, &OsRandom::default()).expect("a key");
                SigningKey::from_stored(&key).expect("a signing key")
            };
            let (mut key, other) = (key(), key());
            assert_eq!(key.self_test(), Ok(()));
            key.public = other.public;
            let error = key.self_test().expect_err("halves of two keys");
            assert!(error.contains("do not belong together"), "{error}");
        }
    }
}
