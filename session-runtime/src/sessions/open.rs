//! Opening: what must hold before the first request is served.

use std::sync::{Arc, Mutex, RwLock};

use chrono::TimeDelta;

use super::keeper::KeySource;
use super::{Inner, Sessions};
use crate::cache::VerifiedTokens;
use crate::clock::{Clock, DatabaseClock};
use crate::config::SessionConfig;
use crate::error::Error;
use crate::event::Events;
use crate::keys::master_key;
use crate::keys::{Schedule, Supplier, install_crypto_provider};
use crate::random::Random;
use crate::revocation::Revocations;
use crate::rules::rotation::Policy;
use crate::store::Store;
use crate::token::access::Terms;

/// What the surroundings decide: where the tokens are for and where time and randomness come from.
pub(crate) struct Surroundings {
    pub(crate) issuer: String,
    pub(crate) access_cookie_name: String,
    /// Whether a missing master key may be made and kept beside the database.
    pub(crate) development: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) events: Events,
    /// Where the signing keys come from, if not from the database.
    pub(crate) supplier: Option<Supplier>,
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
        let beside = around
            .development
            .then(|| Store::master_key_file(&database))
            .flatten();
        let delta = |duration| TimeDelta::from_std(duration).map_err(|error| error.to_string());
        let (timeout, queue) = (config.database_timeout, config.write_queue);
        let clock = Arc::new(DatabaseClock::new(around.clock));
        let opening = {
            let clock = Arc::clone(&clock);
            move || Store::open(&database, timeout, queue, clock)
        };
        let (store, weaknesses) = tokio::task::spawn_blocking(opening)
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;

        for weakness in weaknesses {
            tracing::warn!(event = "weak_durability", "{weakness}");
        }
        install_crypto_provider();
        let stored = store.keys().await.map_err(|error| error.to_string())?;
        let has_keys = !stored.keys.is_empty();
        let master_keys = master_key::load(&config, beside.as_deref(), has_keys, &*around.random)?;
        let key_source = KeySource {
            algorithm: config.signing_algorithm,
            schedule: Schedule {
                interval: delta(config.signing_key_interval)?,
                overlap: delta(config.signing_key_overlap)?,
                longest_token: delta(config.access_token_validity)?,
            },
            supplier: around.supplier,
        };
        let now = clock.now();
        key_source
            .make_missing(&store, &master_keys, now, &*around.random)
            .await?;
        let keys = key_source.read(&store, &master_keys, now).await?;
        keys.self_test()?;

        let inner = Inner {
            terms: Terms {
                issuer: around.issuer,
                audience: config.audience.clone(),
                max_validity: delta(config.access_token_validity)?,
            },
            access_validity: delta(config.access_token_validity)?,
            refresh_validity: delta(config.refresh_token_validity)?,
            absolute_lifetime: config.absolute_lifetime.map(delta).transpose()?,
            policy: Policy {
                min_age: delta(config.rotation_min_age)?,
                max_children: config.rotation_max_children,
            },
            access_cookie_name: around.access_cookie_name,
            verified: VerifiedTokens::new(config.verified_token_cache),
            revocations: Revocations::default(),
            last_cleanup: Mutex::default(),
            events: around.events,
            clock,
            random: around.random,
            config,
            store,
            keys: RwLock::new(Arc::new(keys)),
            key_source,
            reloading_keys: tokio::sync::Mutex::default(),
            unknown_key: tokio::sync::Mutex::default(),
            master_keys,
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

impl Sessions {
    /// Seals all keys under `master_key` that are still sealed under one of `accepted_master_keys`;
    /// returns how many.
    ///
    /// To change the master key: add the new one to `accepted_master_keys` everywhere, then make it
    /// `master_key` and the old one accepted, then call this once and drop the old one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer, [`Error::General`] if a key cannot be
    /// opened; nothing is changed then.
    pub async fn reseal_keys(&self) -> Result<usize, Error> {
        let Inner {
            store,
            master_keys,
            random,
            ..
        } = &*self.inner;
        let mut anew = Vec::new();
        for sealed in store
            .keys()
            .await?
            .keys
            .iter()
            .filter(|key| !master_keys.is_current(key))
        {
            let key = master_keys.open(sealed).map_err(Error::General)?;
            anew.push(master_keys.seal(&key, &**random)?);
        }
        let resealed = anew.len();
        if resealed > 0 {
            store.replace_keys(anew).await?;
        }
        Ok(resealed)
    }

    /// The keys of this server, open, as (kind, secret): for tests that forge tokens or search for leaks.
    ///
    /// # Errors
    /// Those of [`reseal_keys`](Self::reseal_keys).
    #[cfg(feature = "testing")]
    pub async fn reveal_keys(&self) -> Result<Vec<(&'static str, Vec<u8>)>, Error> {
        let (_, keys) = super::keeper::open(&self.inner.store, &self.inner.master_keys)
            .await
            .map_err(Error::General)?;
        Ok(keys
            .into_iter()
            .map(|key| (key.kind.as_str(), key.secret.to_vec()))
            .collect())
    }
}
