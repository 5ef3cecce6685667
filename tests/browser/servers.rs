//! Two servers of ours, as processes: one has the sessions, the other the page.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use session_tests::servers::free_port;
use tempfile::TempDir;

use super::installed;

/// What the browser knows the servers by.
pub(crate) struct Names {
    website: &'static str,
    api: &'static str,
    /// A folder with `cert.pem` and `key.pem`.
    tls: Option<Rc<TempDir>>,
}

impl Names {
    /// Plain http, one host, two ports.
    pub(crate) fn localhost() -> Self {
        Self::plain("localhost")
    }

    /// The same, with a host below `.test`, which browsers trust less than `localhost`.
    pub(crate) fn plain(host: &'static str) -> Self {
        Self {
            website: host,
            api: host,
            tls: None,
        }
    }

    /// Two hosts below `.test`, with TLS and a certificate made for them.
    pub(crate) fn of(website: &'static str, api: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = installed::output(
            Command::new("openssl")
                .current_dir(folder.path())
                .args(["req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=test"])
                .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
                .args(["-keyout", "key.pem", "-out", "cert.pem", "-addext"])
                .arg(format!("subjectAltName=DNS:{website},DNS:{api}")),
        );
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "no certificate: {said}");
        Self {
            website,
            api,
            tls: Some(Rc::new(folder)),
        }
    }

    /// The same certificate, for an application at this one of its hosts.
    pub(crate) fn only(&self, host: &'static str) -> Self {
        Self {
            website: host,
            api: host,
            tls: self.tls.clone(),
        }
    }

    /// The origin at `host`, on a free port.
    fn origin(&self, host: &str) -> (String, u16) {
        let port = free_port();
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        (format!("{scheme}://{host}:{port}"), port)
    }
}

/// Two running servers, by their origins; killed when dropped.
pub(crate) struct Servers {
    pub(crate) api: String,
    pub(crate) website: String,
    /// What the certificate of both is in.
    pub(crate) tls: Option<Rc<TempDir>>,
    /// The ports of the replicas, where nobody listens at the API's own.
    pub(crate) replicas: Vec<u16>,
    /// Each server's role and port.
    roles: Vec<(&'static str, u16)>,
    processes: Vec<Process>,
    database: TempDir,
}

struct Process(Child);

impl Servers {
    /// Starts both and waits until they answer. `settings` begin with a comma.
    pub(crate) fn start(names: &Names, settings: &str) -> Self {
        Self::start_as("api", names, settings)
    }

    /// The same, with a site that renders its own pages in the place of the API.
    pub(crate) fn of_pages(settings: &str) -> Self {
        Self::start_as("pages", &Names::localhost(), settings)
    }

    /// The same for an application that has others beside it, and serves its page itself.
    pub(crate) fn of_neighbours(names: &Names, settings: &str) -> Self {
        Self::start_as("neighbours", names, settings)
    }

    /// Two replicas behind a relay that the scenarios make at the API's port, with pages as well.
    pub(crate) fn of_replicas(names: &Names, settings: &str) -> Self {
        Self::start_as("bound", names, settings)
    }

    fn start_as(role: &'static str, names: &Names, settings: &str) -> Self {
        let (website, website_port) = names.origin(names.website);
        let (api, api_port) = names.origin(names.api);
        let replicas = match role {
            "bound" => vec![free_port(), free_port()],
            _ => Vec::new(),
        };
        let api_ports = match &replicas[..] {
            [] => &[api_port],
            replicas => replicas,
        };
        let mut roles: Vec<_> = api_ports.iter().map(|port| (role, *port)).collect();
        if role != "neighbours" {
            roles.push(("website", website_port));
        }
        let mut servers = Self {
            api,
            website,
            tls: names.tls.clone(),
            replicas,
            roles,
            processes: Vec::new(),
            database: tempfile::tempdir().expect("a folder"),
        };
        servers.restart(settings);
        servers
    }

    /// Stops what runs, and starts it with these settings: at the same origins, on the same database.
    pub(crate) fn restart(&mut self, settings: &str) {
        self.processes.clear();
        let (api, website) = (&self.api, &self.website);
        let file = self.database.path().join("test.db");
        let settings = format!(
            r#"{{database="sqlite://{}", api_origin="{api}", website_origins=["{website}"], access_token_jitter=0{settings}}}"#,
            file.display()
        );
        let start = |(role, port): &(&str, u16)| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_session-browser-server"));
            command
                .arg(role)
                .env("ROCKET_PORT", port.to_string())
                .env("ROCKET_PAGE", installed::page())
                .env("ROCKET_SESSIONS", &settings)
                .env("ROCKET_CLI_COLORS", "false")
                .env("ROCKET_SHUTDOWN", "{grace=0, mercy=0}");
            if let Some(folder) = &self.tls {
                let folder = folder.path().display();
                command.env(
                    "ROCKET_TLS",
                    format!(r#"{{certs="{folder}/cert.pem", key="{folder}/key.pem"}}"#),
                );
            }
            Process::start(&mut command)
        };
        self.processes = self.roles.iter().map(start).collect();
    }
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let process = Self(child);
        let mut lines = output.lines().map_while(Result::ok);
        let mut said = Vec::new();
        let launched = lines.by_ref().any(|line| {
            let launched = line.contains("has launched from");
            said.push(line);
            launched
        });
        assert!(launched, "the server did not launch:\n{}", said.join("\n"));
        // Somebody must go on reading, or the server would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        process
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _already_dead = self.0.kill();
        let _status = self.0.wait();
    }
}
