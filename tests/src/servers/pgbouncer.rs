//! PgBouncer in transaction mode before a PostgreSQL, on loopback.

use std::net::TcpStream;
use std::time::Duration;

use super::{Control, DatabaseServer, free_port};
use crate::database::Database;

/// A pooler; it ends when this is dropped, or when the process ends.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    _control: Control,
}

impl PgBouncer {
    /// Starts a pooler that has for each database at most `size` connections of the server.
    pub fn before(server: &DatabaseServer, size: usize) -> Self {
        let port = free_port();
        let arguments = [
            port.to_string(),
            server.port().to_string(),
            size.to_string(),
        ];
        let mut control = Control::start(include_str!("pgbouncer.sh"), &arguments);
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Self {
                    port,
                    _control: control,
                };
            }
            assert!(control.is_alive(), "the pooler did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the pooler does not answer");
    }

    /// Makes an empty database; its URL through the pooler, and that of the server itself.
    pub fn database(&self, server: &DatabaseServer, name: &str) -> (String, String) {
        Database::connect(&server.admin()).execute(&format!("CREATE DATABASE {name}"));
        // Not a schema, which a parameter would have to name that the pooler refuses.
        let url = |port: u16| format!("postgres://sessions:correct@127.0.0.1:{port}/{name}");
        (url(self.port), url(server.port()))
    }
}
