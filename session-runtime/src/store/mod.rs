//! The store: the application's database, behind threads that write and a few connections that
//! read. The only folder that names Diesel.

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!(
    "session-runtime needs a database: switch on one of its features `sqlite` (the default), `postgres`, `mysql`"
);

mod advice;
mod affected_rows;
mod backend;
mod connection;
mod error;
mod error_text;
mod feed;
mod identity;
mod keys;
mod location;
mod mark;
mod migrations;
#[cfg(feature = "mysql")]
mod mysql;
mod open_error;
mod opening;
mod options;
#[cfg(feature = "postgres")]
mod postgres;
mod prepare;
mod queue;
mod remedies;
mod rows;
mod schema;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod server;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod transaction;
#[cfg(feature = "transfer")]
pub mod transfer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::result::QueryResult;

pub(crate) use error::StoreError;
pub(crate) use open_error::OpenError;
pub(crate) use options::Options;
pub(crate) use transaction::Lent;
pub use transaction::SessionConnection;

use self::identity::Identity;
use self::location::Location;
use self::queue::{Readers, Writer};
use self::sql::Link;
use crate::clock::DatabaseClock;
use crate::handle::SessionHandle;
use crate::record::{Created, Creation, Others, Record, Rotation, Summary};
use crate::rules::rotation::bound::{Outcome, Registration};

/// Rows deleted in one transaction: few enough that no login waits noticeably behind them.
const CLEANUP_BATCH: i64 = 100;

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

/// The session that these are, if it is one.
fn only(handles: &[SessionHandle]) -> Option<SessionHandle> {
    match *handles {
        [handle] => Some(handle),
        _ => None,
    }
}

/// The sessions in the database.
#[derive(Clone)]
pub(crate) struct Store {
    writer: Writer,
    readers: Readers,
    identity: Identity,
    is_file: bool,
    clock: Arc<DatabaseClock>,
}

impl Store {
    /// The same for background tasks, whose failures are reported by the task.
    pub(crate) fn quiet(&self) -> Self {
        Self {
            writer: self.writer.quiet(),
            readers: self.readers.quiet(),
            ..self.clone()
        }
    }

    /// The file beside the database at `url` that may hold a master key for development; a server's
    /// database has none.
    pub(crate) fn master_key_file(url: &str) -> Option<PathBuf> {
        let location = Location::parse(url, Duration::ZERO).ok()?;
        Some(PathBuf::from(format!("{}.key", location.file()?)))
    }

    /// Which database it is.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether what was committed is still there: a file may have been deleted or replaced.
    pub(crate) fn check_files(&self) -> Result<(), StoreError> {
        let checked = self.identity.check_files();
        checked.map_err(|error| StoreError::of(&error))
    }

    /// Whether it is a file, of which there is only one.
    pub(crate) fn is_file(&self) -> bool {
        self.is_file
    }

    /// Stores a new session and ends those it takes the place of. Durable when this returns.
    pub(crate) async fn create(&self, creation: Creation) -> Result<Created, StoreError> {
        if creation.is_plain() {
            self.writer.insert(creation.record).await?;
            return Ok(Created::Started { ended: Vec::new() });
        }
        let clock = Arc::clone(&self.clock);
        let only = only(&creation.replaced);
        let step = move |link: &mut Link<'_>| link.create(&creation, clock.now());
        self.writer.step_on(only, step).await
    }

    /// Counts one more attempt at the second factor for all pending sessions of a user, and says
    /// how many that makes; `None` if this one has ended.
    pub(crate) async fn count_attempt(
        &self,
        handle: SessionHandle,
        user_id: String,
    ) -> Result<Option<u32>, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step_on(handle, move |link| {
                link.count_attempt(handle, &user_id, clock.now())
            })
            .await
    }

    /// Ends all pending sessions of a user; returns them.
    pub(crate) async fn revoke_pending(
        &self,
        user_id: String,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        let clock = Arc::clone(&self.clock);
        let step = move |link: &mut Link<'_>| link.revoke_pending(&user_id, clock.now());
        self.writer.step(step).await
    }

    /// Replaces a session by what `replace_session` makes of it; `None` if it is gone.
    pub(crate) async fn replace_session(
        &self,
        handle: SessionHandle,
        user_id: String,
        others: Others,
        successor: impl Fn(Record) -> Record + Send + 'static,
    ) -> Result<Option<(Record, Vec<SessionHandle>)>, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step_on(handle, move |link| {
                link.replace_session(handle, &user_id, clock.now(), others, &successor)
            })
            .await
    }

    /// Judges a refresh token and writes what follows, as one step; `None` if the session is gone.
    /// The request `arrived` then (monotonic).
    pub(crate) async fn rotate(
        &self,
        rotation: Rotation,
        arrived: Duration,
    ) -> Result<Option<(Record, Outcome)>, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step_since(arrived, rotation.handle, move |link| {
                link.rotate(&rotation, clock.now())
            })
            .await
    }

    /// Registers the key of a device and returns the session as it was before; `None` if it is
    /// gone.
    pub(crate) async fn bind_device(
        &self,
        handle: SessionHandle,
        key: Vec<u8>,
    ) -> Result<Option<(Record, Registration)>, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step_on(handle, move |link| {
                link.bind_device(handle, &key, clock.now())
            })
            .await
    }

    /// The session as the connections that write see it: others may lag behind a registration.
    pub(crate) async fn find_current(
        &self,
        handle: SessionHandle,
    ) -> Result<Option<Record>, StoreError> {
        let clock = Arc::clone(&self.clock);
        let step = move |link: &mut Link<'_>| {
            let found = link.find(handle)?;
            Ok(found.filter(|record| !record.is_expired(clock.now())))
        };
        self.writer.step_on(handle, step).await
    }

    /// Ends these sessions, for a later one of the same browser or not; returns those that were
    /// there.
    pub(crate) async fn revoke(
        &self,
        handles: Vec<SessionHandle>,
        replaced: bool,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        let only = only(&handles);
        let step = move |link: &mut Link<'_>| link.revoke(&handles, replaced);
        self.writer.step_on(only, step).await
    }

    /// Ends a session of this user; says whether there was one.
    pub(crate) async fn revoke_owned(
        &self,
        handle: SessionHandle,
        user_id: String,
    ) -> Result<bool, StoreError> {
        let step = move |link: &mut Link<'_>| link.revoke_owned(handle, &user_id);
        self.writer.step_on(handle, step).await
    }

    /// Lets `change` alter the payload and the data of a session, as one step; `None` if it is
    /// gone, nothing is written if `change` refuses. It may run more than once.
    pub(crate) async fn change<T: Send + 'static, E: Send + 'static>(
        &self,
        handle: SessionHandle,
        change: impl Fn(&mut Record) -> Result<T, E> + Send + 'static,
    ) -> Result<Option<Result<T, E>>, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .step_on(handle, move |link| {
                link.change(handle, clock.now(), &change)
            })
            .await
    }

    /// A page of the unexpired sessions of a user, newest first: those older than `after`, if that
    /// is said.
    pub(crate) async fn list(
        &self,
        user_id: String,
        after: Option<SessionHandle>,
    ) -> Result<Vec<Summary>, StoreError> {
        let now = self.clock.now();
        self.read(move |link| link.list(&user_id, after, now)).await
    }

    /// The session without its data, unless it is gone or expired.
    pub(crate) async fn summary(
        &self,
        handle: SessionHandle,
    ) -> Result<Option<Summary>, StoreError> {
        let summary = self.read(move |link| link.summary(handle)).await?;
        let now = self.clock.now();
        Ok(summary.filter(|summary| !summary.is_expired(now)))
    }

    /// The same of many sessions: those that are there and have not expired.
    pub(crate) async fn summaries(
        &self,
        handles: Vec<SessionHandle>,
    ) -> Result<Vec<Summary>, StoreError> {
        let mut summaries = self.read(move |link| link.summaries(&handles)).await?;
        let now = self.clock.now();
        summaries.retain(|summary| !summary.is_expired(now));
        Ok(summaries)
    }

    /// The session, unless it is gone or expired.
    pub(crate) async fn find(&self, handle: SessionHandle) -> Result<Option<Record>, StoreError> {
        let record = self.read(move |link| link.find(handle)).await?;
        let now = self.clock.now();
        Ok(record.filter(|record| !record.is_expired(now)))
    }

    /// All sessions of a user, or of everybody, those that are expired included.
    pub(crate) async fn all_handles(
        &self,
        user_id: Option<String>,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        self.read(move |link| match &user_id {
            Some(user_id) => link.all_handles_of(user_id),
            None => link.all_handles(),
        })
        .await
    }

    /// The unexpired sessions of a user, oldest first.
    pub(crate) async fn handles_of(
        &self,
        user_id: String,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        let now = self.clock.now();
        self.read(move |link| link.handles_of(&user_id, now)).await
    }

    /// Deletes one small batch of what ended before `sessions_before` or no longer matters since
    /// `revocations_before`; says whether there may be more.
    pub(crate) async fn clean_up(
        &self,
        sessions_before: DateTime<Utc>,
        revocations_before: DateTime<Utc>,
    ) -> Result<Cleaned, StoreError> {
        let step = move |link: &mut Link<'_>| {
            link.backend()
                .delete_user_locks(sessions_before, CLEANUP_BATCH)?;
            Ok(Cleaned {
                sessions: link.delete_expired(sessions_before, CLEANUP_BATCH)?,
                revocations: link.delete_old_revocations(revocations_before, CLEANUP_BATCH)?,
            })
        };
        self.writer.step(step).await
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(query).await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
