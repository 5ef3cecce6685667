//! A PostgreSQL primary and its streaming standby, on loopback.

use std::sync::Mutex;

use super::{Control, free_port, lock};

/// Both end when this is dropped, or when the process ends.
#[derive(Debug)]
pub struct Standby {
    ports: [u16; 2],
    control: Mutex<Control>,
}

impl Standby {
    /// Starts both, with these settings of the primary (`name=value`).
    pub fn start(settings: &[&str]) -> Self {
        let ports = [(); 2].map(|()| free_port());
        let numbers = ports.iter().map(u16::to_string);
        let arguments: Vec<String> = numbers
            .chain(settings.iter().map(|&text| text.to_owned()))
            .collect();
        let standby = Self {
            ports,
            control: Mutex::new(Control::start(include_str!("standby.sh"), &arguments)),
        };
        standby.command("ready");
        standby
    }

    /// A URL of both: libpq connects to the one that takes writes.
    pub fn url(&self) -> String {
        let [primary, standby] = self.ports;
        format!(
            "postgres://sessions:correct@127.0.0.1:{primary},127.0.0.1:{standby}/postgres?target_session_attrs=read-write"
        )
    }

    /// A URL of the standby alone.
    pub fn standby_url(&self) -> String {
        format!(
            "postgres://sessions:correct@127.0.0.1:{}/postgres",
            self.ports[1]
        )
    }

    /// Keeps what the primary commits from here on away from the standby.
    pub fn cut(&self) {
        self.command("cut");
    }

    /// Ends the primary as a crash would, and makes the standby the primary.
    pub fn fail_over(&self) {
        self.command("crash");
        self.command("promote");
    }

    fn command(&self, command: &str) {
        lock(&self.control).command(command);
    }
}
