//! Where the tables are, and what the user may do with them: the first schema of the `search_path`,
//! no other: a table of the same name in a later schema belongs to another application.

use diesel::prelude::{PgConnection, QueryableByName, RunQueryDsl};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Nullable, Text};

use crate::store::OpenError;
use crate::store::schema::{Column, Index};

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

/// A table.
#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A table that the user has not got this right to.
#[derive(QueryableByName)]
struct Denied {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    right: String,
}

/// A table that belongs to another user.
#[derive(QueryableByName)]
struct Owned {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    owner: String,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    value: bool,
}

fn surroundings(conn: &mut PgConnection) -> QueryResult<Surroundings> {
    diesel::sql_query(
        "SELECT current_setting('search_path') AS search_path, current_schema()::text AS schema,
                current_user::text AS role, current_database()::text AS database,
                current_setting('server_encoding') AS encoding",
    )
    .get_result(conn)
}

/// Refuses a database that cannot hold every character, and a `search_path` whose first schema is
/// not used.
pub(super) fn check(conn: &mut PgConnection) -> Result<(), OpenError> {
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
    if wanted.starts_with("pg_") || wanted == "information_schema" {
        return Err(OpenError::Unfit(format!(
            "leads to the schema `{wanted}`, the first in the `search_path`, which is PostgreSQL's own: put the schema of the \
             session tables first, as in `postgres://user:password@host/app?options=-csearch_path%3Dpublic`"
        )));
    }
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

fn exists(conn: &mut PgConnection, schema: &str) -> QueryResult<bool> {
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

/// The longest name of a schema, in bytes; PostgreSQL cuts off the rest, here and in its catalogue.
const LONGEST: usize = 63;

/// Reads the setting as PostgreSQL prints it.
fn first_schema(search_path: &str, role: &str) -> Option<First> {
    let mut names = names(search_path).into_iter();
    let first = names.next().filter(|name| !name.is_empty())?;
    Some(if first == "$user" {
        First::OwnOr(role.to_owned(), names.next())
    } else {
        First::Named(first)
    })
}

/// The names in a list; within quotes a comma is part of one, and two quotes are one.
fn names(list: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for letter in list.chars() {
        quoted ^= letter == '"';
        match parts.last_mut() {
            Some(part) if quoted || letter != ',' => part.push(letter),
            _ => parts.push(String::new()),
        }
    }
    let name = |part: String| {
        let part = part.trim();
        let quoted = part
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        let mut name = match quoted {
            Some(name) => name.replace("\"\"", "\""),
            None => part.to_lowercase(),
        };
        name.truncate(name.floor_char_boundary(LONGEST));
        name
    };
    parts.into_iter().map(name).collect()
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
pub(super) fn tables(conn: &mut PgConnection, names: &[&str]) -> QueryResult<Vec<String>> {
    let names = names.join("', '");
    let found: Vec<Name> = diesel::sql_query(format!(
        "SELECT relname::text AS name FROM pg_class
         WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relname IN ('{names}')
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
         ORDER BY relname"
    ))
    .load(conn)?;
    Ok(found.into_iter().map(|table| table.name).collect())
}

/// The columns of these tables.
pub(super) fn columns(conn: &mut PgConnection, names: &[&str]) -> QueryResult<Vec<Column>> {
    let names = names.join("', '");
    diesel::sql_query(format!(
        "SELECT relname::text AS table_name, attname::text AS name, format_type(atttypid, NULL) AS kind,
                attnotnull AND NOT atthasdef AND attidentity = '' AS needed
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE relname IN ('{names}') AND attnum > 0 AND NOT attisdropped
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    ))
    .load(conn)
}

/// Those of these tables that are none.
pub(super) fn views(conn: &mut PgConnection, names: &[&str]) -> QueryResult<Vec<String>> {
    let names = names.join("', '");
    let found: Vec<Name> = diesel::sql_query(format!(
        "SELECT relname::text AS name FROM pg_class
         WHERE relkind IN ('v', 'm', 'f') AND relname IN ('{names}')
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
         ORDER BY relname"
    ))
    .load(conn)?;
    Ok(found.into_iter().map(|view| view.name).collect())
}

/// The indexes of these tables: valid ones over all rows, of columns alone.
pub(super) fn indexes(conn: &mut PgConnection, names: &[&str]) -> QueryResult<Vec<Index>> {
    let names = names.join("', '");
    diesel::sql_query(format!(
        "SELECT relname::text AS table_name, indisunique AS is_unique,
                (SELECT string_agg(attname::text, ',' ORDER BY part.at)
                 FROM unnest(indkey::int2[]) WITH ORDINALITY AS part (number, at)
                 JOIN pg_attribute ON attrelid = indrelid AND attnum = part.number
                 WHERE part.at <= indnkeyatts) AS parts
         FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
         WHERE relname IN ('{names}') AND indisvalid AND indpred IS NULL AND indexprs IS NULL
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    ))
    .load(conn)
}

/// The later schema of the `search_path` that has session tables too: whoever meant those finds no
/// session in ours.
pub(super) fn others(conn: &mut PgConnection) -> QueryResult<Option<String>> {
    let others: Vec<Name> = diesel::sql_query(
        "SELECT nspname::text AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE relname = 'session_schema' AND nspname = ANY (current_schemas(false)) AND nspname <> current_schema()
         ORDER BY nspname LIMIT 1",
    )
    .load(conn)?;
    let Some(Name { name }) = others.first() else {
        return Ok(None);
    };
    let schema = surroundings(conn)?.schema.unwrap_or_default();
    Ok(Some(format!(
        "new session tables were made in the schema `{schema}`, while the schema `{name}`, a later one in the `search_path`, has \
         session tables too: if those were meant, put `{name}` first"
    )))
}

/// Refuses tables that a crash of the server empties.
pub(super) fn check_logged(conn: &mut PgConnection, names: &[&str]) -> Result<(), OpenError> {
    let names = names.join("', '");
    let unlogged: Vec<Name> = diesel::sql_query(format!(
        "SELECT quote_ident(current_schema()) || '.' || relname AS name FROM pg_class
         WHERE relname IN ('{names}') AND relpersistence = 'u'
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
         ORDER BY relname"
    ))
    .load(conn)?;
    let Some(Name { name }) = unlogged.first() else {
        return Ok(());
    };
    let repair: Vec<String> = unlogged
        .iter()
        .map(|table| format!("ALTER TABLE {} SET LOGGED", table.name))
        .collect();
    Err(OpenError::Unfit(format!(
        "leads to the table `{name}`, which is UNLOGGED, so that a crash of the server empties it: run `{}`",
        repair.join("; ")
    )))
}

/// Refuses to go on without a right to one of these tables.
pub(super) fn check_rights(conn: &mut PgConnection, found: &[String]) -> Result<(), OpenError> {
    let names = found.join("', '");
    let missing: Vec<Denied> = diesel::sql_query(format!(
        "SELECT relname::text AS name, granted AS \"right\"
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
        .map(|Denied { name, right }| format!("{right} on `{schema}.{name}`"))
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
    conn: &mut PgConnection,
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
    let owners: Vec<Owned> = diesel::sql_query(format!(
        "SELECT relname::text AS name, pg_get_userbyid(relowner)::text AS owner FROM pg_class
         WHERE relname IN ('{names}') AND NOT pg_has_role(relowner, 'USAGE')
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
         ORDER BY relname LIMIT 1"
    ))
    .load(conn)?;
    match owners.first() {
        None => Ok(()),
        Some(Owned { name, owner }) => Err(OpenError::Unfit(format!(
            "names a user, `{role}`, who does not own the table `{schema}.{name}`, {why}: launch once as its owner \
             `{owner}`, or run `GRANT {} TO {}`",
            quoted(owner),
            quoted(&role),
        ))),
    }
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
            (r#""a,b", public"#, named("a,b")),
            (r#""a"",""b",public"#, named(r#"a","b"#)),
            (&format!("{}\u{e9}", "x".repeat(62)), named(&"x".repeat(62))),
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
