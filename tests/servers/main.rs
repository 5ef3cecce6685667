//! What only a database server can do to an application: die, block, deadlock, refuse. Each test runs on
//! PostgreSQL and on MariaDB, whatever `BACKEND` says.

mod blocked;
mod commit;
mod concurrent;
mod crash;
mod pooler;
mod refused;

/// One test for each server.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod postgres {
            $(
                #[rocket::async_test]
                async fn $name() {
                    super::$name(session_tests::servers::Backend::Postgres).await;
                }
            )*
        }
        mod mariadb {
            $(
                #[rocket::async_test]
                async fn $name() {
                    super::$name(session_tests::servers::Backend::Mariadb).await;
                }
            )*
        }
    };
}
use on_both;

/// A test application on a database of its own, and its URL.
async fn start(
    backend: session_tests::servers::Backend,
    name: &str,
) -> (session_tests::Server, String) {
    let server = session_tests::servers::DatabaseServer::shared(backend);
    let url = server.database(std::path::Path::new(name));
    (on(&url).await, url)
}

/// A test application on the database of a URL.
async fn on(url: &str) -> session_tests::Server {
    session_tests::Server::with(&[
        ("database", url.into()),
        ("master_key", session_tests::server::MASTER_KEY.into()),
    ])
    .await
}
