//! The keys in use, as one value that is replaced as a whole when they change.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};

use super::schedule::{Plan, Schedule};
use super::signing::Jwk;
use super::{Key, KeyKind, MacKey, SigningKey};
use crate::config::SigningAlgorithm;

/// The `max-age` of the published keys if it is unknown when the next key comes, and the longest
/// time that other services may trust a removed key, in seconds.
const LONGEST_MAX_AGE: i64 = 600;

const UNKNOWN_MAX_AGE: i64 = 60;

/// The keys in use.
pub(crate) struct KeyRing {
    /// The version of the stored keys that this ring was read from.
    pub(crate) version: i64,
    /// Keys of the configured algorithm, newest first; never empty.
    signing: Vec<SigningKey>,
    /// Keys that only verify, because another algorithm was configured since.
    former: Vec<SigningKey>,
    mac: Vec<MacKey>,
    /// When the latest stored key of the configured algorithm was created, by the clock of the
    /// process that created it.
    latest: Option<DateTime<Utc>>,
    /// The longest life of an access token, in whichever process it was issued.
    longest_token: TimeDelta,
    /// `None` for keys that the application supplies, of which the first one signs.
    schedule: Option<Schedule>,
}

impl KeyRing {
    /// The ring of stored keys at `now`.
    ///
    /// # Errors
    /// A sentence that names the key, if one is damaged, or the kind, if one is missing.
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
            latest: None,
            longest_token: schedule.longest_token,
            schedule: Some(schedule),
        };
        for kind in KeyKind::SIGNING {
            let mut keys: Vec<&Key> = stored.iter().filter(|key| key.kind == kind).collect();
            keys.sort_by_key(|key| Reverse((key.created_at, key.id.clone())));
            let created: Vec<_> = keys.iter().map(|key| key.created_at).collect();
            let in_use = kind == KeyKind::of(algorithm);
            let plan = schedule.plan(&created, now, in_use);
            let verifying = plan.verifying.iter();
            let verifying = verifying
                .map(|index| SigningKey::from_stored(keys[*index]))
                .collect::<Result<_, _>>()?;
            if in_use {
                ring.signing = verifying;
                ring.latest = created.first().copied();
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
            latest: None,
            longest_token: TimeDelta::zero(),
            schedule: None,
        };
        ring.complete()
    }

    /// The same keys for access tokens that live at most so long.
    pub(crate) fn with_longest_token(self, longest_token: TimeDelta) -> Self {
        Self {
            longest_token,
            ..self
        }
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

    /// The key with this `kid`; only memory is searched.
    pub(crate) fn signing_key(&self, kid: &str) -> Option<&SigningKey> {
        self.verifying().find(|key| &*key.kid == kid)
    }

    /// The longest life of an access token that is accepted: what a process of this application may
    /// have issued, with another `access_token_validity` too.
    pub(crate) fn longest_token(&self) -> TimeDelta {
        self.longest_token
    }

    /// All keys whose access tokens are accepted.
    pub(crate) fn verifying(&self) -> impl Iterator<Item = &SigningKey> {
        self.signing.iter().chain(&self.former)
    }

    /// Whether the keys come from the database, not from the application.
    pub(crate) fn is_stored(&self) -> bool {
        self.schedule.is_some()
    }

    /// Whether a string begins like an access token of one of them.
    pub(crate) fn begins(&self, text: &str) -> bool {
        self.verifying().any(|key| key.begins(text))
    }

    /// Their public halves.
    pub(crate) fn published(&self) -> Vec<&Jwk> {
        self.verifying().map(|key| &key.jwk).collect()
    }

    /// For how many seconds the published keys may be cached: until the next key comes, but no
    /// longer than other services may trust a removed key.
    pub(crate) fn max_age(&self, now: DateTime<Utc>) -> i64 {
        self.plan(now)
            .and_then(|plan| plan.due_at)
            .map_or(UNKNOWN_MAX_AGE, |due_at| {
                (due_at - now).num_seconds().clamp(1, LONGEST_MAX_AGE)
            })
    }

    /// Whether a new key is due, or one has ended.
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
            schedule.plan(&created, now, false).verifying.len() < created.len()
        });
        over || self
            .plan(now)
            .is_some_and(|plan| plan.is_due(now) || plan.verifying.len() < self.signing.len())
    }

    /// Whether a new key is due.
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.plan(now).is_some_and(|plan| plan.is_due(now))
    }

    /// By how much a stored key is ahead of `now`, if it was created by a clock that was ahead.
    pub(crate) fn ahead(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        Schedule::ahead(self.latest?, now)
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

    /// Signs and verifies once with every key, so that a missing or broken provider is noticed at
    /// launch and not at the first login.
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

    /// For all kinds of keys, exactly what RFC 7518 and RFC 8037 list as public is published.
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

    /// What signs and what verifies must be one pair, by whatever provider is installed.
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
