//! Real proxies as ordinary processes: the configuration of the Debian package, and beside it only
//! what one has to write to proxy.

mod apache;
mod caddy;
mod haproxy;
mod nginx;

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use session_tests::servers::free_port;
use tempfile::TempDir;

/// The name under which browsers know the site.
pub(crate) const HOST: &str = "shop.test";

/// A proxy that people run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Apache,
    Haproxy,
    Caddy,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::Haproxy => "HAProxy",
            Self::Caddy => "Caddy",
        }
    }

    /// The number in what the program says of its version.
    pub(crate) fn version(self) -> String {
        let (program, word) = match self {
            Self::Nginx => ("nginx", "-v"),
            Self::Apache => ("apache2", "-v"),
            Self::Haproxy => ("haproxy", "-v"),
            Self::Caddy => ("caddy", "version"),
        };
        let said = command(program).arg(word).output().expect(INSTALL);
        let text = [said.stdout, said.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let number = text
            .split(|letter: char| letter.is_whitespace() || letter == '/')
            .find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()));
        number.unwrap_or("unknown").to_owned()
    }
}

const INSTALL: &str = "a proxy that starts; `tests/run neighbours` installs them";

/// What a site is to be, apart from what the packages say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Below which path of the site the application is.
    pub(crate) sub_path: Option<SubPath>,
    /// Whether the proxy says who asks, and for which host, as the guide has it.
    pub(crate) tells: bool,
    /// Whether answers and requests may have large heads, as the guide has it for nginx and Apache.
    pub(crate) large_heads: bool,
    /// Whether WebSockets pass, as the guide has it.
    pub(crate) web_sockets: bool,
    /// Whether it listens for TLS at `::1` as well.
    pub(crate) ipv6: bool,
}

/// The path in front of the application's own.
pub(crate) const SUB_PATH: &str = "/app";

/// Who knows of [`SUB_PATH`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum SubPath {
    /// The proxy alone.
    Stripped,
    /// The application is mounted there.
    Kept,
}

/// A site that a configuration is written for.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) wanted: Wanted,
    /// Where the application listens.
    pub(crate) upstream: u16,
    pub(crate) https: u16,
    pub(crate) http: u16,
    /// For everything that the proxy writes; holds `cert.pem` and `key.pem`, and both in
    /// `both.pem`.
    folder: TempDir,
}

impl Site {
    /// Free ports and a certificate.
    pub(crate) fn new(wanted: Wanted) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Workers run as somebody else where the proxy is started as root.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), open).expect("a folder of ours");
        make_certificate(folder.path());
        Self {
            wanted,
            upstream: free_port(),
            https: free_port(),
            http: free_port(),
            folder,
        }
    }

    /// The origin of its pages.
    pub(crate) fn origin(&self) -> String {
        format!("https://{HOST}:{}", self.https)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn show(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file in a folder of ours");
        path
    }
}

/// A running proxy; stopped when dropped.
#[derive(Debug)]
pub(crate) struct Proxy(Child);

impl Proxy {
    /// Starts it for a site, and waits until it listens.
    pub(crate) fn start(kind: Kind, site: &Site) -> Self {
        let mut command = match kind {
            Kind::Nginx => nginx::command(site),
            Kind::Apache => apache::command(site),
            Kind::Haproxy => haproxy::command(site),
            Kind::Caddy => caddy::command(site),
        };
        let log = fs::File::create(site.path("said.log")).expect("a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect(INSTALL);
        let mut proxy = Self(child);
        let started = Instant::now();
        for port in [site.https, site.http] {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                let ended = proxy.0.try_wait().expect("a child");
                let waits = started.elapsed() < Duration::from_secs(30);
                assert!(ended.is_none() && waits, "{kind:?}: {}", said(site));
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        proxy
    }
}

/// What the proxy wrote to its logs.
pub(crate) fn said(site: &Site) -> String {
    ["said.log", "error.log"]
        .map(|name| fs::read_to_string(site.path(name)).unwrap_or_default())
        .concat()
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Asked first, so that those with workers end them too.
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        for _ in 0..100 {
            if asked.is_err() || matches!(self.0.try_wait(), Ok(Some(_))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _already_dead = self.0.kill();
        let _status = self.0.wait();
    }
}

/// A program that Debian may keep where an ordinary search path does not look.
fn command(program: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command.env("PATH", format!("{path}:/usr/sbin"));
    let usual = Path::new("/usr/sbin").join(program);
    if usual.exists() {
        command = Command::new(usual);
    }
    command
}

/// A file of a package, as it comes.
fn packaged(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}; {INSTALL}"))
}

/// The lines of a configuration without those that begin with any of these words.
fn without(text: &str, words: &[&str]) -> String {
    let stays = |line: &&str| {
        let line = line.trim_start();
        !words.iter().any(|word| line.starts_with(word))
    };
    text.lines()
        .filter(stays)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn make_certificate(folder: &Path) {
    let made = Command::new("openssl")
        .current_dir(folder)
        .args(["req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=test"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-keyout", "key.pem", "-out", "cert.pem", "-addext"])
        .arg(format!("subjectAltName=DNS:{HOST}"))
        .output()
        .expect("`openssl`; `tests/run neighbours` installs it");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "no certificate: {said}");
    let read = |name| fs::read_to_string(folder.join(name)).expect("what openssl wrote");
    let both = read("cert.pem") + &read("key.pem");
    fs::write(folder.join("both.pem"), both).expect("a file");
}
