//! Rights that are taken away one by one: each launch says which one is missing, and the statement
//! that it shows mends it.

use std::path::Path;

use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server, body::OK};

use super::refused::refusal;

session_tests::on_both! {
    a_user_without_rights_is_led_to_a_launch_step_by_step
    each_right_to_each_table_is_asked_for_at_launch
    tables_of_a_former_version_are_altered_by_whoever_may
}

/// The tables, and who may do all with them.
const TABLES: [&str; 4] = [
    "session_counter",
    "session_info",
    "session_key",
    "session_revocation",
];

/// A database of its own, and a user without any right to it.
struct Place {
    admin: Database,
    /// With the administrator.
    owner: String,
    /// With the user.
    url: String,
    /// The schema or the database.
    name: String,
    /// The user, as it stands in a `GRANT`.
    user: String,
}

impl Place {
    fn new(backend: Backend, test: &str) -> Self {
        let server = DatabaseServer::shared(backend);
        let owner = server.database(Path::new(test));
        let mut admin = Database::connect(&server.admin());
        let (name, login) = match backend {
            Backend::Mariadb => (owner.rsplit('/').next(), test.to_owned()),
            Backend::Postgres | Backend::Sqlite => (owner.rsplit("%3D").next(), test.to_owned()),
        };
        let name = name.expect("a name").to_owned();
        let user = match backend {
            Backend::Mariadb => format!("'{login}'@'%'"),
            Backend::Postgres | Backend::Sqlite => login.clone(),
        };
        admin.execute(&match backend {
            Backend::Mariadb => format!("CREATE USER {user} IDENTIFIED BY 'reads'"),
            Backend::Postgres | Backend::Sqlite => {
                format!("CREATE ROLE {user} LOGIN PASSWORD 'reads'")
            }
        });
        Self {
            admin,
            url: server.url(&format!("{login}:reads"), &name),
            owner,
            name,
            user,
        }
    }

    /// A table as it stands in a statement.
    fn table(&self, table: &str) -> String {
        format!("{}.{table}", self.name)
    }

    /// Runs the statement that a message shows; `app.*` and `user` stand for what the reader has.
    fn obey(&mut self, message: &str) {
        let (_, rest) = message.split_once("`GRANT").expect("a statement");
        let statement = rest.split('`').next().expect("its end");
        let statement = if message.contains("MariaDB: `GRANT") {
            let (_, rest) = message.split_once("MariaDB: `GRANT").expect("a statement");
            let statement = rest.split('`').next().expect("its end");
            statement
                .replace("app.*", &format!("{}.*", self.name))
                .replace("TO user", &format!("TO {}", self.user))
        } else {
            statement.to_owned()
        };
        self.admin.execute(&format!("GRANT{statement}"));
    }
}

async fn a_user_without_rights_is_led_to_a_launch_step_by_step(backend: Backend) {
    let mut place = Place::new(backend, "step_by_step");
    let (name, user) = (place.name.clone(), place.user.clone());
    let messages = match backend {
        Backend::Mariadb => vec![format!(
            "does not let us in (Access denied for user {user} to database '{name}'); let the user in (PostgreSQL: \
                 `GRANT CONNECT ON DATABASE app TO user`; MariaDB: `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, \
                 INDEX ON app.* TO user`), or name another database in the URL \
                 (`session_runtime::guide::databases` says more)"
        )],
        Backend::Postgres | Backend::Sqlite => vec![
            format!(
                "`sessions.database` leads to the schema `{name}`, the first in the `search_path`, which the user \
                 `step_by_step` may not use: run `GRANT USAGE ON SCHEMA {name} TO step_by_step` \
                 (`session_runtime::guide::databases` says more)"
            ),
            format!(
                "`sessions.database` names a user, `step_by_step`, who lacks CREATE on the schema `{name}`, which is to get \
                 the session tables: run `GRANT CREATE ON SCHEMA {name} TO step_by_step`, or launch once as a user who \
                 has it (`session_runtime::guide::databases` says more)"
            ),
        ],
    };
    for message in messages {
        let said = refusal(&place.url).await.expect("no launch");
        assert!(said.ends_with(&message), "{said}");
        place.obey(&said);
    }
    let server = Server::builder().on_url(&place.url).start().await;
    server.browser().log_in("ada").await.expect(200, OK);
}

async fn each_right_to_each_table_is_asked_for_at_launch(backend: Backend) {
    let mut place = Place::new(backend, "each_right");
    let (name, user) = (place.name.clone(), place.user.clone());
    // The tables are another's, as after a migration by hand.
    drop(Server::builder().on_url(&place.owner).start().await);
    let mut tables = TABLES.to_vec();
    match backend {
        Backend::Mariadb => {
            tables.push("session_user_lock");
            place.admin.execute(&format!(
                "GRANT SELECT ON {name}.session_schema TO {user}"
            ));
        }
        Backend::Postgres | Backend::Sqlite => place.admin.execute(&format!(
            "GRANT USAGE ON SCHEMA {name} TO {user}; GRANT SELECT ON {name}.session_schema TO {user}"
        )),
    }
    for table in &tables {
        let table = place.table(table);
        place.admin.execute(&format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {user}"
        ));
    }
    assert_eq!(refusal(&place.url).await, None);
    for table in tables {
        for right in ["SELECT", "INSERT", "UPDATE", "DELETE"] {
            let full = place.table(table);
            place
                .admin
                .execute(&format!("REVOKE {right} ON {full} FROM {user}"));
            let said = refusal(&place.url).await.expect("no launch");
            let shown = match backend {
                Backend::Mariadb => table.to_owned(),
                Backend::Postgres | Backend::Sqlite => full.clone(),
            };
            let expected = format!("who lacks {right} on `{shown}`: ");
            assert!(said.contains(&expected), "{said}");
            assert!(said.contains(" TO "), "{said}");
            place
                .admin
                .execute(&format!("GRANT {right} ON {full} TO {user}"));
        }
    }
    // Several at once, and the statement that is shown.
    for table in ["session_info", "session_key"] {
        let table = place.table(table);
        place
            .admin
            .execute(&format!("REVOKE INSERT, DELETE ON {table} FROM {user}"));
    }
    let said = refusal(&place.url).await.expect("no launch");
    assert_eq!(
        said,
        match backend {
            Backend::Mariadb => format!(
                "`sessions.database` names a user, {user}, who lacks INSERT on `session_info`, DELETE on `session_info`, \
                 INSERT on `session_key`, DELETE on `session_key`: run `GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* \
                 TO {user}` (`session_runtime::guide::databases` says more)"
            ),
            Backend::Postgres | Backend::Sqlite => format!(
                "`sessions.database` names a user, `{user}`, who lacks DELETE on `{name}.session_info`, INSERT on \
                 `{name}.session_info`, DELETE on `{name}.session_key`, INSERT on `{name}.session_key`: as the owner of \
                 the tables run `GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.session_counter, {name}.session_info, \
                 {name}.session_key, {name}.session_revocation, {name}.session_schema TO {user}` \
                 (`session_runtime::guide::databases` says more)"
            ),
        }
    );
    place.obey(&said);
    assert_eq!(refusal(&place.url).await, None);

    let versions = place.table("session_schema");
    match backend {
        Backend::Mariadb => place.admin.execute(&format!(
            "REVOKE SELECT ON {name}.* FROM {user}; REVOKE SELECT ON {versions} FROM {user}; \
             GRANT INSERT ON {versions} TO {user}"
        )),
        Backend::Postgres | Backend::Sqlite => place
            .admin
            .execute(&format!("REVOKE SELECT ON {versions} FROM {user}")),
    }
    let said = refusal(&place.url).await.expect("no launch");
    assert!(said.contains("session_schema`: "), "{said}");
    place.obey(&said);
    assert_eq!(refusal(&place.url).await, None);
}

async fn tables_of_a_former_version_are_altered_by_whoever_may(backend: Backend) {
    let mut place = Place::new(backend, "former");
    let (name, user) = (place.name.clone(), place.user.clone());
    match backend {
        // It may make tables, and not alter them.
        Backend::Mariadb => {
            place.admin.execute(&format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON {name}.* TO {user}"
            ));
            let said = refusal(&place.url).await.expect("no launch");
            assert_eq!(
                said,
                format!(
                    "`sessions.database` names a user, {user}, who lacks ALTER on the database `{name}`, where the session \
                     tables are to be made or brought up to date: run `GRANT CREATE, ALTER, INDEX, SELECT, INSERT, UPDATE, \
                     DELETE ON {name}.* TO {user}`, or launch once as a user who has them \
                     (`session_runtime::guide::databases` says more)"
                )
            );
            place.obey(&said);
            assert_eq!(refusal(&place.url).await, None);
        }
        Backend::Postgres | Backend::Sqlite => {
            drop(Server::builder().on_url(&place.owner).start().await);
            place.admin.execute(&format!(
                "GRANT USAGE, CREATE ON SCHEMA {name} TO {user};
                 GRANT ALL ON ALL TABLES IN SCHEMA {name} TO {user};
                 UPDATE {name}.session_schema SET version = 1"
            ));
            let said = refusal(&place.url).await.expect("no launch");
            assert_eq!(
                said,
                format!(
                    "`sessions.database` names a user, `{user}`, who does not own the table `{name}.session_counter`, whose \
                     session tables of version 1 are to be brought up to date: launch once as its owner `sessions`, or \
                     run `GRANT sessions TO {user}` (`session_runtime::guide::databases` says more)"
                )
            );
        }
    }
}
