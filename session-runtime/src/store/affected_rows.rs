//! How many rows a write changed. A trigger that returns nothing, or a rule, takes a write without
//! an error: nothing was stored then, and the caller must get an error.

use diesel::result::{DatabaseErrorKind, Error, QueryResult};

/// Fails unless a write changed `wanted` rows of a table.
pub(super) fn require(table: &'static str, wanted: usize) -> impl FnOnce(usize) -> QueryResult<()> {
    move |changed| {
        if changed < wanted {
            Err(taken(table))
        } else {
            Ok(())
        }
    }
}

/// Whether an error is one of [`taken`].
pub(super) fn is_taken(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::CheckViolation, found) if found.message().starts_with(TAKEN))
}

const TAKEN: &str = "a trigger or rule of somebody else takes the writes";

/// For a write that changed fewer rows than it should have. It is not tried again.
pub(super) fn taken(table: &'static str) -> Error {
    let cause = format!(
        "{TAKEN} to the table `{table}`, so they were rolled back: remove it, \
         or let it do its work after the write (PostgreSQL shows it with `\\d {table}`, SQLite with `.schema {table}`)"
    );
    Error::DatabaseError(DatabaseErrorKind::CheckViolation, Box::new(cause))
}
