//! Where the tables are, what the user may do with them, and that they hold every character.

use diesel::connection::SimpleConnection;
use diesel::prelude::{QueryableByName, RunQueryDsl};
use diesel::result::QueryResult;
use diesel::sql_types::Text;

use super::{Connection, Variable};
use crate::store::OpenError;

/// Where sessions find a place of their own.
pub(super) const ELSEWHERE: &str =
    "database of their own, as in `mysql://user:password@host/sessions`";

/// What the tables are used for, and what it takes to make and to alter them.
const RIGHTS: &str = "SELECT, INSERT, UPDATE, DELETE";
const CHANGES: &str = "CREATE, ALTER, INDEX";

#[derive(QueryableByName)]
struct Account {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    place: String,
}

/// Those of these tables that there are, as far as the user may see them.
pub(super) fn tables(conn: &mut Connection, names: &[&str]) -> QueryResult<Vec<String>> {
    let names = names.join("', '");
    let found: Vec<Variable> = diesel::sql_query(format!(
        "SELECT table_name AS Variable_name, '' AS Value FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name IN ('{names}') ORDER BY table_name"
    ))
    .load(conn)?;
    Ok(found.into_iter().map(|table| table.name).collect())
}

/// Refuses to go on without a right to one of these tables. No catalogue says so, with roles and patterns
/// in the grants, so each right is used by itself, on no row.
pub(super) fn check_rights(conn: &mut Connection, found: &[String]) -> Result<(), OpenError> {
    let mut missing = Vec::new();
    for table in found {
        let mut tries = vec![(
            "SELECT",
            format!("DO (SELECT COUNT(*) FROM {table} WHERE 1 = 0)"),
        )];
        if table != "session_schema" {
            let columns: Vec<Variable> = diesel::sql_query(format!(
                "SELECT column_name AS Variable_name, '' AS Value FROM information_schema.columns
                 WHERE table_schema = DATABASE() AND table_name = '{table}' LIMIT 1"
            ))
            .load(conn)?;
            let column = columns.first().map_or("handle", |column| &column.name);
            tries.extend([
                (
                    "INSERT",
                    format!("INSERT INTO {table} (`{column}`) SELECT NULL FROM DUAL WHERE 1 = 0"),
                ),
                (
                    "UPDATE",
                    format!("UPDATE {table} SET `{column}` = '' WHERE 1 = 0"),
                ),
                ("DELETE", format!("DELETE FROM {table} WHERE 1 = 0")),
            ]);
        }
        for (right, statement) in tries {
            // Anything else, such as somebody's lock, is not about rights.
            let denied = |error: diesel::result::Error| denied(&error.to_string()).is_some();
            if conn.batch_execute(&statement).is_err_and(denied) {
                missing.push(format!("{right} on `{table}`"));
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let Account { account, place } = account(conn)?;
    Err(OpenError::Unfit(format!(
        "names a user, {account}, who lacks {}: run `GRANT {RIGHTS} ON {place}.* TO {account}`",
        missing.join(", ")
    )))
}

/// The server says it when something is changed: see [`explain`].
pub(super) fn may_change(
    _: &mut Connection,
    _done: usize,
    _found: &[String],
) -> Result<(), OpenError> {
    Ok(())
}

/// What it means that a step failed.
pub(super) fn explain(conn: &mut Connection, error: OpenError) -> OpenError {
    let OpenError::Database(cause) = &error else {
        return error;
    };
    let text = cause.to_string();
    let (Some(right), Ok(Account { account, place })) = (denied(&text), account(conn)) else {
        return error;
    };
    OpenError::Unfit(format!(
        "names a user, {account}, who lacks {right} on the database `{place}`, where the session tables are to be made or \
         brought up to date: run `GRANT {CHANGES}, {RIGHTS} ON {place}.* TO {account}`, or launch once as a user \
         who has them"
    ))
}

/// The right that a statement lacked, if that is what the server says.
fn denied(text: &str) -> Option<&str> {
    let (right, _) = text.split_once(" command denied to user")?;
    Some(right)
}

fn account(conn: &mut Connection) -> QueryResult<Account> {
    diesel::sql_query(
        "SELECT CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') AS account, DATABASE() AS place",
    )
    .get_result(conn)
}

/// Refuses columns that somebody has converted: they cannot hold every character, or take two users for one.
pub(super) fn check_columns(conn: &mut Connection, names: &[&str]) -> Result<(), OpenError> {
    let names = names.join("', '");
    let converted: Vec<Variable> = diesel::sql_query(format!(
        "SELECT CONCAT(table_name, '.', column_name) AS Variable_name, collation_name AS Value
         FROM information_schema.columns
         WHERE table_schema = DATABASE() AND table_name IN ('{names}')
           AND (character_set_name <> 'utf8mb4' OR collation_name NOT LIKE '%\\_bin')
         ORDER BY table_name, ordinal_position LIMIT 1"
    ))
    .load(conn)?;
    let Some(Variable { name, value }) = converted.first() else {
        return Ok(());
    };
    let table = name.split('.').next().unwrap_or_default();
    Err(OpenError::Unfit(format!(
        "leads to tables that were converted: `{name}` has the collation `{value}`, which does not have every character \
         or takes different ones for equal: run `ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE \
         utf8mb4_nopad_bin`"
    )))
}
