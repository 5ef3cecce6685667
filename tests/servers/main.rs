//! What only a database server can do to an application: die, block, deadlock, refuse. Each test
//! runs on PostgreSQL and on MariaDB, whatever `BACKEND` says.

mod altered;
mod blocked;
mod commit;
mod concurrent;
mod crash;
mod elsewhere;
mod few;
mod hangs;
mod one_user;
mod panics;
mod paths;
mod places;
mod pooler;
mod refused;
mod rights;
mod terminal;
mod tls;
mod turned;

use std::path::Path;

use session_tests::Server;
use session_tests::servers::{Backend, DatabaseServer};

/// A test application on a database of its own, and its URL.
async fn start(backend: Backend, name: &str) -> (Server, String) {
    let url = DatabaseServer::shared(backend).database(Path::new(name));
    (Server::builder().on_url(&url).start().await, url)
}
