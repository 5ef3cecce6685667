//! Opening: what must hold before the first request is served.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Inner, Sessions};
use crate::cache::VerifiedTokens;
use crate::clock::Clock;
use crate::config::SessionConfig;
use crate::error::Error;
use crate::keys::{self, KeyKind, KeyRing, StoredKey};
use crate::random::Random;
use crate::revocation::Revocations;
use crate::rotation::Policy;
use crate::store::Store;
use crate::token::access::Terms;

/// What the surroundings decide: where the tokens are for and where time and randomness come from.
pub(crate) struct Surroundings {
    pub(crate) issuer: String,
    pub(crate) access_cookie_name: &'static str,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

impl Sessions {
    /// Opens the store, loads or makes the keys, reads the revocations; ready to serve when it returns.
    ///
    /// # Errors
    /// A sentence for the log that says what to change.
    pub(crate) async fn open(
        config: SessionConfig,
        database: String,
        around: Surroundings,
    ) -> Result<Self, String> {
        config.check()?;
        let delta = |duration| TimeDelta::from_std(duration).map_err(|error| error.to_string());
        let (timeout, queue, clock) = (
            config.database_timeout,
            config.write_queue,
            Arc::clone(&around.clock),
        );
        let store =
            tokio::task::spawn_blocking(move || Store::open(&database, timeout, queue, clock))
                .await
                .map_err(|error| error.to_string())?
                .map_err(|error| error.to_string())?;

        keys::install_crypto_provider();
        let keys = load_keys(&store, around.clock.now(), &*around.random).await?;
        keys.self_test()?;

        let inner = Inner {
            terms: Terms {
                issuer: around.issuer,
                max_validity: delta(config.access_token_validity)?,
            },
            access_validity: delta(config.access_token_validity)?,
            refresh_validity: delta(config.refresh_token_validity)?,
            policy: Policy {
                min_age: delta(config.rotation_min_age)?,
                max_children: config.rotation_max_children,
            },
            access_cookie_name: around.access_cookie_name,
            verified: VerifiedTokens::new(config.verified_token_cache),
            revocations: Revocations::default(),
            clock: around.clock,
            random: around.random,
            config,
            store,
            keys,
        };
        let sessions = Self {
            inner: Arc::new(inner),
        };
        sessions
            .read_revocations()
            .await
            .map_err(|error| error.to_string())?;
        Ok(sessions)
    }
}

/// Loads the keys; on a first start, makes those that are missing and reads back whichever start won.
async fn load_keys(
    store: &Store,
    now: DateTime<Utc>,
    random: &dyn Random,
) -> Result<KeyRing, String> {
    let mut stored = store.keys().await.map_err(|error| error.to_string())?;
    let missing: Vec<KeyKind> = KeyKind::ALL
        .into_iter()
        .filter(|kind| !stored.iter().any(|key| key.kind == *kind))
        .collect();
    if !missing.is_empty() {
        let candidates: Result<Vec<_>, Error> = missing
            .into_iter()
            .map(|kind| StoredKey::generate(kind, now, random))
            .collect();
        store
            .add_missing_keys(candidates.map_err(|error| error.to_string())?)
            .await
            .map_err(|error| error.to_string())?;
        stored = store.keys().await.map_err(|error| error.to_string())?;
    }
    KeyRing::new(&stored)
}
