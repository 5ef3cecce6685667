//! The life of the signing keys: read, made when due, removed when they must go.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::key_source::KeySource;
use super::{Inner, Sessions};
use crate::error::Error;
use crate::event::Event;
use crate::keys::sealing::{MasterKeys, SealedKey};
use crate::keys::{Key, KeyKind, KeyRing};
use crate::random::Random;
use crate::store::{Store, StoreError};

/// A token that names an unknown key makes us look for it at most this often.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The longest pause between two looks at whether a key is due.
const LONGEST_TURN: Duration = Duration::from_secs(5);

/// A signing key whose tokens are accepted, for an operator to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningKeyInfo {
    /// Its name in tokens and in the published keys.
    pub kid: String,
    /// `"ES256"` or `"EdDSA"`.
    pub algorithm: &'static str,
    /// When it was made; `None` for a key of the application's own.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether it signs new tokens now.
    pub signs: bool,
}

/// What keeps the keys: those in use, where they come from, and under what they are sealed.
#[derive(Debug)]
pub(super) struct KeyKeeper {
    /// Replaced whole when the keys change.
    ring: RwLock<Arc<KeyRing>>,
    pub(super) source: KeySource,
    pub(super) master_keys: MasterKeys,
    reloading: tokio::sync::Mutex<()>,
    /// When a token last named an unknown key (monotonic); held by whoever looks for it.
    looked_for_unknown: tokio::sync::Mutex<Option<Duration>>,
}

impl KeyKeeper {
    /// Makes the keys that the database lacks, reads them all and tries them.
    ///
    /// # Errors
    /// A sentence that names the key that is no good.
    pub(super) async fn open(
        source: KeySource,
        master_keys: MasterKeys,
        store: &Store,
        now: DateTime<Utc>,
        random: &dyn Random,
    ) -> Result<Self, String> {
        source
            .make_missing(store, &master_keys, now, random)
            .await?;
        let ring = source.read(store, &master_keys, now).await?;
        ring.self_test()?;
        Ok(Self {
            ring: RwLock::new(Arc::new(ring)),
            source,
            master_keys,
            reloading: tokio::sync::Mutex::default(),
            looked_for_unknown: tokio::sync::Mutex::default(),
        })
    }
}

impl Sessions {
    /// The keys in use now.
    pub(crate) fn keys(&self) -> Arc<KeyRing> {
        let keys = self.inner.keys.ring.read();
        Arc::clone(&keys.unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys again; those before stay in use if that fails.
    pub(super) async fn reload_keys(&self) -> Result<(), StoreError> {
        let Inner { keys, store, .. } = &*self.inner;
        // One after the other, so that no earlier state replaces a later one.
        let _turn = keys.reloading.lock().await;
        let read = keys.source.read(store, &keys.master_keys, self.now());
        let read = read.await.map_err(StoreError::Keys);
        let ring = Arc::new(read.inspect_err(|cause| cause.tell(&self.inner.events))?);
        let mut keys = keys.ring.write().unwrap_or_else(PoisonError::into_inner);
        *keys = ring;
        Ok(())
    }

    /// Reads the keys again if they changed.
    pub(super) async fn follow_keys(&self, version: i64) -> Result<(), StoreError> {
        if version == self.keys().version {
            return Ok(());
        }
        self.reload_keys().await
    }

    /// Looks for a key that a token named, unless somebody just did.
    pub(crate) async fn look_for_unknown_key(&self) {
        let mut looked = self.inner.keys.looked_for_unknown.lock().await;
        let now = self.inner.clock.monotonic();
        if looked.is_some_and(|looked| now.saturating_sub(looked) < LOOK_AGAIN) {
            return;
        }
        *looked = Some(now);
        tracing::debug!(
            event = "unknown_key",
            "a token names a key that is not known here"
        );
        // That it failed is logged; the keys before stay in use.
        let _read = self.reload_keys().await;
    }

    /// How long to pause between two calls of [`rotate_keys`](Self::rotate_keys).
    pub(crate) fn key_turn(&self) -> Duration {
        let overlap = self.config().signing_key_overlap;
        match self.inner.keys.source.supplier {
            Some(_) => overlap,
            None => (overlap / 4)
                .min(LONGEST_TURN)
                .max(Duration::from_millis(100)),
        }
    }

    /// Makes a signing key if one is due and drops those that are over; keys of the application's
    /// own are asked for again.
    pub(crate) async fn rotate_keys(&self) -> Result<(), StoreError> {
        let inner = &self.inner;
        if inner.keys.source.supplier.is_some() {
            return self.reload_keys().await;
        }
        if !self.keys().is_outdated(self.now()) {
            return Ok(());
        }
        // Another process may have made it meanwhile.
        self.reload_keys().await?;
        if self.keys().is_due(self.now()) {
            let candidate = self
                .candidate()
                .map_err(|error| StoreError::Keys(error.to_string()))?;
            let kid = candidate.id.clone();
            let schedule = inner.keys.source.schedule;
            if inner.store.add_due_key(candidate, schedule).await? {
                self.emit(&Event::KeyRotated { kid });
            }
            self.reload_keys().await?;
        }
        Ok(())
    }

    /// A signing key that counts once it is stored.
    pub(super) fn candidate(&self) -> Result<SealedKey, Error> {
        let inner = &self.inner;
        let kind = KeyKind::of(inner.keys.source.algorithm);
        let key = Key::generate(kind, self.now(), &*inner.random)?;
        inner.keys.master_keys.seal(&key, &*inner.random)
    }

    /// Deletes the signing keys that were over `before`.
    pub(super) async fn delete_old_keys(&self, before: DateTime<Utc>) -> Result<(), StoreError> {
        let source = &self.inner.keys.source;
        if source.supplier.is_some() {
            return Ok(());
        }
        let stored = self.inner.store.keys().await?.keys;
        let mut over = Vec::new();
        for kind in KeyKind::SIGNING {
            let mut keys: Vec<_> = stored.iter().filter(|key| key.kind == kind).collect();
            keys.sort_by_key(|key| std::cmp::Reverse(key.created_at));
            let created: Vec<_> = keys.iter().map(|key| key.created_at).collect();
            let in_use = kind == KeyKind::of(source.algorithm);
            let plan = source.schedule.plan(&created, before, in_use);
            over.extend(keys[plan.verifying..].iter().map(|key| key.id.clone()));
        }
        if !over.is_empty() {
            tracing::info!(event = "key_deleted", kids = ?over, "deleted signing keys that are long over");
            self.inner.store.delete_keys(over).await?;
        }
        Ok(())
    }

    /// The signing keys whose tokens this process accepts.
    pub fn signing_keys(&self) -> Vec<SigningKeyInfo> {
        let keys = self.keys();
        let signer = &keys.signer(self.now()).kid;
        let supplied = self.inner.keys.source.supplier.is_some();
        keys.verifying()
            .map(|key| SigningKeyInfo {
                kid: key.kid.to_string(),
                algorithm: key.kind.as_str(),
                created_at: (!supplied).then_some(key.created_at),
                signs: key.kid == *signer,
            })
            .collect()
    }

    /// Removes a signing key that somebody may have stolen; says whether it was there.
    ///
    /// Its tokens are refused here at once and in every other process within `revocation_bound`;
    /// clients refresh and get tokens of another key, which is made in the same transaction if none
    /// is left to sign. Verifiers elsewhere trust the old key until their copy of the published keys
    /// is over. For keys of the application's own: remove it there first, then call this to have
    /// all processes ask again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; nothing is changed then.
    /// [`Error::General`] if the application still supplies the key.
    pub async fn remove_signing_key(&self, kid: &str) -> Result<bool, Error> {
        let inner = &self.inner;
        let was_there = if inner.keys.source.supplier.is_some() {
            let knew = self.keys().signing_key(kid).is_some();
            inner.store.announce_keys().await?;
            knew
        } else {
            let (kid, schedule) = (kid.to_owned(), inner.keys.source.schedule);
            let candidate = self.candidate()?;
            inner.store.remove_key(kid, candidate, schedule).await?
        };
        self.reload_keys().await?;
        if self.keys().signing_key(kid).is_some() {
            return Err(Error::General(format!(
                "the application still supplies the signing key `{kid}`: remove it there first"
            )));
        }
        if was_there {
            let kid = kid.to_owned();
            self.emit(&Event::KeyRemoved { kid });
        }
        Ok(was_there)
    }
}

#[cfg(feature = "testing")]
impl Sessions {
    /// Renews the signing keys now instead of at their next turn, so that a test need not wait.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    pub async fn rotate_keys_now(&self) -> Result<(), Error> {
        Ok(self.rotate_keys().await?)
    }
}
