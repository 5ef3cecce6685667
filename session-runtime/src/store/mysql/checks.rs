//! Where the tables are, what the user may do with them, and that they hold every character.

use diesel::connection::SimpleConnection;
use diesel::prelude::{MysqlConnection, QueryableByName, RunQueryDsl};
use diesel::result::QueryResult;
use diesel::sql_types::Text;

use crate::store::OpenError;
use crate::store::schema::{Column, Index};

/// What the tables are used for, and what it takes to make and to alter them.
const RIGHTS: &str = "SELECT, INSERT, UPDATE, DELETE";
const CHANGES: &str = "CREATE, ALTER, INDEX";

/// A table or a column.
#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A table or a column, and what of it is not as it must be.
#[derive(QueryableByName)]
struct Unfit {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    found: String,
}

#[derive(QueryableByName)]
struct Account {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    database_name: String,
}

/// Those of these tables that there are, as far as the user may see them.
pub(super) fn tables(conn: &mut MysqlConnection, names: &[&str]) -> QueryResult<Vec<String>> {
    let names = names.join("', '");
    let found: Vec<Name> = diesel::sql_query(format!(
        "SELECT table_name AS name FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name IN ('{names}') ORDER BY table_name"
    ))
    .load(conn)?;
    Ok(found.into_iter().map(|table| table.name).collect())
}

/// Refuses to go on without a right to one of these tables. No catalogue says so, with roles and
/// patterns in the grants, so each right is used by itself, on no row.
pub(super) fn check_rights(conn: &mut MysqlConnection, found: &[String]) -> Result<(), OpenError> {
    let mut missing = Vec::new();
    for table in found {
        let mut tries = vec![(
            "SELECT",
            format!("DO (SELECT COUNT(*) FROM {table} WHERE 1 = 0)"),
        )];
        if table != "session_schema" {
            let columns: Vec<Name> = diesel::sql_query(format!(
                "SELECT column_name AS name FROM information_schema.columns
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
            // Any other error, such as a lock timeout, says nothing about rights.
            let denied = |error: diesel::result::Error| denied(&error.to_string()).is_some();
            if conn.batch_execute(&statement).is_err_and(denied) {
                missing.push(format!("{right} on `{table}`"));
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let Account {
        account,
        database_name,
    } = account(conn)?;
    Err(OpenError::Unfit(format!(
        "names a user, {account}, who lacks {}: run `GRANT {RIGHTS} ON {database_name}.* TO {account}`",
        missing.join(", ")
    )))
}

/// What it means that a step failed: whether the user may change tables, the server says then.
pub(super) fn explain(conn: &mut MysqlConnection, error: OpenError) -> OpenError {
    let OpenError::Database(cause) = &error else {
        return error;
    };
    let text = cause.to_string();
    let (
        Some(right),
        Ok(Account {
            account,
            database_name,
        }),
    ) = (denied(&text), account(conn))
    else {
        return error;
    };
    OpenError::Unfit(format!(
        "names a user, {account}, who lacks {right} on the database `{database_name}`, where the session tables are to be made or \
         brought up to date: run `GRANT {CHANGES}, {RIGHTS} ON {database_name}.* TO {account}`, or launch once as a user \
         who has them"
    ))
}

/// The right that a statement lacked, if that is what the server says.
fn denied(text: &str) -> Option<&str> {
    let (right, _) = text.split_once(" command denied to user")?;
    Some(right)
}

fn account(conn: &mut MysqlConnection) -> QueryResult<Account> {
    diesel::sql_query(
        "SELECT CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') AS account, DATABASE() AS database_name",
    )
    .get_result(conn)
}

/// The columns of these tables.
pub(super) fn columns(conn: &mut MysqlConnection, names: &[&str]) -> QueryResult<Vec<Column>> {
    let names = names.join("', '");
    diesel::sql_query(format!(
        "SELECT table_name AS table_name, column_name AS name, data_type AS kind,
                is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%auto_increment%'
                AND extra NOT LIKE '%GENERATED%' AS needed
         FROM information_schema.columns
         WHERE table_schema = DATABASE() AND table_name IN ('{names}')"
    ))
    .load(conn)
}

/// Those of these tables that are views.
pub(super) fn views(conn: &mut MysqlConnection, names: &[&str]) -> QueryResult<Vec<String>> {
    let names = names.join("', '");
    let found: Vec<Name> = diesel::sql_query(format!(
        "SELECT table_name AS name FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name IN ('{names}') AND table_type LIKE '%VIEW'
         ORDER BY table_name"
    ))
    .load(conn)?;
    Ok(found.into_iter().map(|view| view.name).collect())
}

/// The indexes of these tables.
pub(super) fn indexes(conn: &mut MysqlConnection, names: &[&str]) -> QueryResult<Vec<Index>> {
    let names = names.join("', '");
    diesel::sql_query(format!(
        "SELECT table_name AS table_name, MAX(non_unique) = 0 AS is_unique,
                GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ',') AS parts
         FROM information_schema.statistics
         WHERE table_schema = DATABASE() AND table_name IN ('{names}')
         GROUP BY table_name, index_name"
    ))
    .load(conn)
}

/// Refuses tables of an engine without transactions, or without anything on the disk.
pub(super) fn check_engines(conn: &mut MysqlConnection, names: &[&str]) -> Result<(), OpenError> {
    let names = names.join("', '");
    let others: Vec<Unfit> = diesel::sql_query(format!(
        "SELECT table_name AS name, engine AS found FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name IN ('{names}') AND engine <> 'InnoDB'
         ORDER BY table_name"
    ))
    .load(conn)?;
    let Some(Unfit { name, found }) = others.first() else {
        return Ok(());
    };
    let repair: Vec<String> = others
        .iter()
        .map(|table| format!("ALTER TABLE {} ENGINE = InnoDB", table.name))
        .collect();
    Err(OpenError::Unfit(format!(
        "leads to the table `{name}` of the engine {found}, which undoes nothing and loses rows in a crash: run `{}`",
        repair.join("; ")
    )))
}

/// Refuses columns that somebody has converted: they cannot hold every character, or take two users
/// for one.
pub(super) fn check_collations(
    conn: &mut MysqlConnection,
    names: &[&str],
) -> Result<(), OpenError> {
    let names = names.join("', '");
    let converted: Vec<Unfit> = diesel::sql_query(format!(
        "SELECT CONCAT(table_name, '.', column_name) AS name, collation_name AS found
         FROM information_schema.columns
         WHERE table_schema = DATABASE() AND table_name IN ('{names}')
           AND (character_set_name <> 'utf8mb4' OR collation_name NOT LIKE '%\\_bin')
         ORDER BY table_name, ordinal_position LIMIT 1"
    ))
    .load(conn)?;
    let Some(Unfit { name, found }) = converted.first() else {
        return Ok(());
    };
    let table = name.split('.').next().unwrap_or_default();
    Err(OpenError::Unfit(format!(
        "leads to tables that were converted: `{name}` has the collation `{found}`, which does not have every character \
         or takes different ones for equal: run `ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE \
         utf8mb4_nopad_bin`"
    )))
}
