//! The store: the application's database, behind one writer thread and a few readers. The only
//! folder that names Diesel.

mod migrations;
mod models;
mod queries;
mod schema;
mod sqlite;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::result::QueryResult;

pub(crate) use models::Record;
pub(crate) use queries::{Created, Creation, Limit, Rotation};

use self::sqlite::{Connection, Location};
use self::writer::Writer;
use crate::clock::Clock;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::keys::Schedule;
use crate::revocation::{Entry, Position};
use crate::rotation::Verdict;
use crate::sealing::SealedKey;

/// Why a database could not be opened; each says what to change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("`sessions.database` names `{scheme}:`, this version knows `sqlite:`")]
    UnknownScheme { scheme: String },
    #[error(
        "`sessions.database` must name a file: several connections share it, memory cannot be shared"
    )]
    NotAFile,
    #[error(
        "`sessions.database`: `{path}` does not open ({source}); its folder must exist and be writable"
    )]
    Connect {
        path: String,
        source: diesel::ConnectionError,
    },
    #[error(
        "`sessions.database`: `{path}` stays in journal mode `{mode}`; use a local file system that supports WAL"
    )]
    NoWal { path: String, mode: String },
    #[error(
        "the database has session tables of version {found}, this program knows {known}: start the newer program"
    )]
    NewerSchema { found: usize, known: usize },
    #[error("`sessions.database`: no connection to read with: {0}")]
    Readers(String),
    #[error("the session tables could not be prepared: {0}")]
    Database(#[from] diesel::result::Error),
    #[error("the writer thread did not start: {0}")]
    Thread(#[from] std::io::Error),
}

/// Why an operation was not done. Nothing of it stays in the database.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("{0}")]
    Database(String),
    #[error(
        "the write queue is full: the database is slower than the requests, or `sessions.write_queue` is too small"
    )]
    QueueFull,
    #[error("the writer has stopped")]
    Stopped,
    #[error("the write waited too long for the database")]
    TooLate,
    /// The store answers, but what it holds of keys is no good.
    #[error("{0}")]
    Keys(String),
}

impl From<StoreError> for Error {
    /// The one place where the cause is logged; the caller only learns that it may try again.
    fn from(cause: StoreError) -> Self {
        tracing::error!(%cause, "the session store did not answer");
        Self::Unavailable
    }
}

/// Rows deleted in one transaction: few enough that no login waits noticeably behind them.
const CLEANUP_BATCH: i64 = 200;

/// How many rows a clean-up deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cleaned {
    pub(crate) sessions: usize,
    pub(crate) revocations: usize,
}

impl Cleaned {
    /// Whether a full batch was deleted, so that there may be more.
    pub(crate) fn may_go_on(self) -> bool {
        let full = usize::try_from(CLEANUP_BATCH).unwrap_or(usize::MAX);
        self.sessions >= full || self.revocations >= full
    }
}

/// The keys as they are stored, and which version of them this is.
#[derive(Debug)]
pub(crate) struct StoredKeys {
    pub(crate) version: i64,
    pub(crate) keys: Vec<SealedKey>,
}

/// The sessions in the database.
#[derive(Clone)]
pub(crate) struct Store {
    writer: Writer,
    readers: Pool<ConnectionManager<Connection>>,
    clock: Arc<dyn Clock>,
}

impl Store {
    /// Opens the database, migrates it and starts the writer. Blocks.
    pub(crate) fn open(
        url: &str,
        timeout: Duration,
        queue: usize,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let location = Location::parse(url, timeout)?;
        let mut conn = location.writer()?;
        sqlite::write(&mut conn, migrations::run)?;
        let readers = location.readers()?;
        let writer = Writer::start(conn, location, queue, Arc::clone(&clock))?;
        Ok(Self {
            writer,
            readers,
            clock,
        })
    }

    /// The file beside the database at `url` that may hold a master key for development.
    pub(crate) fn master_key_file(url: &str) -> Option<PathBuf> {
        let location = Location::parse(url, Duration::ZERO).ok()?;
        Some(location.beside(".key"))
    }

    /// Stores a new session and ends those it takes the place of. Durable when this returns.
    pub(crate) async fn create(&self, creation: Creation) -> Result<Created, StoreError> {
        if creation.replaced.is_none() && creation.limit.is_none() {
            self.writer.insert(creation.record).await?;
            return Ok(Created::Started { ended: Vec::new() });
        }
        let clock = Arc::clone(&self.clock);
        self.writer
            .step(move |conn| queries::create(conn, &creation, clock.now()))
            .await
    }

    /// Replaces a session by what `succeed` makes of it and ends all others of its user; `None` if it
    /// is gone.
    pub(crate) async fn succeed(
        &self,
        handle: SessionHandle,
        revoked_until: DateTime<Utc>,
        succeed: impl Fn(Record) -> Record + Send + 'static,
    ) -> Result<Option<(Record, Vec<SessionHandle>)>, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step(move |conn| queries::succeed(conn, handle, clock.now(), revoked_until, &succeed))
            .await
    }

    /// Judges a refresh token and writes what follows, as one step; `None` if the session is gone.
    pub(crate) async fn rotate(
        &self,
        rotation: Rotation,
    ) -> Result<Option<(Record, Verdict)>, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step(move |conn| queries::rotate(conn, &rotation, clock.now()))
            .await
    }

    /// Ends these sessions; returns those that were there.
    pub(crate) async fn revoke(
        &self,
        handles: Vec<SessionHandle>,
        until: DateTime<Utc>,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        self.writer
            .step(move |conn| queries::revoke(conn, &handles, until))
            .await
    }

    /// Ends all sessions of a user; returns them.
    pub(crate) async fn revoke_user(
        &self,
        user_id: String,
        until: DateTime<Utc>,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        self.writer
            .step(move |conn| queries::revoke_user(conn, &user_id, until))
            .await
    }

    /// Ends all sessions, and replaces all signing keys by `candidate` if there is one; says how many.
    pub(crate) async fn revoke_everything(
        &self,
        candidate: Option<SealedKey>,
        until: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        self.writer
            .step(move |conn| queries::revoke_everything(conn, candidate.as_ref(), until))
            .await
    }

    /// Ends all sessions of a user but one; returns them.
    pub(crate) async fn revoke_others(
        &self,
        user_id: String,
        kept: SessionHandle,
        until: DateTime<Utc>,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        self.writer
            .step(move |conn| queries::revoke_others(conn, &user_id, kept, until))
            .await
    }

    /// Lets `change` alter the payload and the data of a session, as one step; `None` if it is gone,
    /// nothing is written if `change` refuses. It may run more than once.
    pub(crate) async fn change<T: Send + 'static, E: Send + 'static>(
        &self,
        handle: SessionHandle,
        change: impl Fn(&mut Record) -> Result<T, E> + Send + 'static,
    ) -> Result<Option<Result<T, E>>, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step(move |conn| queries::change(conn, handle, clock.now(), &change))
            .await
    }

    /// The unexpired sessions of a user, newest first.
    pub(crate) async fn list(&self, user_id: String) -> Result<Vec<Record>, StoreError> {
        let now = self.clock.now();
        self.read(move |conn| queries::list(conn, &user_id, now))
            .await
    }

    /// The session, unless it is gone or expired.
    pub(crate) async fn find(&self, handle: SessionHandle) -> Result<Option<Record>, StoreError> {
        let record = self.read(move |conn| queries::find(conn, handle)).await?;
        let now = self.clock.now();
        Ok(record.filter(|record| now < record.lineage.ends_at))
    }

    /// The unexpired sessions of a user, oldest first.
    pub(crate) async fn handles_of(
        &self,
        user_id: String,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        let now = self.clock.now();
        self.read(move |conn| queries::handles_of(conn, &user_id, Some(now)))
            .await
    }

    /// All keys.
    pub(crate) async fn keys(&self) -> Result<StoredKeys, StoreError> {
        self.read(|conn| {
            // First the version: if a key comes in between, the keys are read once more.
            let version = queries::key_version(conn)?;
            let keys = queries::keys(conn)?;
            Ok(StoredKeys { version, keys })
        })
        .await
    }

    /// The version of the keys.
    pub(crate) async fn key_version(&self) -> Result<i64, StoreError> {
        self.read(queries::key_version).await
    }

    /// Adds a signing key if one is due; says whether it was. Of several processes exactly one adds.
    pub(crate) async fn add_due_key(
        &self,
        candidate: SealedKey,
        schedule: Schedule,
    ) -> Result<bool, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step(move |conn| queries::add_due_key(conn, &candidate, schedule, clock.now()))
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
            .step(move |conn| queries::remove_key(conn, &kid, &candidate, schedule, clock.now()))
            .await
    }

    /// Makes every process read the keys again.
    pub(crate) async fn announce_keys(&self) -> Result<(), StoreError> {
        self.writer.step(queries::announce_keys).await
    }

    /// Deletes signing keys that are over.
    pub(crate) async fn delete_keys(&self, ids: Vec<String>) -> Result<(), StoreError> {
        self.writer
            .step(move |conn| queries::delete_signing_keys(conn, &ids).map(drop))
            .await
    }

    /// Adds keys of kinds that have none yet.
    pub(crate) async fn add_missing_keys(
        &self,
        candidates: Vec<SealedKey>,
    ) -> Result<(), StoreError> {
        self.writer
            .step(move |conn| queries::add_missing_keys(conn, &candidates))
            .await
    }

    /// Overwrites keys that were sealed anew.
    pub(crate) async fn replace_keys(&self, keys: Vec<SealedKey>) -> Result<(), StoreError> {
        self.writer
            .step(move |conn| queries::replace_keys(conn, &keys))
            .await
    }

    /// What the feed says after `position`, and the version of the keys.
    pub(crate) async fn feed(
        &self,
        position: Option<Position>,
    ) -> Result<(Vec<Entry>, i64), StoreError> {
        if self.read(queries::has_unnumbered).await? {
            self.writer.step(queries::number_feed).await?;
        }
        self.read(move |conn| Ok((queries::feed(conn, position)?, queries::key_version(conn)?)))
            .await
    }

    /// Deletes one small batch of what ended before `sessions_before` or no longer matters since
    /// `revocations_before`; says whether there may be more.
    pub(crate) async fn clean_up(
        &self,
        sessions_before: DateTime<Utc>,
        revocations_before: DateTime<Utc>,
    ) -> Result<Cleaned, StoreError> {
        let step = move |conn: &mut Connection| {
            Ok(Cleaned {
                sessions: queries::delete_expired(conn, sessions_before, CLEANUP_BATCH)?,
                revocations: queries::delete_old_revocations(
                    conn,
                    revocations_before,
                    CLEANUP_BATCH,
                )?,
            })
        };
        self.writer.step(step).await
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Connection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = self.readers.clone();
        let read = move || {
            let mut conn = readers
                .get()
                .map_err(|error| StoreError::Database(error.to_string()))?;
            query(&mut conn).map_err(|error| StoreError::Database(error.to_string()))
        };
        tokio::task::spawn_blocking(read)
            .await
            .unwrap_or(Err(StoreError::Stopped))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
