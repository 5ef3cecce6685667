//! The keys in the database, sealed, and the version that tells every process of a change.

use std::sync::Arc;

use super::connection::query;
use super::{Store, StoreError};
use crate::keys::Schedule;
use crate::keys::sealing::SealedKey;

/// The keys as they are stored, and which version of them this is.
#[derive(Debug)]
pub(crate) struct StoredKeys {
    pub(crate) version: i64,
    pub(crate) keys: Vec<SealedKey>,
}

impl Store {
    /// All keys.
    pub(crate) async fn keys(&self) -> Result<StoredKeys, StoreError> {
        self.read(|conn| {
            // First the version: if a key comes in between, the keys are read once more.
            let version = query!(conn, key_version())?;
            let keys = query!(conn, keys())?;
            Ok(StoredKeys { version, keys })
        })
        .await
    }

    /// The version of the keys.
    pub(crate) async fn key_version(&self) -> Result<i64, StoreError> {
        self.read(|conn| query!(conn, key_version())).await
    }

    /// Adds a signing key if one is due; says whether it was. Of several processes exactly one adds.
    pub(crate) async fn add_due_key(
        &self,
        candidate: SealedKey,
        schedule: Schedule,
    ) -> Result<bool, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step(move |conn| query!(conn, add_due_key(&candidate, schedule, clock.now())))
            .await
    }

    /// Deletes a signing key, and adds `candidate` if one is due then; says whether it was there.
    pub(crate) async fn remove_key(
        &self,
        kid: String,
        candidate: SealedKey,
        schedule: Schedule,
    ) -> Result<bool, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step(move |conn| query!(conn, remove_key(&kid, &candidate, schedule, clock.now())))
            .await
    }

    /// Ends all sessions and replaces all signing keys by `candidate`; says how many there were.
    pub(crate) async fn revoke_everything(
        &self,
        candidate: SealedKey,
    ) -> Result<usize, StoreError> {
        self.writer
            .step(move |conn| query!(conn, revoke_everything(&candidate)))
            .await
    }

    /// Makes every process read the keys again.
    pub(crate) async fn announce_keys(&self) -> Result<(), StoreError> {
        self.writer.step(|conn| query!(conn, announce_keys())).await
    }

    /// Deletes signing keys that are over.
    pub(crate) async fn delete_keys(&self, ids: Vec<String>) -> Result<(), StoreError> {
        self.writer
            .step(move |conn| query!(conn, delete_signing_keys(&ids)).map(drop))
            .await
    }

    /// Adds keys of kinds that have none yet.
    pub(crate) async fn add_missing_keys(
        &self,
        candidates: Vec<SealedKey>,
    ) -> Result<(), StoreError> {
        self.writer
            .step(move |conn| query!(conn, add_missing_keys(&candidates)))
            .await
    }

    /// Overwrites keys that were sealed anew.
    pub(crate) async fn replace_keys(&self, keys: Vec<SealedKey>) -> Result<(), StoreError> {
        self.writer
            .step(move |conn| query!(conn, replace_keys(&keys)))
            .await
    }
}
