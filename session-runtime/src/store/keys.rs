//! The keys in the database, sealed, and the version that tells every process of a change.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Store, StoreError};
use crate::keys::Schedule;
use crate::keys::sealing::SealedKey;

/// The keys as they are stored, and which version of them this is.
#[derive(Debug)]
pub(crate) struct StoredKeys {
    pub(crate) version: i64,
    pub(crate) keys: Vec<SealedKey>,
    /// The longest life of an access token that a process has announced.
    pub(crate) longest_token: TimeDelta,
}

impl Store {
    /// All keys.
    pub(crate) async fn keys(&self) -> Result<StoredKeys, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.read(move |link| {
            // First the version: if a key comes in between, the keys are read once more.
            let version = link.key_version()?;
            let keys = link.keys()?;
            let longest_token = link.longest_validity(clock.now())?.unwrap_or_default();
            Ok(StoredKeys {
                version,
                keys,
                longest_token,
            })
        })
        .await
    }

    /// The version of the keys.
    pub(crate) async fn key_version(&self) -> Result<i64, StoreError> {
        self.read(|link| link.key_version()).await
    }

    /// Adds a signing key if one is due; says whether it was. Of several processes exactly one
    /// adds.
    pub(crate) async fn add_due_key(
        &self,
        candidate: SealedKey,
        schedule: Schedule,
    ) -> Result<bool, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step(move |link| link.add_due_key(&candidate, schedule, clock.now()))
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
            .step(move |link| link.remove_key(&kid, &candidate, schedule, clock.now()))
            .await
    }

    /// Ends all sessions and replaces all keys by `candidates`; says how many sessions there were.
    pub(crate) async fn revoke_everything(
        &self,
        candidates: Vec<SealedKey>,
    ) -> Result<usize, StoreError> {
        self.writer
            .step(move |link| link.revoke_everything(&candidates))
            .await
    }

    /// Replaces the key that makes refresh tokens.
    pub(crate) async fn replace_refresh_key(&self, candidate: SealedKey) -> Result<(), StoreError> {
        self.writer
            .step(move |link| link.replace_refresh_key(&candidate))
            .await
    }

    /// Makes every process read the keys again.
    pub(crate) async fn announce_keys(&self) -> Result<(), StoreError> {
        self.writer.step(|link| link.announce_keys()).await
    }

    /// Deletes expired signing keys.
    pub(crate) async fn delete_keys(&self, ids: Vec<String>) -> Result<(), StoreError> {
        self.writer
            .step(move |link| link.delete_signing_keys(&ids).map(drop))
            .await
    }

    /// Adds keys of kinds that have none yet.
    pub(crate) async fn add_missing_keys(
        &self,
        candidates: Vec<SealedKey>,
    ) -> Result<(), StoreError> {
        self.writer
            .step(move |link| link.add_missing_keys(&candidates))
            .await
    }

    /// Overwrites keys that were sealed anew.
    pub(crate) async fn replace_keys(&self, keys: Vec<SealedKey>) -> Result<(), StoreError> {
        self.writer.step(move |link| link.replace_keys(&keys)).await
    }
}
