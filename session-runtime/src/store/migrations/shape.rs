//! Whether the tables are what their version says: somebody may have dropped, altered or emptied
//! one.

use super::super::OpenError;
use super::super::backend::Backend;
use super::super::schema::{COLUMNS, Column, INDEXES, Index, KEYS, VERSIONS};

/// Refuses to go on without one of these tables.
pub(super) fn check_tables(
    version: usize,
    names: &[&str],
    found: &[String],
) -> Result<(), OpenError> {
    let mut missing = names
        .iter()
        .filter(|name| !found.iter().any(|table| table == *name));
    match missing.next() {
        None => Ok(()),
        Some(table) => Err(incomplete(version, &format!("no table `{table}`"))),
    }
}

/// Refuses to go on without one of the columns of the newest version, or with one of another type.
pub(super) fn check_columns(conn: &mut dyn Backend, names: &[&str]) -> Result<(), OpenError> {
    let version = conn.steps().len();
    let found = conn.columns(names)?;
    for (table, name, kind) in COLUMNS.iter().chain(conn.own_columns()) {
        let types = conn.types(kind);
        let column = found
            .iter()
            .find(|column| column.table_name == *table && column.name == *name);
        match column {
            None => {
                let problem = format!("no column `{table}.{name}`");
                return Err(incomplete(version, &problem));
            }
            Some(Column { kind, .. }) if !types.contains(&kind.as_str()) => {
                let problem = format!(
                    "a column `{table}.{name}` of the type `{kind}`, not `{}`",
                    types[0]
                );
                return Err(incomplete(version, &problem));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Refuses an added column that is NOT NULL without a default, because our inserts do not set it.
pub(super) fn check_additions(conn: &mut dyn Backend, names: &[&str]) -> Result<(), OpenError> {
    let found = conn.columns(names)?;
    let own = conn.own_columns();
    let is_ours = |column: &Column| {
        let mut ours = COLUMNS.iter().chain(own);
        column.table_name == VERSIONS
            || ours.any(|(table, name, _)| column.table_name == *table && column.name == *name)
    };
    let foreign = found
        .iter()
        .find(|column| column.needed && !is_ours(column));
    match foreign {
        None => Ok(()),
        Some(Column {
            table_name, name, ..
        }) => Err(OpenError::Unfit(format!(
            "has session tables with a column `{table_name}.{name}` of somebody else that is NOT NULL without a default, so that \
             nothing can be stored: run `ALTER TABLE {table_name} DROP COLUMN {name}`, or give it a default"
        ))),
    }
}

/// Refuses to go on without a primary key, which keeps rows from being there twice, or without an
/// index, under whatever name.
pub(super) fn check_indexes(conn: &mut dyn Backend, names: &[&str]) -> Result<(), OpenError> {
    let found = conn.indexes(names)?;
    for (table, columns) in KEYS.iter().chain(conn.own_keys()) {
        let is_key = |index: &Index| {
            index.table_name == *table && index.is_unique && is_of(&index.parts, columns)
        };
        if !found.iter().any(is_key) {
            return Err(OpenError::Unfit(format!(
                "has session tables without the primary key of `{table}`, which keeps a row from being there twice: run `{}`",
                conn.make_key(table, &columns.replace(',', ", "))
            )));
        }
    }
    for (name, table, column) in INDEXES {
        let begins = |index: &Index| {
            index.table_name == table && index.parts.split(',').next() == Some(column)
        };
        if !found.iter().any(begins) {
            return Err(OpenError::Unfit(format!(
                "has session tables without an index on `{table}.{column}`, so that each query would read all rows: run \
                 `CREATE INDEX {name} ON {table} ({column})`"
            )));
        }
    }
    Ok(())
}

/// Whether an index is of just these columns, in whatever order.
fn is_of(parts: &str, columns: &str) -> bool {
    let sorted = |names: &str| {
        let mut names: Vec<_> = names.split(',').map(str::to_owned).collect();
        names.sort();
        names
    };
    sorted(parts) == sorted(columns)
}

/// For a view that has taken the name of a table.
pub(super) fn view(name: &str) -> OpenError {
    OpenError::Unfit(format!(
        "has a view `{name}` where sessions have a table: run `DROP VIEW {name}` and give the table its name back, with \
         `ALTER TABLE .. RENAME TO {name}`"
    ))
}

/// For session tables without the table of their version.
pub(super) fn unversioned(make_versions: &str, known: usize) -> OpenError {
    OpenError::Unfit(format!(
        "has session tables without `session_schema`, which says their version: run `{make_versions}; INSERT INTO \
         session_schema (version) VALUES ({known})` if this program made them or brought them up to date, else restore a \
         backup"
    ))
}

/// For a version that never existed.
pub(super) fn no_version(found: i64, known: usize) -> OpenError {
    OpenError::Unfit(format!(
        "has the version {found} in `session_schema`, which there is not: run `UPDATE session_schema SET version = {known}` if \
         this program made the session tables or brought them up to date, else restore a backup"
    ))
}

/// For a version that is lower than that of the tables.
pub(super) fn too_low(found: usize, known: usize) -> OpenError {
    OpenError::Unfit(format!(
        "has the version {found} in `session_schema`, but session tables of version {known}: somebody has set it back. Run \
         `UPDATE session_schema SET version = {known}`"
    ))
}

/// For an empty table of the version.
pub(super) fn emptied(known: usize) -> OpenError {
    OpenError::Unfit(format!(
        "has session tables and an empty `session_schema`, which says their version: run `INSERT INTO session_schema \
         (version) VALUES ({known})` if this program made them or brought them up to date, else restore a backup"
    ))
}

fn incomplete(version: usize, problem: &str) -> OpenError {
    OpenError::Unfit(format!(
        "has session tables of version {version} with {problem}: somebody has altered them. Restore them from a backup; or \
         drop all tables `session_*`, which are then made anew, and everybody logs in again"
    ))
}
