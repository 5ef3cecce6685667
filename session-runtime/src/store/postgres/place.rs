//! Where the tables are, and what the user may do with them: the first schema of the `search_path`, no other,
//! for a table of the same name in a later one is somebody else's.

use diesel::prelude::{QueryableByName, RunQueryDsl};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Nullable, Text};

use super::{Connection, Setting};
use crate::store::OpenError;

/// Where sessions find a place of their own.
pub(super) const ELSEWHERE: &str = "schema of their own, as in `postgres://user:password@host/app?options=-csearch_path%3Dsessions`";

/// What the sessions' tables are used for.
const RIGHTS: &str = "SELECT, INSERT, UPDATE, DELETE";

#[derive(QueryableByName)]
struct Surroundings {
    #[diesel(sql_type = Text)]
    search_path: String,
    #[diesel(sql_type = Nullable<Text>)]
    schema: Option<String>,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    database: String,
    #[diesel(sql_type = Text)]
    encoding: String,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    value: bool,
}

fn surroundings(conn: &mut Connection) -> QueryResult<Surroundings> {
    diesel::sql_query(
        "SELECT current_setting('search_path') AS search_path, current_schema()::text AS schema,
                current_user::text AS role, current_database()::text AS database,
                current_setting('server_encoding') AS encoding",
    )
    .get_result(conn)
}

/// Refuses a database that cannot hold every character, and a `search_path` whose first schema is not used.
pub(super) fn check(conn: &mut Connection) -> Result<(), OpenError> {
    let found = surroundings(conn)?;
    // Without an encoding the server keeps what it gets, which is UTF-8.
    if !matches!(found.encoding.as_str(), "UTF8" | "SQL_ASCII") {
        return Err(OpenError::Unfit(format!(
            "names the database `{database}`, whose encoding {encoding} does not have every character: make another, with \
             `CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0`",
            database = found.database,
            encoding = found.encoding,
            name = quoted(&format!("{}_utf8", found.database)),
        )));
    }
    let Some(wanted) = first_schema(&found.search_path, &found.role) else {
        return Err(OpenError::Unfit(
            "names a database in which the user's `search_path` is empty: name a schema, as in \
             `postgres://user:password@host/app?options=-csearch_path%3Dsessions`"
                .into(),
        ));
    };
    let wanted = match wanted {
        First::Named(name) => name,
        // The default: a schema of the user's name if there is one, else the next.
        First::OwnOr(name, next) => match (exists(conn, &name)?, next) {
            (false, Some(next)) => next,
            _ => name,
        },
    };
    if found.schema.as_ref() == Some(&wanted) {
        return Ok(());
    }
    let (schema, role) = (quoted(&wanted), quoted(&found.role));
    Err(OpenError::Unfit(if exists(conn, &wanted)? {
        format!(
            "leads to the schema `{wanted}`, the first in the `search_path`, which the user `{}` may not use: run \
             `GRANT USAGE ON SCHEMA {schema} TO {role}`",
            found.role
        )
    } else {
        format!(
            "leads to the schema `{wanted}`, the first in the `search_path`, which does not exist: run \
             `CREATE SCHEMA {schema} AUTHORIZATION {role}`, or name another"
        )
    }))
}

fn exists(conn: &mut Connection, schema: &str) -> QueryResult<bool> {
    diesel::sql_query("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1) AS value")
        .bind::<Text, _>(schema)
        .get_result::<Answer>(conn)
        .map(|answer| answer.value)
}

/// What a `search_path` begins with.
#[derive(Debug, PartialEq, Eq)]
enum First {
    Named(String),
    /// `"$user"`, and the schema after it.
    OwnOr(String, Option<String>),
}

/// Reads the setting as PostgreSQL prints it.
fn first_schema(search_path: &str, role: &str) -> Option<First> {
    let mut names = search_path.split(',').map(str::trim).map(|name| {
        match name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
        {
            Some(name) => name.replace("\"\"", "\""),
            None => name.to_lowercase(),
        }
    });
    let first = names.next().filter(|name| !name.is_empty())?;
    Some(if first == "$user" {
        First::OwnOr(role.to_owned(), names.next())
    } else {
        First::Named(first)
    })
}

/// A name as it stands in a statement.
fn quoted(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain && !name.starts_with(|first: char| first.is_ascii_digit()) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// Those of these tables that there are in the schema that ours belong in.
pub(super) fn tables(conn: &mut Connection, names: &[&str]) -> QueryResult<Vec<String>> {
    let names = names.join("', '");
    let found: Vec<Setting> = diesel::sql_query(format!(
        "SELECT relname::text AS name, '' AS setting FROM pg_class
         WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relname IN ('{names}')
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
         ORDER BY relname"
    ))
    .load(conn)?;
    Ok(found.into_iter().map(|table| table.name).collect())
}

/// Refuses to go on without a right to one of these tables.
pub(super) fn check_rights(conn: &mut Connection, found: &[String]) -> Result<(), OpenError> {
    let names = found.join("', '");
    let missing: Vec<Setting> = diesel::sql_query(format!(
        "SELECT relname::text AS name, granted AS setting
         FROM pg_class, unnest(string_to_array('{RIGHTS}', ', ')) AS granted
         WHERE relname IN ('{names}') AND NOT has_table_privilege(pg_class.oid, granted)
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
           AND (relname <> 'session_schema' OR granted = 'SELECT')
         ORDER BY relname, granted"
    ))
    .load(conn)?;
    if missing.is_empty() {
        return Ok(());
    }
    let around = surroundings(conn)?;
    let schema = quoted(&around.schema.unwrap_or_default());
    let lacks: Vec<String> = missing
        .iter()
        .map(|right| format!("{} on `{schema}.{}`", right.setting, right.name))
        .collect();
    let tables: Vec<String> = found
        .iter()
        .map(|name| format!("{schema}.{name}"))
        .collect();
    Err(OpenError::Unfit(format!(
        "names a user, `{role}`, who lacks {lacks}: as the owner of the tables run \
         `GRANT {RIGHTS} ON {tables} TO {grantee}`",
        role = around.role,
        lacks = lacks.join(", "),
        tables = tables.join(", "),
        grantee = quoted(&around.role),
    )))
}

/// Refuses to make or alter tables without the right to it, and says which that is.
pub(super) fn may_change(
    conn: &mut Connection,
    done: usize,
    found: &[String],
) -> Result<(), OpenError> {
    let names = found.join("', '");
    let around = surroundings(conn)?;
    let (role, schema) = (around.role, around.schema.unwrap_or_default());
    let why = if done == 0 {
        "which is to get the session tables".to_owned()
    } else {
        format!("whose session tables of version {done} are to be brought up to date")
    };
    let may = diesel::sql_query("SELECT has_schema_privilege(current_schema(), 'CREATE') AS value");
    if !may.get_result::<Answer>(conn)?.value {
        return Err(OpenError::Unfit(format!(
            "names a user, `{role}`, who lacks CREATE on the schema `{schema}`, {why}: run \
             `GRANT CREATE ON SCHEMA {} TO {}`, or launch once as a user who has it",
            quoted(&schema),
            quoted(&role),
        )));
    }
    let owners: Vec<Setting> = diesel::sql_query(format!(
        "SELECT relname::text AS name, pg_get_userbyid(relowner)::text AS setting FROM pg_class
         WHERE relname IN ('{names}') AND NOT pg_has_role(relowner, 'USAGE')
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
         ORDER BY relname LIMIT 1"
    ))
    .load(conn)?;
    match owners.first() {
        None => Ok(()),
        Some(Setting { name, setting }) => Err(OpenError::Unfit(format!(
            "names a user, `{role}`, who does not own the table `{schema}.{name}`, {why}: launch once as its owner \
             `{setting}`, or run `GRANT {} TO {}`",
            quoted(setting),
            quoted(&role),
        ))),
    }
}

/// The encoding is the whole database's, and was looked at.
pub(super) fn check_columns(_: &mut Connection, _names: &[&str]) -> Result<(), OpenError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{First, first_schema, quoted};

    #[test]
    fn the_first_schema_is_found_in_the_setting() {
        let named = |name: &str| Some(First::Named(name.to_owned()));
        let own =
            |next: Option<&str>| Some(First::OwnOr("ada".to_owned(), next.map(str::to_owned)));
        for (setting, first) in [
            ("public", named("public")),
            ("own,public", named("own")),
            ("Own, public", named("own")),
            (r#""Own Place", public"#, named("Own Place")),
            (r#""say ""hi""""#, named(r#"say "hi""#)),
            (r#""$user", public"#, own(Some("public"))),
            ("$user,public", own(Some("public"))),
            (r#""$user""#, own(None)),
            ("", None),
            (r#""""#, None),
        ] {
            assert_eq!(first_schema(setting, "ada"), first, "{setting}");
        }
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for (name, written) in [
            ("app_2", "app_2"),
            ("2app", r#""2app""#),
            ("App", r#""App""#),
            (r#"a"b"#, r#""a""b""#),
        ] {
            assert_eq!(quoted(name), written);
        }
    }
}
