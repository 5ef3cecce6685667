//! Opening: what must be ready before the first request is served.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::conflicts::Conflicts;
use super::kept_keys::KeptKeys;
use super::key_source::KeySource;
use super::open_streams::OpenStreams;
use super::silent_requests::SilentRequests;
use super::task_failures::TaskFailures;
use super::verified_tokens::VerifiedTokens;
use super::{AccessTokens, Follower, Inner, Reports, Sessions, Settings, Stores};
use crate::clock::{Clock, DatabaseClock, in_words};
use crate::config::{DatabaseUrl, SessionConfig};
use crate::error::Error;
use crate::event::{CHAPTER, Event, EventSink};
use crate::keys::master_key;
use crate::keys::sealing::MasterKeys;
use crate::keys::{Schedule, Supplier, install_crypto_provider};
use crate::launch_error::{LaunchError, see};
use crate::payload::types::PayloadTypes;
use crate::random::Random;
use crate::revocation::Revocations;
use crate::rules::lifetimes::Lifetimes;
use crate::store::{Options, Store};
use crate::token::access::Terms;

/// What the caller provides: the origin for the tokens, and the sources of time and randomness.
pub(crate) struct Surroundings {
    pub(crate) lifetimes: Lifetimes,
    pub(crate) issuer: String,
    pub(crate) access_cookie_name: String,
    /// Whether a missing master key may be created and stored beside the database.
    pub(crate) development: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) events: EventSink,
    /// Where the signing keys come from, if not from the database.
    pub(crate) supplier: Option<Supplier>,
}

impl Sessions {
    /// Opens the store, loads or creates the keys, and reads the revocations; requests can be
    /// served afterwards.
    ///
    /// # Errors
    /// What to change.
    pub(crate) async fn open(
        config: SessionConfig,
        database: DatabaseUrl,
        around: Surroundings,
    ) -> Result<Self, LaunchError> {
        let lifetimes = around.lifetimes;
        let clock = Arc::new(DatabaseClock::new(Arc::clone(&around.clock)));
        let events = around.events.by(around.clock);
        install_crypto_provider();

        let beside = master_key_file(database.as_str(), around.development);
        let store = open_store(database, &config, &clock, &events, &*around.random).await?;
        let background = store.quiet();
        let master_keys = load_master_keys(&config, beside, &background, &*around.random).await?;
        let page = match &around.supplier {
            Some(_) => "SessionFairing::signing_keys",
            None => "guide::databases",
        };
        let source = key_source(&config, &lifetimes, around.supplier);
        let keys = KeptKeys::open(
            source,
            master_keys,
            &background,
            clock.now(),
            &*around.random,
        );

        let inner = Inner {
            keys: keys.await.map_err(see(page))?,
            tokens: AccessTokens {
                terms: Terms {
                    issuer: around.issuer,
                    audience: config.audience.clone(),
                },
                access_cookie_name: around.access_cookie_name,
                random: around.random,
                verified: VerifiedTokens::new(config.verified_token_cache),
                payload_types: PayloadTypes::default(),
                conflicts: Conflicts::default(),
            },
            feed: Follower {
                revocations: Revocations::new(lifetimes.access_token),
                streams: OpenStreams::default(),
                clock,
                clock_jumps: Mutex::default(),
                announced_at: Mutex::default(),
            },
            settings: Settings { config, lifetimes },
            store: Stores {
                requests: store,
                background,
            },
            reports: Reports {
                events,
                task_failures: TaskFailures::default(),
                silent_requests: SilentRequests::default(),
                large_head: AtomicBool::new(false),
                large_cookies: AtomicBool::new(false),
            },
        };
        let sessions = Self {
            inner: Arc::new(inner),
        };
        sessions.report_clock();
        // With the cause, which the answer to a request would not contain.
        let met = sessions.meet_neighbours().await;
        met.map_err(of_store)?;
        let read = sessions.read_revocations().await;
        read.map_err(of_store)?;
        Ok(sessions)
    }
}

impl Sessions {
    /// Reports at launch what is or was wrong with the clock.
    fn report_clock(&self) {
        if let Some(difference) = self.inner.feed.clock.behind() {
            self.emit(&Event::ClockSkew {
                difference,
                found: format!(
                    "this machine's clock is at least {} behind",
                    in_words(difference)
                ),
                consequence: "it shows a time before this version was written: browsers drop the cookies at once; set it right",
            });
        }
        self.report_key_ahead();
    }
}

/// For an error of the database at launch: with the setting that names it.
fn of_store(error: impl std::fmt::Display) -> LaunchError {
    see("guide::databases")(format!("`sessions.database`: {error}"))
}

/// Where a master key may be created and stored, if at all.
fn master_key_file(database: &str, development: bool) -> Option<PathBuf> {
    development
        .then(|| Store::master_key_file(database))
        .flatten()
}

/// Connects and migrates; warns of settings that weaken durability.
async fn open_store(
    database: DatabaseUrl,
    config: &SessionConfig,
    clock: &Arc<DatabaseClock>,
    events: &EventSink,
    random: &dyn Random,
) -> Result<Store, LaunchError> {
    let options = Options {
        timeout: config.database_timeout,
        queue: config.database_queue,
        writers: config.write_connections,
        readers: config.read_connections,
        number: i64::from_be_bytes(random.bytes().map_err(|error| error.to_string())?),
    };
    let opening = Store::open(database, options, Arc::clone(clock), events.clone());
    let (store, remarks) = opening.await.map_err(see("guide::databases"))?;
    for weakness in remarks.weaknesses {
        tracing::warn!(event = "weak_durability", see = CHAPTER, "{weakness}");
    }
    if let Some(others) = remarks.others {
        tracing::warn!(event = "new_session_tables", see = CHAPTER, "{others}");
    }
    Ok(store)
}

async fn load_master_keys(
    config: &SessionConfig,
    beside: Option<PathBuf>,
    store: &Store,
    random: &dyn Random,
) -> Result<MasterKeys, LaunchError> {
    let stored = store.keys().await.map_err(of_store)?;
    // A row that is too short for a mark is damaged, which opening it reports.
    let mark = stored
        .keys
        .first()
        .map(|key| key.mark().unwrap_or_default());
    master_key::load(config, beside.as_deref(), mark.as_deref(), random)
        .map_err(see("guide::databases"))
}

/// Where signing keys come from, and the schedule of their rotation.
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
    /// Encrypts all keys under `master_key` that are still encrypted under one of
    /// `accepted_master_keys`; returns how many.
    ///
    /// To change the master key: add the new one to `accepted_master_keys` everywhere; then make it
    /// `master_key` and the old one accepted; then call this once and remove the old one.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn master_key_changed(sessions: &Sessions) -> Result<String, Error> {
    ///     Ok(format!("{} keys resealed", sessions.reseal_keys().await?))
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer, [`Error::General`] if a key cannot
    /// be decrypted; nothing is changed then.
    #[doc(alias = "rotate master key")]
    pub async fn reseal_keys(&self) -> Result<usize, Error> {
        let inner = &*self.inner;
        let (store, master_keys) = (&inner.store.requests, &inner.keys.master_keys);
        let stored = store.keys().await?.keys;
        let mut anew = Vec::new();
        for sealed in stored.iter().filter(|key| !master_keys.is_current(key)) {
            let key = master_keys.open(sealed).map_err(Error::General)?;
            anew.push(master_keys.seal(&key, &*inner.tokens.random)?);
        }
        let resealed = anew.len();
        if resealed > 0 {
            store.replace_keys(anew).await?;
        }
        Ok(resealed)
    }

    /// The decrypted keys of this server as (kind, secret), for tests that forge tokens or search
    /// for leaks.
    ///
    /// # Errors
    /// Those of [`reseal_keys`](Self::reseal_keys).
    #[cfg(feature = "internals")]
    pub async fn reveal_keys(&self) -> Result<Vec<(&'static str, Vec<u8>)>, Error> {
        let opened =
            super::key_source::open(&self.inner.store.requests, &self.inner.keys.master_keys)
                .await
                .map_err(Error::General)?;
        Ok(opened
            .keys
            .into_iter()
            .map(|key| (key.kind.as_str(), key.secret.to_vec()))
            .collect())
    }
}
