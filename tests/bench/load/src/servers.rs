//! The servers under load, as processes of their own.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::databases::free_port;

/// A server; it is killed when this is dropped.
pub struct Server {
    pub port: u16,
    process: Child,
    /// How long it took from its start to its first answer.
    pub started_in: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

impl Server {
    /// The library on the database of `url`, with settings of `[default.sessions]` such as
    /// `verified_token_cache=0`.
    pub fn ours(url: &str, settings: &[&str]) -> Result<Self, Failure> {
        let mut table = vec![format!("database=\"{url}\"")];
        table.extend(settings.iter().map(|setting| (*setting).to_owned()));
        let mut command = Command::new(beside("bench-server")?);
        command.env("ROCKET_SESSIONS", format!("{{{}}}", table.join(",")));
        Self::start(command)
    }

    /// One commit per login, on the database of `url`.
    pub fn baseline(url: &str, algorithm: &str) -> Result<Self, Failure> {
        let mut command = Command::new(beside("bench-baseline")?);
        command.env("DATABASE_URL", url).env("ALGORITHM", algorithm);
        Self::start(command)
    }

    /// Another library, on the database of `url`.
    pub fn peer(program: &str, url: &str) -> Result<Self, Failure> {
        let mut command = Command::new(beside(program)?);
        command.env("DATABASE_URL", url);
        Self::start(command)
    }

    /// Another library, of Node, on the database of `url`.
    pub fn node(program: &str, url: &str) -> Result<Self, Failure> {
        let mut command = Command::new("node");
        command
            .arg("--no-deprecation")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../node/server.js"))
            .arg(program)
            .env("NODE_ENV", "production")
            .env("DATABASE_URL", url);
        Self::start(command)
    }

    /// Bytes that the process holds in memory.
    pub fn memory(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kilobytes.ok_or("no VmRSS")?.parse::<f64>()? * 1024.0)
    }

    /// Starts a server on a free port, which it gets as `PORT` and `ROCKET_PORT`, and waits until
    /// it listens.
    pub fn start(mut command: Command) -> Result<Self, Failure> {
        let port = free_port()?;
        command
            .env("PORT", port.to_string())
            .env("ROCKET_PORT", port.to_string());
        let name = command.get_program().to_string_lossy().into_owned();
        let begun = Instant::now();
        let process = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        let mut server = Self {
            port,
            process,
            started_in: Duration::ZERO,
        };
        while begun.elapsed() < Duration::from_secs(60) {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                server.started_in = begun.elapsed();
                return Ok(server);
            }
            if let Some(ended) = server.process.try_wait()? {
                return Err(format!("{name} did not start: {ended}").into());
            }
            sleep(Duration::from_millis(5));
        }
        Err(format!("{name} does not listen").into())
    }
}

/// A program that was built beside this one.
fn beside(name: &str) -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe()?.with_file_name(name))
}
