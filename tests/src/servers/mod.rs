//! The database that the tests run on: SQLite, or what `BACKEND` names; a database server is
//! started in a temporary folder on a port of its own, and ends with this process, however that
//! ends.

mod galera;
mod pgbouncer;
mod standby;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::database::Database;

pub use galera::Galera;
pub use pgbouncer::PgBouncer;
pub use standby::Standby;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite, a file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    Mariadb,
}

impl Backend {
    /// What `BACKEND` names: `sqlite` (also when it is not set), `postgres` or `mariadb`.
    pub fn chosen() -> Self {
        match std::env::var("BACKEND").as_deref() {
            Err(_) | Ok("sqlite") => Self::Sqlite,
            Ok("postgres") => Self::Postgres,
            Ok("mariadb") => Self::Mariadb,
            Ok(other) => panic!("BACKEND is sqlite, postgres or mariadb, not {other}"),
        }
    }

    /// The URL of the database that stands for `file`: the file itself, or a place on the server
    /// that all tests of this process share.
    pub fn url(self, file: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", file.display()),
            Self::Postgres | Self::Mariadb => DatabaseServer::shared(self).database(file),
        }
    }
}

/// A database server; it ends when this is dropped, or when the process ends.
#[derive(Debug)]
pub struct DatabaseServer {
    backend: Backend,
    port: u16,
    /// Its databases, each made when it is first asked for.
    made: Mutex<HashSet<String>>,
    control: Mutex<Control>,
}

/// The shell that started the server and stops it once its standard input closes.
#[derive(Debug)]
struct Control {
    shell: Child,
    /// `None` only while being dropped.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Control {
    /// Runs a script with an empty folder and `arguments`.
    fn start(script: &str, arguments: &[String]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("session-test-server-")
            .tempdir()
            .expect("a folder")
            // The shell removes it: it lives longer than this process.
            .keep();
        let mut shell = Command::new("bash")
            .args(["-c", script, "server"])
            .arg(&folder)
            .args(arguments)
            // Out of reach of what interrupts or kills the tests: it ends when its input closes.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let commands = shell.stdin.take();
        let answers = BufReader::new(shell.stdout.take().expect("its output"));
        Self {
            shell,
            commands,
            answers,
        }
    }

    /// Has the shell do something, and waits until it is done.
    fn command(&mut self, command: &str) {
        let commands = self.commands.as_mut().expect("not dropped");
        writeln!(commands, "{command}").expect("the shell listens");
        let mut answer = String::new();
        self.answers
            .read_line(&mut answer)
            .expect("the shell answers");
        assert_eq!(answer, "done\n", "the server's shell has ended");
    }

    fn is_alive(&mut self) -> bool {
        self.shell.try_wait().expect("its status").is_none()
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.commands = None;
        let _status = self.shell.wait();
    }
}

impl DatabaseServer {
    /// The server that all tests of this process share.
    pub fn shared(backend: Backend) -> &'static Self {
        static POSTGRES: OnceLock<DatabaseServer> = OnceLock::new();
        static MARIADB: OnceLock<DatabaseServer> = OnceLock::new();
        let shared = match backend {
            Backend::Mariadb => &MARIADB,
            Backend::Postgres | Backend::Sqlite => &POSTGRES,
        };
        shared.get_or_init(|| Self::start(backend, &[]))
    }

    /// Starts a server with these settings on top (`name=value`), and waits until it answers.
    pub fn start(backend: Backend, settings: &[&str]) -> Self {
        let port = free_port();
        let script = match backend {
            Backend::Postgres => include_str!("postgres.sh"),
            Backend::Mariadb => include_str!("mariadb.sh"),
            Backend::Sqlite => panic!("SQLite has no server"),
        };
        let port_text = port.to_string();
        let arguments = [port_text.as_str()]
            .into_iter()
            .chain(settings.iter().copied());
        let arguments: Vec<String> = arguments.map(str::to_owned).collect();
        let server = Self {
            backend,
            port,
            made: Mutex::default(),
            control: Mutex::new(Control::start(script, &arguments)),
        };
        server.wait();
        server
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server as a crash would.
    pub fn crash(&self) {
        self.command("crash");
    }

    /// Starts it again after a crash, and waits until it answers.
    pub fn restart(&self) {
        self.command("start");
        self.wait();
    }

    /// Stops it without a word to anybody: its connections stay open.
    pub fn hang(&self) {
        self.command("hang");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.command("go");
    }

    /// Lets a new user into the database of `url`, over so many connections at once; returns the
    /// URL.
    pub fn with_connections(&self, url: &str, most: u32) -> String {
        let mut admin = Database::connect(&self.admin());
        let (name, user) = match self.backend {
            Backend::Mariadb => {
                let name = url.rsplit('/').next().expect("a database");
                let user = format!("few_{name}");
                admin.execute(&format!(
                    "CREATE USER '{user}'@'%' IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS {most};
                     GRANT ALL ON {name}.* TO '{user}'@'%'"
                ));
                (name, user)
            }
            Backend::Postgres | Backend::Sqlite => {
                let name = url.rsplit("%3D").next().expect("a schema");
                let user = format!("few_{name}");
                admin.execute(&format!(
                    "CREATE ROLE {user} LOGIN PASSWORD 'few' CONNECTION LIMIT {most};
                     GRANT ALL ON SCHEMA {name} TO {user}"
                ));
                (name, user)
            }
        };
        self.url(&format!("{user}:few"), name)
    }

    /// The URL of an empty database of its own for `file`, or of the same one if it was asked for
    /// before.
    pub fn database(&self, file: &Path) -> String {
        let mut hasher = DefaultHasher::new();
        file.hash(&mut hasher);
        let name = format!("t{:x}", hasher.finish());
        if lock(&self.made).insert(name.clone()) {
            let make = match self.backend {
                Backend::Mariadb => "DATABASE",
                Backend::Postgres | Backend::Sqlite => "SCHEMA",
            };
            Database::connect(&self.admin()).execute(&format!("CREATE {make} {name}"));
        }
        self.url("sessions:correct", &name)
    }

    /// The URL with which `user` (`name:password`) reaches a database.
    pub fn url(&self, user: &str, name: &str) -> String {
        let port = self.port;
        match self.backend {
            Backend::Mariadb => format!("mysql://{user}@127.0.0.1:{port}/{name}"),
            Backend::Postgres | Backend::Sqlite => format!(
                "postgres://{user}@127.0.0.1:{port}/postgres?options=-csearch_path%3D{name}"
            ),
        }
    }

    /// The URL of the database that is always there.
    pub fn admin(&self) -> String {
        let always = match self.backend {
            Backend::Mariadb => "mysql",
            Backend::Postgres | Backend::Sqlite => "public",
        };
        self.url("sessions:correct", always)
    }

    fn command(&self, command: &str) {
        lock(&self.control).command(command);
    }

    /// Polls, for nobody says when a server is ready.
    fn wait(&self) {
        for _ in 0..600 {
            if Database::try_connect(&self.admin()).is_some() {
                return;
            }
            assert!(lock(&self.control).is_alive(), "the server did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not answer");
    }
}

/// Ports below those that systems give to outgoing connections, which would take one before the
/// server does, and above those that browsers refuse to open.
const PORTS: Range<u16> = 11_000..30_000;

/// A port that nobody listens on, each once: of two tests that ask at a time neither gets the other's.
pub fn free_port() -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let size = u32::from(PORTS.end - PORTS.start);
    loop {
        // Test programs that run beside each other begin apart.
        let next = std::process::id()
            .wrapping_mul(97)
            .wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed));
        let offset = u16::try_from(next % size).expect("less than the ports there are");
        let port = PORTS.start + offset;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
