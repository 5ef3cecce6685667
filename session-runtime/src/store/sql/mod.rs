//! Every statement the library runs: each is written once, and each is a method of [`Link`].
//!
//! Diesel's types say for which database a statement is, so Rust must compile it anew for each.
//! Generic functions would do it as well, but one needs more lines of bounds than it has of query.
//! So the folder `statements/` is compiled once per backend instead, as a module of the file of
//! that backend:
//!
//! ```text
//! sqlite.rs    Connection = SqliteConnection   mod statements
//! postgres.rs  Connection = PgConnection       mod statements   the same files, three times
//! mysql.rs     Connection = MysqlConnection    mod statements
//! ```
//!
//! A backend's file begins with the little in which its statements differ: `Connection`,
//! `MAX_ROWS`, and the macros `lock!`, `read_now!` and `insert_many!`, which are visible in what is
//! declared below them. Whatever else differs is a method of [`Backend`]. The list here makes a
//! method of each statement, which calls the one for the database that the link leads to.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::result::QueryResult;

use super::backend::Backend;
#[cfg(feature = "transfer")]
use super::rows::{CounterRow, KeyRow, RevocationRow, SessionRow};
use crate::handle::SessionHandle;
use crate::keys::Schedule;
use crate::keys::sealing::SealedKey;
use crate::record::{Created, Creation, Others, Record, Rotation, Summary};
use crate::revocation::{Entry, Position};
use crate::rules::rotation::bound::{Outcome, Registration};
use crate::rules::shared_settings::Fingerprint;

/// A connection in the hands of statements, inside whatever transaction is open on it: of the
/// store, or of the application.
pub(crate) enum Link<'c> {
    #[cfg(feature = "sqlite")]
    Sqlite(&'c mut diesel::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(&'c mut diesel::PgConnection),
    #[cfg(feature = "mysql")]
    Mysql(&'c mut diesel::MysqlConnection),
}

impl Link<'_> {
    /// What this database answers in its own way.
    pub(super) fn backend(&mut self) -> &mut dyn Backend {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => *conn,
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => *conn,
            #[cfg(feature = "mysql")]
            Self::Mysql(conn) => *conn,
        }
    }
}

/// Makes a method of each statement. It stands in the file of `statements/` that is named before
/// the brace, where its first argument is the connection; what it does is said there.
macro_rules! statements {
    ($(
        $file:ident {$(
            fn $name:ident $(<$($generic:ident),+>)? ($($argument:ident: $type:ty),* $(,)?) -> $answer:ty;
        )+}
    )+) => {
        impl Link<'_> {$($(
            pub(crate) fn $name $(<$($generic),+>)? (
                &mut self,
                $($argument: $type),*
            ) -> QueryResult<$answer> {
                match self {
                    #[cfg(feature = "sqlite")]
                    Self::Sqlite(conn) => sqlite::statements::$file::$name(conn, $($argument),*),
                    #[cfg(feature = "postgres")]
                    Self::Postgres(conn) => postgres::statements::$file::$name(conn, $($argument),*),
                    #[cfg(feature = "mysql")]
                    Self::Mysql(conn) => mysql::statements::$file::$name(conn, $($argument),*),
                }
            }
        )+)+}
    };
}

statements! {
    counters {
        fn announce_issuer(issuer: &str, until: DateTime<Utc>) -> Option<String>;
        fn announce_keys() -> ();
        fn announce_settings(settings: &Fingerprint, until: DateTime<Utc>) -> ();
        fn announce_validity(validity: TimeDelta, until: DateTime<Utc>) -> ();
        fn has_counters() -> bool;
        fn has_sessions(now: DateTime<Utc>) -> bool;
        fn key_version() -> i64;
        fn longest_validity(now: DateTime<Utc>) -> Option<TimeDelta>;
        fn other_issuer(
            issuer: &str,
            between: (DateTime<Utc>, DateTime<Utc>),
        ) -> Option<String>;
        fn other_settings(
            settings: &Fingerprint,
            between: (DateTime<Utc>, DateTime<Utc>),
        ) -> Vec<String>;
        fn restore_counters(now: DateTime<Utc>) -> ();
    }
    feed {
        fn delete_old_revocations(before: DateTime<Utc>, most: i64) -> usize;
        fn entries_after(after: i64, most: i64) -> Vec<Entry>;
        fn has_unnumbered() -> bool;
        fn is_at(position: Position) -> bool;
        fn number_feed(now: DateTime<Utc>, at_least: TimeDelta) -> bool;
        fn revoke(handles: &[SessionHandle], replaced: bool) -> Vec<SessionHandle>;
        fn revoke_again(handles: &[SessionHandle]) -> ();
        fn revoke_owned(handle: SessionHandle, user_id: &str) -> bool;
    }
    keys {
        fn add_due_key(candidate: &SealedKey, schedule: Schedule, now: DateTime<Utc>) -> bool;
        fn add_missing_keys(candidates: &[SealedKey]) -> ();
        fn delete_signing_keys(ids: &[String]) -> usize;
        fn keys() -> Vec<SealedKey>;
        fn remove_key(
            kid: &str,
            candidate: &SealedKey,
            schedule: Schedule,
            now: DateTime<Utc>,
        ) -> bool;
        fn replace_keys(keys: &[SealedKey]) -> ();
        fn replace_refresh_key(candidate: &SealedKey) -> ();
        fn revoke_everything(candidates: &[SealedKey]) -> usize;
    }
    logins {
        fn create(creation: &Creation, now: DateTime<Utc>) -> Created;
        fn replace_session(
            handle: SessionHandle,
            user_id: &str,
            now: DateTime<Utc>,
            others: Others,
            successor: impl Fn(Record) -> Record,
        ) -> Option<(Record, Vec<SessionHandle>)>;
    }
    mark {
        fn clear_mark(value: i64) -> ();
        fn mark() -> Option<i64>;
    }
    pending {
        fn count_attempt(
            handle: SessionHandle,
            user_id: &str,
            now: DateTime<Utc>,
        ) -> Option<u32>;
        fn revoke_pending(user_id: &str, now: DateTime<Utc>) -> Vec<SessionHandle>;
    }
    rotate {
        fn bind_device(
            handle: SessionHandle,
            key: &[u8],
            now: DateTime<Utc>,
        ) -> Option<(Record, Registration)>;
        fn rotate(rotation: &Rotation, now: DateTime<Utc>) -> Option<(Record, Outcome)>;
    }
    sessions {
        fn change<T, E>(
            handle: SessionHandle,
            now: DateTime<Utc>,
            change: impl Fn(&mut Record) -> Result<T, E>,
        ) -> Option<Result<T, E>>;
        fn delete_expired(before: DateTime<Utc>, most: i64) -> usize;
        fn find(handle: SessionHandle) -> Option<Record>;
        fn insert(records: &[&Record]) -> ();
        fn summaries(handles: &[SessionHandle]) -> Vec<Summary>;
        fn summary(handle: SessionHandle) -> Option<Summary>;
    }
    users {
        fn all_handles() -> Vec<SessionHandle>;
        fn all_handles_of(user_id: &str) -> Vec<SessionHandle>;
        fn handles_of(user_id: &str, now: DateTime<Utc>) -> Vec<SessionHandle>;
        fn list(
            user_id: &str,
            after: Option<SessionHandle>,
            now: DateTime<Utc>,
        ) -> Vec<Summary>;
        fn revoke_user(
            user_id: &str,
            except: Option<SessionHandle>,
            now: DateTime<Utc>,
        ) -> Vec<SessionHandle>;
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
statements! {
    identity {
        fn identify(number: i64) -> (i64, String);
        fn identity() -> Option<(i64, String)>;
    }
}

#[cfg(feature = "transfer")]
statements! {
    transfer {
        fn all_counters() -> Vec<CounterRow>;
        fn all_keys() -> Vec<KeyRow>;
        fn count_revocations() -> i64;
        fn count_sessions() -> i64;
        fn is_empty() -> bool;
        fn put_counters(counters: &[CounterRow]) -> ();
        fn put_keys(keys: &[KeyRow]) -> ();
        fn put_revocations(gone: &[&[u8]], rows: &[RevocationRow]) -> ();
        fn put_sessions(gone: &[&[u8]], rows: &[SessionRow]) -> ();
        fn revocations_in(
            after: &[u8],
            until: Option<&[u8]>,
            most: Option<i64>,
        ) -> Vec<RevocationRow>;
        fn sessions_in(
            after: &[u8],
            until: Option<&[u8]>,
            most: Option<i64>,
        ) -> Vec<SessionRow>;
        fn replace_mark(before: Option<i64>, value: i64) -> bool;
    }
}
