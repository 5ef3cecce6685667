//! The keys of this process, replaced as a whole when they change.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::key_source::KeySource;
use crate::keys::KeyRing;
use crate::keys::sealing::MasterKeys;
use crate::random::Random;
use crate::store::Store;

/// How often, at most, an unknown key in a token makes this process look for it.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The keys of this process: those in use, where they come from, and the master keys that seal
/// them.
#[derive(Debug)]
pub(super) struct KeptKeys {
    /// Replaced as a whole when the keys change.
    ring: RwLock<Arc<KeyRing>>,
    pub(super) source: KeySource,
    pub(super) master_keys: MasterKeys,
    reloading: tokio::sync::Mutex<()>,
    /// When a token last named an unknown key (monotonic); locked while it is looked for.
    looked_for_unknown: tokio::sync::Mutex<Option<Duration>>,
}

impl KeptKeys {
    /// Creates the keys that the database lacks, reads all keys and tests them.
    ///
    /// # Errors
    /// A sentence that names the key that cannot be used.
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

    /// The keys in use now.
    pub(super) fn ring(&self) -> Arc<KeyRing> {
        let ring = self.ring.read();
        Arc::clone(&ring.unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys again; the previous ones stay in use if that fails.
    ///
    /// # Errors
    /// A sentence that names the key that cannot be used.
    pub(super) async fn reload(&self, store: &Store, now: DateTime<Utc>) -> Result<(), String> {
        // One after the other, so that no older state replaces a newer one.
        let _turn = self.reloading.lock().await;
        let read = self.source.read(store, &self.master_keys, now).await?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
        Ok(())
    }

    /// The turn to look for a key that a token named, unless that was just done; others wait until
    /// it is dropped. `now` is monotonic.
    pub(super) async fn turn_to_look(&self, now: Duration) -> Option<impl Drop> {
        let mut looked = self.looked_for_unknown.lock().await;
        if looked.is_some_and(|looked| now.saturating_sub(looked) < LOOK_AGAIN) {
            return None;
        }
        *looked = Some(now);
        Some(looked)
    }
}
