//! Row level security: a policy that hides a row hides a revocation.

use diesel::prelude::{PgConnection, QueryableByName, RunQueryDsl};
use diesel::result::QueryResult;
use diesel::sql_types::Text;

/// A table, and the user whom its policies bind; each as it stands in a statement.
#[derive(QueryableByName)]
struct Bound {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    role: String,
}

/// The first of our tables whose policies bind the user, as the rest of a message.
pub(super) fn hidden_rows(conn: &mut PgConnection) -> QueryResult<Option<String>> {
    let bound: Vec<Bound> = diesel::sql_query(
        "SELECT quote_ident(current_schema()) || '.' || relname AS name, quote_ident(current_user) AS role
         FROM pg_class
         WHERE relname IN ('session_counter', 'session_info', 'session_key', 'session_revocation', 'session_schema')
           AND relkind IN ('r', 'p') AND row_security_active(oid)
           AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
         ORDER BY relname LIMIT 1",
    )
    .load(conn)?;
    Ok(bound.first().map(|Bound { name, role }| {
        format!(
            "leads to the table `{name}`, whose row level security binds the user `{role}`: sessions and revocations \
             that a policy hides would be lost. As its owner run `ALTER TABLE {name} DISABLE ROW LEVEL SECURITY`, or \
             as a superuser `ALTER ROLE {role} BYPASSRLS`"
        )
    }))
}
