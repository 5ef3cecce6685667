//! The counters: how far the feed is numbered, which version of the keys this is, how long access
//! tokens live.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::Connection;
use crate::rules::shared_settings::Fingerprint;
use crate::store::affected_rows;
use crate::store::rows::CounterRow;
use crate::store::schema::{session_counter, session_info, session_revocation};

/// Where the numbers of the feed end.
pub(super) const FEED: &str = "revocation";

/// The table that is written here.
const COUNTERS: &str = "session_counter";

/// The version of the keys.
const KEYS: &str = "key";

/// One counter for each validity of access tokens that processes have, named by its milliseconds;
/// the value is the time until which it counts.
const VALIDITY: &str = "access_validity:";

/// One counter for each issuer that serves from these tables; the value is the time until which it
/// counts.
const ISSUER: &str = "issuer:";

/// One counter for each set of settings with which an issuer serves; the value is the time until
/// which it counts.
const SETTINGS: &str = "settings:";

/// The row with the number by which this database is known. It stays where it is when sessions are
/// moved.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "transfer"))]
pub(super) const IDENTITY: &str = "identity";

/// Reads the counter of the feed and holds its row until the transaction ends: the one lock of what
/// must not happen twice at once. Only short transactions of our own may take it.
pub(super) fn lock_counter(conn: &mut Connection) -> QueryResult<i64> {
    let counter = session_counter::table
        .find(FEED)
        .select(session_counter::value);
    lock!(counter).get_result(conn)
}

/// The version of the keys; it changes with them.
pub(crate) fn key_version(conn: &mut Connection) -> QueryResult<i64> {
    session_counter::table
        .find(KEYS)
        .select(session_counter::value)
        .get_result(conn)
}

/// Gives the keys a new version, so that every process reads them again.
pub(crate) fn announce_keys(conn: &mut Connection) -> QueryResult<()> {
    let changed = diesel::update(session_counter::table.find(KEYS))
        .set(session_counter::value.eq(session_counter::value + 1))
        .execute(conn)?;
    if changed == 0 {
        // Nobody would learn of it. Fails if the row is not there.
        key_version(conn)?;
    }
    affected_rows::require(COUNTERS, 1)(changed)
}

/// Whether the counters are there without which nothing works, that of the feed no lower than the
/// feed's own end.
pub(crate) fn has_counters(conn: &mut Connection) -> QueryResult<bool> {
    Ok(missing_counters(conn)?.is_empty() && feed_counter(conn)? >= highest_number(conn)?)
}

fn missing_counters(conn: &mut Connection) -> QueryResult<Vec<&'static str>> {
    let found: Vec<String> = session_counter::table
        .filter(session_counter::name.eq_any([FEED, KEYS]))
        .select(session_counter::name)
        .load(conn)?;
    let is_missing = |name: &&str| !found.iter().any(|known| known == name);
    Ok([FEED, KEYS].into_iter().filter(is_missing).collect())
}

fn feed_counter(conn: &mut Connection) -> QueryResult<i64> {
    session_counter::table
        .find(FEED)
        .select(session_counter::value)
        .get_result(conn)
}

/// The highest number in the feed. The counter may be lower: one of the two tables was restored
/// alone, or somebody set it back.
pub(super) fn highest_number(conn: &mut Connection) -> QueryResult<i64> {
    let highest = diesel::dsl::max(session_revocation::number);
    let highest: Option<i64> = session_revocation::table.select(highest).get_result(conn)?;
    Ok(highest.unwrap_or_default())
}

/// Makes those that are missing, and raises one that was set back: the feed goes on where its
/// entries end, and the keys get a version that no process has seen.
pub(crate) fn restore_counters(conn: &mut Connection, now: DateTime<Utc>) -> QueryResult<()> {
    for name in missing_counters(conn)? {
        let value = if name == FEED {
            0
        } else {
            now.timestamp_millis()
        };
        let name = name.to_owned();
        diesel::insert_into(session_counter::table)
            .values(&CounterRow { name, value })
            .execute(conn)
            .and_then(affected_rows::require(COUNTERS, 1))?;
    }
    let end = lock_counter(conn)?.max(highest_number(conn)?);
    diesel::update(session_counter::table.find(FEED))
        .set(session_counter::value.eq(end))
        .execute(conn)
        .and_then(affected_rows::require(COUNTERS, 1))
}

/// Says that access tokens of so long a validity may be minted until `until`.
pub(crate) fn announce_validity(
    conn: &mut Connection,
    validity: TimeDelta,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    announce(
        conn,
        format!("{VALIDITY}{}", validity.num_milliseconds()),
        until,
    )
}

/// Says that this issuer serves from these tables until `until`; returns the one that served last,
/// if it is another one.
pub(crate) fn announce_issuer(
    conn: &mut Connection,
    issuer: &str,
    until: DateTime<Utc>,
) -> QueryResult<Option<String>> {
    // Of two that say so at once, the second sees the first.
    lock_counter(conn)?;
    let name = issuer_counter(issuer);
    let last: Option<String> = session_counter::table
        .filter(session_counter::name.like(format!("{ISSUER}%")))
        // A later one is from a clock that was ahead.
        .filter(session_counter::value.le(until.timestamp_millis()))
        .order(session_counter::value)
        .select(session_counter::name)
        .load(conn)?
        .pop();
    let last = last.filter(|last| *last != name);
    announce(conn, name, until)?;
    Ok(last.and_then(|last| Some(last.strip_prefix(ISSUER)?.to_owned())))
}

/// Says that a process of an issuer serves with such settings until `until`.
pub(crate) fn announce_settings(
    conn: &mut Connection,
    settings: &Fingerprint,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    let name = format!("{SETTINGS}{}:{}", settings.issuer(), settings.values());
    announce(conn, name, until)
}

/// Other settings with which this issuer serves from these tables, as [`other_issuer`].
pub(crate) fn other_settings(
    conn: &mut Connection,
    settings: &Fingerprint,
    (now, latest): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<Vec<String>> {
    let beginning = format!("{SETTINGS}{}:", settings.issuer());
    let names: Vec<String> = session_counter::table
        .filter(session_counter::name.like(format!("{beginning}%")))
        .filter(session_counter::value.gt(now.timestamp_millis()))
        .filter(session_counter::value.le(latest.timestamp_millis()))
        .order(session_counter::name)
        .select(session_counter::name)
        .load(conn)?;
    let values = names
        .iter()
        .filter_map(|name| name.strip_prefix(&beginning));
    Ok(values
        .filter(|values| *values != settings.values())
        .map(str::to_owned)
        .collect())
}

/// Whether a session goes on at `now`.
pub(crate) fn has_sessions(conn: &mut Connection, now: DateTime<Utc>) -> QueryResult<bool> {
    let one: Vec<i64> = session_info::table
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .select(session_info::expires_at)
        .limit(1)
        .load(conn)?;
    Ok(!one.is_empty())
}

/// Another issuer that serves from these tables: it said so until a time between these two. A later
/// one is from a clock that was ahead.
pub(crate) fn other_issuer(
    conn: &mut Connection,
    issuer: &str,
    (now, latest): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<Option<String>> {
    let name: Option<String> = session_counter::table
        .filter(session_counter::name.like(format!("{ISSUER}%")))
        .filter(session_counter::name.ne(issuer_counter(issuer)))
        .filter(session_counter::value.gt(now.timestamp_millis()))
        .filter(session_counter::value.le(latest.timestamp_millis()))
        .order(session_counter::name)
        .select(session_counter::name)
        .load(conn)?
        .pop();
    Ok(name.and_then(|name| Some(name.strip_prefix(ISSUER)?.to_owned())))
}

/// As much of an issuer as fits into the name of a counter.
fn issuer_counter(issuer: &str) -> String {
    let issuer: String = issuer.chars().take(120).collect();
    format!("{ISSUER}{issuer}")
}

fn announce(conn: &mut Connection, name: String, until: DateTime<Utc>) -> QueryResult<()> {
    // Keeps two first announcements apart.
    lock_counter(conn)?;
    let row = CounterRow {
        name,
        value: until.timestamp_millis(),
    };
    let known = session_counter::table.find(&row.name);
    let updated = diesel::update(known)
        .set(session_counter::value.eq(row.value))
        .execute(conn)?;
    if updated == 0 {
        diesel::insert_into(session_counter::table)
            .values(&row)
            .execute(conn)
            .and_then(affected_rows::require(COUNTERS, 1))?;
    }
    Ok(())
}

/// The longest validity of an access token that counts at `now`.
pub(crate) fn longest_validity(
    conn: &mut Connection,
    now: DateTime<Utc>,
) -> QueryResult<Option<TimeDelta>> {
    let names: Vec<String> = session_counter::table
        .filter(session_counter::name.like(format!("{VALIDITY}%")))
        .filter(session_counter::value.gt(now.timestamp_millis()))
        .select(session_counter::name)
        .load(conn)?;
    let millis = names.iter().filter_map(|name| {
        let millis = name.strip_prefix(VALIDITY)?.parse().ok()?;
        TimeDelta::try_milliseconds(millis)
    });
    Ok(millis.max())
}
