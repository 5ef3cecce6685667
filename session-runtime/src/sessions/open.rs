//! Opening: what must hold before the first request is served.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::conflicts::Conflicts;
use super::keeper::KeyKeeper;
use super::key_source::KeySource;
use super::silence::Silence;
use super::{AccessTokens, Follower, Inner, Sessions};
use crate::cache::VerifiedTokens;
use crate::clock::{Clock, DatabaseClock};
use crate::config::SessionConfig;
use crate::error::{Error, see};
use crate::event::Events;
use crate::keys::master_key;
use crate::keys::sealing::MasterKeys;
use crate::keys::{Schedule, Supplier, install_crypto_provider};
use crate::payload::types::PayloadTypes;
use crate::random::Random;
use crate::revocation::Revocations;
use crate::rules::lifetimes::Lifetimes;
use crate::store::{Options, Store};
use crate::token::access::Terms;

/// What the surroundings decide: where the tokens are for and where time and randomness come from.
pub(crate) struct Surroundings {
    pub(crate) lifetimes: Lifetimes,
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
        let lifetimes = around.lifetimes;
        let clock = Arc::new(DatabaseClock::new(Arc::clone(&around.clock)));
        let events = around.events.by(around.clock);
        install_crypto_provider();

        let beside = master_key_file(&database, around.development);
        let store = open_store(database, &config, &clock, &events).await?;
        let master_keys = load_master_keys(&config, beside, &store, &*around.random).await?;
        let page = match &around.supplier {
            Some(_) => "SessionFairing::signing_keys",
            None => "databases",
        };
        let source = key_source(&config, &lifetimes, around.supplier);
        let keys = KeyKeeper::open(source, master_keys, &store, clock.now(), &*around.random);

        let inner = Inner {
            keys: keys.await.map_err(see(page))?,
            tokens: AccessTokens {
                terms: Terms {
                    issuer: around.issuer,
                    audience: config.audience.clone(),
                    max_validity: lifetimes.access_token,
                },
                told_of_large_head: AtomicBool::new(false),
                access_cookie_name: around.access_cookie_name,
                verified: VerifiedTokens::new(config.verified_token_cache),
            },
            payload_types: PayloadTypes::default(),
            silence: Silence::default(),
            conflicts: Conflicts::default(),
            feed: Follower {
                revocations: Revocations::new(lifetimes.access_token),
                steadiness: Mutex::default(),
                announced_at: Mutex::default(),
            },
            config,
            lifetimes,
            store,
            clock,
            random: around.random,
            events,
        };
        let sessions = Self {
            inner: Arc::new(inner),
        };
        let others = sessions.warn_of_others().await;
        others.map_err(|error| error.to_string())?;
        let read = sessions.read_revocations().await;
        read.map_err(|error| error.to_string())?;
        Ok(sessions)
    }
}

/// Where a master key may be made and kept, if at all.
fn master_key_file(database: &str, development: bool) -> Option<PathBuf> {
    development
        .then(|| Store::master_key_file(database))
        .flatten()
}

/// Connects and migrates, on a thread that may wait; warns of what weakens durability.
async fn open_store(
    database: String,
    config: &SessionConfig,
    clock: &Arc<DatabaseClock>,
    events: &Events,
) -> Result<Store, String> {
    let options = Options {
        timeout: config.database_timeout,
        queue: config.write_queue,
        writers: config.write_connections,
        readers: config.read_connections,
    };
    let (clock, events) = (Arc::clone(clock), events.clone());
    let opening = move || Store::open(&database, options, clock, events);
    let (store, weaknesses) = tokio::task::spawn_blocking(opening)
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| see("databases")(error.to_string()))?;
    for weakness in weaknesses {
        tracing::warn!(event = "weak_durability", "{weakness}");
    }
    Ok(store)
}

async fn load_master_keys(
    config: &SessionConfig,
    beside: Option<PathBuf>,
    store: &Store,
    random: &dyn Random,
) -> Result<MasterKeys, String> {
    let stored = store.keys().await.map_err(|error| error.to_string())?;
    master_key::load(config, beside.as_deref(), !stored.keys.is_empty(), random)
        .map_err(see("databases"))
}

/// Where signing keys come from, and by which schedule they change.
fn key_source(
    config: &SessionConfig,
    lifetimes: &Lifetimes,
    supplier: Option<Supplier>,
) -> KeySource {
    KeySource {
        algorithm: config.signing_algorithm,
        schedule: Schedule {
            interval: lifetimes.key_interval,
            overlap: lifetimes.key_overlap,
            longest_token: lifetimes.access_token,
        },
        supplier,
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
            keys: KeyKeeper { master_keys, .. },
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
        let (_, keys) = super::key_source::open(&self.inner.store, &self.inner.keys.master_keys)
            .await
            .map_err(Error::General)?;
        Ok(keys
            .into_iter()
            .map(|key| (key.kind.as_str(), key.secret.to_vec()))
            .collect())
    }
}
