//! A process that may have few threads, or few open files: a launch or a sentence, and requests
//! that are answered.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use session_tests::server::MASTER_KEY;
use session_tests::servers::{Backend, DatabaseServer, free_port};
use tempfile::TempDir;

use crate::disk::left_out;

/// A limit of threads counts all of a user's, and does not bind root: nobody else has this number.
const USER: &str = "--reuid=54321 --regid=54321 --clear-groups";

/// A folder in which everybody may write, with a copy of the test application that everybody may
/// run.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("our own folder");
        let program = folder.path().join("server");
        fs::copy(env!("CARGO_BIN_EXE_session-test-server"), &program).expect("a copy");
        fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("our own file");
        Self(folder)
    }

    fn program(&self) -> PathBuf {
        self.0.path().join("server")
    }

    /// A new file, or a place on a server.
    fn url(&self, backend: Backend, name: &str) -> String {
        let file = self.0.path().join(format!("{name}.db"));
        match backend {
            Backend::Sqlite => format!("sqlite://{}", file.display()),
            Backend::Postgres | Backend::Mariadb => DatabaseServer::shared(backend).database(&file),
        }
    }
}

/// A process, and what it has said so far.
struct Started {
    child: Child,
    port: u16,
    said: String,
    more: BufReader<ChildStdout>,
    launched: bool,
}

/// Starts the application through `limits`, and waits until it has launched or ended.
fn start(limits: &str, program: &Path, url: &str) -> Started {
    let port = free_port();
    let mut child = Command::new("prlimit")
        .args(limits.split(' '))
        .arg(program)
        .env("ROCKET_PORT", port.to_string())
        .env("ROCKET_WORKERS", "2")
        .env("ROCKET_CLI_COLORS", "false")
        .env("RUST_BACKTRACE", "0")
        .env(
            "ROCKET_SESSIONS",
            format!(r#"{{database="{url}", master_key="{MASTER_KEY}", database_timeout="2s"}}"#),
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`prlimit`, of util-linux");
    let mut more = BufReader::new(child.stdout.take().expect("its output"));
    let (mut said, mut launched) = (String::new(), false);
    while !launched && more.read_line(&mut said).expect("text") > 0 {
        launched = said.contains("has launched from");
    }
    Started {
        child,
        port,
        said,
        more,
        launched,
    }
}

impl Started {
    /// Everything that it has said, once it has ended.
    fn end(mut self) -> String {
        if self.launched {
            let _gone = self.child.kill();
        }
        let mut rest = String::new();
        let _cut = self.more.read_to_string(&mut rest);
        let mut errors = self.child.stderr.take().expect("its errors");
        let _cut = errors.read_to_string(&mut rest);
        let _status = self.child.wait();
        self.said.clone() + &rest
    }

    fn connect(&self) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        let wait = Some(Duration::from_secs(5));
        stream.set_read_timeout(wait).expect("a time-out");
        Connection(stream)
    }
}

/// A connection that stays open between requests.
struct Connection(TcpStream);

impl Connection {
    /// The status of a login, if it is answered.
    fn log_in(&mut self) -> Option<u16> {
        let body = r#"{"user":"ada"}"#;
        let (length, kind) = (body.len(), "Content-Type: application/json");
        write!(
            self.0,
            "POST /login HTTP/1.1\r\nHost: localhost\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .expect("the server reads");
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        // Each answer of these is short, and ends with a brace.
        while !answer.ends_with(b"}") {
            let read = self.0.read(&mut part).ok()?;
            assert!(read > 0, "the connection was closed");
            answer.extend_from_slice(&part[..read]);
        }
        let text = String::from_utf8_lossy(&answer);
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
        Some(status.expect("a status"))
    }
}

/// The library has not panicked, whatever Rocket and Tokio have.
#[track_caller]
fn expect_no_panic_of_ours(said: &str, limit: u32) {
    assert!(!said.contains("panicked at session-"), "{limit}: {said}");
}

#[test]
fn few_threads_are_a_launch_or_a_sentence() {
    if left_out() {
        return;
    }
    let home = Home::new();
    for backend in [Backend::Sqlite, Backend::Postgres, Backend::Mariadb] {
        let (mut launched, mut refused) = (0, 0);
        // With fewer than four Tokio starts no workers. Two connect when the launch is over.
        for limit in 4..=16 {
            let url = home.url(backend, &format!("threads_{limit}"));
            let started = start(
                &format!("--nproc={limit} setpriv {USER}"),
                &home.program(),
                &url,
            );
            if started.launched {
                assert_eq!(started.connect().log_in(), Some(200), "{limit}");
                launched += 1;
                expect_no_panic_of_ours(&started.end(), limit);
                continue;
            }
            let said = started.end();
            expect_no_panic_of_ours(&said, limit);
            let words = "could not be set up: a thread for the database did not start (Resource temporarily unavailable (os \
                         error 11)): raise the limit of threads of this process or of its container (`ulimit -u`, `TasksMax=`, \
                         `--pids-limit`) (`session_runtime::guide::databases` says more)";
            assert!(said.contains(words), "{limit}: {said}");
            refused += 1;
        }
        assert!(launched > 1 && refused > 3, "{launched} {refused}");
    }
}

#[test]
fn few_open_files_are_a_launch_or_a_sentence_and_requests_are_answered() {
    let home = Home::new();
    let words = "raise the limit of open files of this process (`ulimit -n`, `LimitNOFILE=`), or close what the application \
                 leaves open";
    for backend in [Backend::Sqlite, Backend::Postgres, Backend::Mariadb] {
        let (mut launched, mut refused) = (0, 0);
        // With fewer Tokio does not start.
        for limit in (10..=24).chain([40]) {
            let url = home.url(backend, &format!("files_{limit}"));
            let started = start(&format!("--nofile={limit}"), &home.program(), &url);
            if started.launched {
                let mut open = started.connect();
                if open.log_in() != Some(200) {
                    // Nothing is left for a single client, whom Rocket does not accept.
                    expect_no_panic_of_ours(&started.end(), limit);
                    continue;
                }
                // They take what is left, and what comes later waits to be accepted.
                let idle: Vec<_> = (0..limit).map(|_| started.connect()).collect();
                assert_eq!(open.log_in(), Some(200), "{limit}");
                drop(idle);
                // With fewer, connections to the database may have taken the last ones meanwhile.
                assert!(limit < 40 || started.connect().log_in() == Some(200));
                launched += 1;
                expect_no_panic_of_ours(&started.end(), limit);
                continue;
            }
            let said = started.end();
            expect_no_panic_of_ours(&said, limit);
            if said.contains("failed to bind network socket") {
                continue;
            }
            let found = said.contains("could not be set up") && said.contains(words);
            assert!(found, "{limit}: {said}");
            refused += 1;
        }
        assert!(
            launched > 1 && refused > 1,
            "{backend:?}: {launched} {refused}"
        );
    }
}
