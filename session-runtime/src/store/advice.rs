//! What to do about an error of a database.

use super::{error_text, remedies};

/// What to do about an error, where its text tells. That is in the server's language, but the name
/// of a statement is Diesel's, and SQLite speaks English everywhere.
pub(super) fn advice(error: &diesel::result::Error) -> Option<String> {
    // The one row that every statement expects to find.
    if matches!(error, diesel::result::Error::NotFound) {
        return Some(
            "`session_counter` lacks a row that is always there: somebody has emptied it. Start a process of the \
             application: the launch writes it again"
                .into(),
        );
    }
    let text = error_text::without_values(error);
    if text.contains("__diesel_stmt_") {
        return Some(format!(
            "a pooler gives us another connection for each transaction ({text}): say so in the URL, as in \
             `postgres://user:password@host/app?pgbouncer=true`"
        ));
    }
    if text.contains(MALFORMED) {
        return Some(format!("the database {DAMAGED} ({text})"));
    }
    let what = remedies::remedy(error, &text)?;
    Some(format!("{text}: {what}"))
}

/// Whether the name of the file belongs into what is said of an error.
pub(super) fn is_of_a_file(error: &diesel::result::Error) -> bool {
    let text = error.to_string();
    [MALFORMED, FULL, BROKEN]
        .iter()
        .any(|words| text.contains(words))
}

/// What SQLite says of a full disk.
const FULL: &str = "database or disk is full";

/// What SQLite says of a disk that fails.
const BROKEN: &str = "disk I/O error";

/// What SQLite says of damaged pages.
const MALFORMED: &str = "database disk image is malformed";

/// What to do about them.
pub(super) const DAMAGED: &str =
    "is damaged: restore it from a backup, without `-wal` and `-shm` files of another one";
