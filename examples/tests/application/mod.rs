//! The application as a process, in a folder of its own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The running application; killed with the test.
pub struct Application(Child);

impl Drop for Application {
    fn drop(&mut self) {
        let _already_dead = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Application {
    /// Starts it, with a setting of the sessions or `""`, and waits until it answers.
    pub fn start(folder: &Path, port: u16, setting: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_session-examples"))
            .current_dir(folder)
            .env("ROCKET_PORT", port.to_string())
            .env("ROCKET_CLI_COLORS", "false")
            .env("ROCKET_SESSIONS", format!("{{{setting}}}"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the application starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let application = Self(child);
        let mut lines = output.lines().map_while(Result::ok);
        assert!(
            lines.any(|line| line.contains("has launched from")),
            "the application did not launch"
        );
        // Somebody must go on reading, or the application would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        application
    }
}

impl Application {
    /// The most memory that it ever had, in kB; nothing where Linux does not tell.
    #[allow(dead_code, reason = "not every test asks")]
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).ok()?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.split_whitespace().next()?.parse().ok()
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a free port")
        .port()
}
