//! The identity of a database: a row of `session_counter` with a random number.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};

use super::counters::{IDENTITY, lock_counter};
use super::{Connection, DATABASE_NAME};
use crate::store::affected_rows;
use crate::store::rows::CounterRow;
use crate::store::schema::session_counter;

/// The number and the name of the database, if it has a number yet.
pub(crate) fn identity(conn: &mut Connection) -> QueryResult<Option<(i64, String)>> {
    let name = sql::<Nullable<Text>>(DATABASE_NAME);
    let found: Option<(i64, Option<String>)> = session_counter::table
        .find(IDENTITY)
        .select((session_counter::value, name))
        .get_result(conn)
        .optional()?;
    Ok(found.map(|(number, name)| (number, name.unwrap_or_default())))
}

/// Gives the database this number, unless another process just did; returns the number it has.
pub(crate) fn identify(conn: &mut Connection, number: i64) -> QueryResult<(i64, String)> {
    // Keeps two first starts apart.
    lock_counter(conn)?;
    if let Some(found) = identity(conn)? {
        return Ok(found);
    }
    let row = CounterRow {
        name: IDENTITY.to_owned(),
        value: number,
    };
    diesel::insert_into(session_counter::table)
        .values(&row)
        .execute(conn)
        .and_then(affected_rows::require("session_counter", 1))?;
    identity(conn)?.ok_or(diesel::result::Error::NotFound)
}
