//! Where keys come from: made and stored by us, or supplied by the application.

use chrono::{DateTime, Utc};

use crate::config::SigningAlgorithm;
use crate::keys::sealing::MasterKeys;
use crate::keys::{Key, KeyKind, KeyRing, Schedule, Supplier};
use crate::random::Random;
use crate::store::Store;

/// Where signing keys come from and how they change.
#[derive(Debug)]
pub(super) struct KeySource {
    pub(super) algorithm: SigningAlgorithm,
    pub(super) schedule: Schedule,
    pub(super) supplier: Option<Supplier>,
}

impl KeySource {
    /// Makes the keys that the database lacks. Every key is opened before anything is written, so a
    /// wrong master key changes nothing.
    pub(super) async fn make_missing(
        &self,
        store: &Store,
        master_keys: &MasterKeys,
        now: DateTime<Utc>,
        random: &dyn Random,
    ) -> Result<(), String> {
        let (_, keys) = open(store, master_keys).await?;
        let seal = |kind| -> Result<_, String> {
            let key = Key::generate(kind, now, random).map_err(|error| error.to_string())?;
            master_keys
                .seal(&key, random)
                .map_err(|error| error.to_string())
        };
        if !keys.iter().any(|key| key.kind == KeyKind::RefreshMac) {
            let candidate = seal(KeyKind::RefreshMac)?;
            let added = store.add_missing_keys(vec![candidate]).await;
            added.map_err(|error| error.to_string())?;
        }
        let kind = KeyKind::of(self.algorithm);
        let mine = keys.iter().filter(|key| key.kind == kind);
        let newest = mine.map(|key| key.created_at).max();
        let plan = self.schedule.plan(newest.as_slice(), now, true);
        if self.supplier.is_none() && plan.is_due(now) {
            let added = store.add_due_key(seal(kind)?, self.schedule).await;
            added.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Reads the keys into a ring.
    ///
    /// # Errors
    /// A sentence that names the key that is no good.
    pub(super) async fn read(
        &self,
        store: &Store,
        master_keys: &MasterKeys,
        now: DateTime<Utc>,
    ) -> Result<KeyRing, String> {
        let (version, keys) = open(store, master_keys).await?;
        match &self.supplier {
            Some(supplier) => KeyRing::supplied(version, &keys, supplier.ask().await?),
            None => KeyRing::stored(version, &keys, self.algorithm, self.schedule, now),
        }
    }
}

/// All stored keys, open, and their version.
pub(super) async fn open(
    store: &Store,
    master_keys: &MasterKeys,
) -> Result<(i64, Vec<Key>), String> {
    let stored = store.keys().await.map_err(|error| error.to_string())?;
    let keys: Result<_, _> = stored
        .keys
        .iter()
        .map(|key| master_keys.open(key))
        .collect();
    Ok((stored.version, keys?))
}
