//! The counters: how far the feed is numbered, which version of the keys this is, how long access
//! tokens live.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::Connection;
use crate::store::models::CounterRow;
use crate::store::schema::session_counter;

/// One counter for each validity of access tokens that processes have, named by its milliseconds; the
/// value is the time until which it counts.
const VALIDITY: &str = "access_validity:";

/// One counter for each issuer that serves from these tables; the value is the time until which it counts.
const ISSUER: &str = "issuer:";

/// Reads the counter of the feed and holds its row until the transaction ends: the one lock of what must
/// not happen twice at once. Only short transactions of our own may take it.
pub(super) fn lock_counter(conn: &mut Connection) -> QueryResult<i64> {
    let counter = session_counter::table
        .find("revocation")
        .select(session_counter::value);
    lock!(counter).get_result(conn)
}

/// The version of the keys; it changes with them.
pub(crate) fn key_version(conn: &mut Connection) -> QueryResult<i64> {
    session_counter::table
        .find("key")
        .select(session_counter::value)
        .get_result(conn)
}

/// Gives the keys a new version, so that every process reads them again.
pub(crate) fn announce_keys(conn: &mut Connection) -> QueryResult<()> {
    diesel::update(session_counter::table.find("key"))
        .set(session_counter::value.eq(session_counter::value + 1))
        .execute(conn)
        .map(drop)
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

/// Says that this issuer serves from these tables until `until`.
pub(crate) fn announce_issuer(
    conn: &mut Connection,
    issuer: &str,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    announce(conn, issuer_counter(issuer), until)
}

/// Another issuer that serves from these tables at `now`.
pub(crate) fn other_issuer(
    conn: &mut Connection,
    issuer: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<String>> {
    let name: Option<String> = session_counter::table
        .filter(session_counter::name.like(format!("{ISSUER}%")))
        .filter(session_counter::name.ne(issuer_counter(issuer)))
        .filter(session_counter::value.gt(now.timestamp_millis()))
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
            .execute(conn)?;
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
