//! A Galera cluster of three MariaDB nodes, each a server of its own on loopback.

use std::time::Duration;

use super::{Control, free_port, lock};
use crate::database::Database;

/// Three nodes; they end when this is dropped, or when the process ends.
#[derive(Debug)]
pub struct Galera {
    ports: [u16; 3],
    control: std::sync::Mutex<Control>,
}

impl Galera {
    /// Forms a cluster with an empty database `sessions`; takes about 15 s.
    pub fn start() -> Self {
        let ports = [(); 3].map(|()| free_port());
        // For replication and for the two ways in which a node gets what it missed.
        let inner = [(); 9].map(|()| free_port());
        let arguments: Vec<String> = ports.iter().chain(&inner).map(u16::to_string).collect();
        let control = Control::start(include_str!("galera.sh"), &arguments);
        let cluster = Self {
            ports,
            control: std::sync::Mutex::new(control),
        };
        cluster.wait(0);
        cluster.restart(1);
        cluster.restart(2);
        Database::connect(&cluster.admin(0)).execute("CREATE DATABASE sessions");
        cluster
    }

    /// The URL of the database on a node.
    pub fn url(&self, node: usize) -> String {
        Self::url_at(self.ports[node])
    }

    /// The URL of the database at the other end of what listens on `port`.
    pub fn url_at(port: u16) -> String {
        format!("mysql://sessions:correct@127.0.0.1:{port}/sessions")
    }

    /// The port on which a node listens.
    pub fn port(&self, node: usize) -> u16 {
        self.ports[node]
    }

    /// SIGKILL for a node.
    pub fn crash(&self, node: usize) {
        lock(&self.control).command(&format!("crash {node}"));
    }

    /// Starts a node again, and waits until it has what it missed.
    pub fn restart(&self, node: usize) {
        lock(&self.control).command(&format!("start {node}"));
        self.wait(node);
    }

    fn admin(&self, node: usize) -> String {
        let port = self.ports[node];
        format!("mysql://sessions:correct@127.0.0.1:{port}/mysql")
    }

    fn wait(&self, node: usize) {
        for _ in 0..1200 {
            let conn = Database::try_connect(&self.admin(node));
            // A node that has not caught up refuses every statement.
            if conn.is_some_and(|mut conn| {
                conn.try_execute("DO (SELECT count(*) FROM mysql.global_priv)")
            }) {
                return;
            }
            assert!(lock(&self.control).is_alive(), "a node did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("node {node} does not answer");
    }
}
