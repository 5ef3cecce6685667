//! Where keys come from: created and stored by the library, or supplied by the application.

use chrono::{DateTime, TimeDelta, Utc};

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
    /// Creates the keys that the database lacks. Every key is opened before anything is written, so
    /// a wrong master key changes nothing.
    pub(super) async fn make_missing(
        &self,
        store: &Store,
        master_keys: &MasterKeys,
        now: DateTime<Utc>,
        random: &dyn Random,
    ) -> Result<(), String> {
        let Opened { keys, .. } = open(store, master_keys).await?;
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
        let created: Vec<_> = mine.map(|key| key.created_at).collect();
        let plan = self.schedule.plan(&created, now, true);
        if self.supplier.is_none() && plan.is_due(now) {
            let added = store.add_due_key(seal(kind)?, self.schedule).await;
            added.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Reads the keys into a ring.
    ///
    /// # Errors
    /// A sentence that names the key that cannot be used.
    pub(super) async fn read(
        &self,
        store: &Store,
        master_keys: &MasterKeys,
        now: DateTime<Utc>,
    ) -> Result<KeyRing, String> {
        let Opened {
            version,
            keys,
            longest_token,
        } = open(store, master_keys).await?;
        // Tokens of other processes, and of this one before a restart, are as good as its own.
        let schedule = Schedule {
            longest_token: self.schedule.longest_token.max(longest_token),
            ..self.schedule
        };
        match &self.supplier {
            Some(supplier) => {
                let ring = KeyRing::supplied(version, &keys, supplier.ask().await?)?;
                Ok(ring.with_longest_token(schedule.longest_token))
            }
            None => KeyRing::stored(version, &keys, self.algorithm, schedule, now),
        }
    }
}

/// All stored keys, open.
pub(super) struct Opened {
    pub(super) version: i64,
    pub(super) keys: Vec<Key>,
    /// The longest life of an access token that a process has announced.
    pub(super) longest_token: TimeDelta,
}

/// Reads and opens all stored keys.
pub(super) async fn open(store: &Store, master_keys: &MasterKeys) -> Result<Opened, String> {
    let stored = store.keys().await.map_err(|error| error.to_string())?;
    let keys: Result<_, _> = stored
        .keys
        .iter()
        .map(|key| master_keys.open(key))
        .collect();
    Ok(Opened {
        version: stored.version,
        keys: keys?,
        longest_token: stored.longest_token,
    })
}
