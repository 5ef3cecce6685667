//! Databases that go when the benchmark ends: SQLite files in a temporary folder, and servers that
//! the scripts of the tests start, here with durable commits.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use clap::ValueEnum;
use tempfile::TempDir;

use crate::Failure;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Sqlite,
    Postgres,
    Mariadb,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
        }
    }
}

/// Where databases are made: a folder, and the server beside it if there is one.
pub struct Databases {
    kind: Kind,
    folder: TempDir,
    server: Option<DatabaseServer>,
}

struct DatabaseServer {
    port: u16,
    shell: Child,
    /// The shell stops the server once this closes; `None` only while being dropped.
    input: Option<ChildStdin>,
}

impl Drop for DatabaseServer {
    fn drop(&mut self) {
        self.input = None;
        let _status = self.shell.wait();
    }
}

impl Databases {
    /// Starts a server, if this kind has one, and waits until it answers.
    pub fn start(kind: Kind) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("session-bench-")
            .tempdir()?;
        let server = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(DatabaseServer::start(
                include_str!("../../../src/servers/postgres.sh"),
                &[
                    "fsync=on",
                    "full_page_writes=on",
                    "shared_buffers=128MB",
                    "max_wal_size=1GB",
                ],
                "exec pg_isready --quiet --host=127.0.0.1 --port=$0",
            )?),
            Kind::Mariadb => Some(DatabaseServer::start(
                include_str!("../../../src/servers/mariadb.sh"),
                &[
                    "innodb-flush-log-at-trx-commit=1",
                    "innodb-buffer-pool-size=128M",
                    "innodb-log-file-size=96M",
                ],
                "exec mariadb-admin --no-defaults --silent --protocol=tcp --host=127.0.0.1 --port=$0 \
                 --user=sessions --password=correct ping >/dev/null 2>&1",
            )?),
        };
        Ok(Self {
            kind,
            folder,
            server,
        })
    }

    /// Where SQLite files are made.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of a new, empty database.
    pub fn make(&self, name: &str) -> Result<String, Failure> {
        let Some(DatabaseServer { port, .. }) = &self.server else {
            return Ok(format!(
                "sqlite://{}",
                self.folder.path().join(name).display()
            ));
        };
        let user = format!("sessions:correct@127.0.0.1:{port}");
        let (create, url) = match self.kind {
            Kind::Mariadb => (
                "mariadb --no-defaults --protocol=tcp --host=127.0.0.1 --port=$0 --user=sessions \
                 --password=correct --execute=\"CREATE DATABASE $1\"",
                format!("mysql://{user}/{name}"),
            ),
            Kind::Postgres | Kind::Sqlite => (
                "psql --quiet \"postgres://sessions:correct@127.0.0.1:$0/postgres\" --command=\"CREATE DATABASE $1\"",
                format!("postgres://{user}/{name}"),
            ),
        };
        let made = Command::new("bash")
            .args(["-c", create, &port.to_string(), name])
            .status()?;
        if !made.success() {
            return Err(format!("no database {name}: {made}").into());
        }
        Ok(url)
    }
}

impl Databases {
    /// The URL of a new database, for a user of its own that has at most so many connections.
    pub fn limited(&self, name: &str, most: u32) -> Result<String, Failure> {
        let url = self.make(name)?;
        let Some(DatabaseServer { port, .. }) = &self.server else {
            return Err("SQLite has no users".into());
        };
        let allow = match self.kind {
            Kind::Mariadb => {
                "mariadb --no-defaults --protocol=tcp --host=127.0.0.1 --port=$0 --user=sessions --password=correct \
                 --execute=\"CREATE USER '$1'@'%' IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS $2;
                            GRANT ALL ON $1.* TO '$1'@'%'\""
            }
            Kind::Postgres | Kind::Sqlite => {
                "psql --quiet \"postgres://sessions:correct@127.0.0.1:$0/postgres\" \
                 --command=\"CREATE ROLE $1 LOGIN PASSWORD 'few' CONNECTION LIMIT $2\" \
                 --command=\"ALTER DATABASE $1 OWNER TO $1\""
            }
        };
        let allowed = Command::new("bash")
            .args(["-c", allow, &port.to_string(), name, &most.to_string()])
            .status()?;
        if !allowed.success() {
            return Err(format!("no user {name}: {allowed}").into());
        }
        Ok(url.replace("sessions:correct@", &format!("{name}:few@")))
    }

    /// Has the script that started the server do something: `hang`, or `go`.
    pub fn command(&mut self, command: &str) -> Result<(), Failure> {
        let server = self.server.as_mut();
        let input = server.and_then(|server| server.input.as_mut());
        Ok(writeln!(input.ok_or("SQLite has no server")?, "{command}")?)
    }
}

impl DatabaseServer {
    fn start(script: &str, settings: &[&str], answers: &str) -> Result<Self, Failure> {
        // The shell removes it: it lives longer than this process.
        let folder = tempfile::Builder::new()
            .prefix("session-bench-server-")
            .tempdir()?
            .keep();
        let port = free_port()?;
        let mut shell = Command::new("bash")
            .args(["-c", script, "server"])
            .arg(&folder)
            .arg(port.to_string())
            .args(settings)
            // Out of reach of what interrupts the benchmark: it ends when its input closes.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let input = shell.stdin.take();
        let mut server = Self { port, shell, input };
        for _ in 0..600 {
            let answer = Command::new("bash")
                .args(["-c", answers, &port.to_string()])
                .status()?;
            if answer.success() {
                return Ok(server);
            }
            if let Some(ended) = server.shell.try_wait()? {
                return Err(format!("the database server did not start: {ended}").into());
            }
            sleep(Duration::from_millis(100));
        }
        Err("the database server does not answer".into())
    }
}

/// A port that nobody listens on.
pub fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
