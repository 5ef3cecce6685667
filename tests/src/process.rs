//! A server process, and clients that survive its death.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
use crate::names;
use crate::server::MASTER_KEY;
use crate::servers::free_port;
use serde_json::json;
use ureq::http::Response;
use ureq::{Agent, Body};

/// Where a server runs; it may be dead at the moment.
#[derive(Debug, Clone)]
pub struct Place {
    url: String,
    port: u16,
    settings: String,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Process(Child);

/// The tokens that a client holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// For every request.
    pub access: String,
    /// For the refresh route.
    pub refresh: String,
}

/// What came back, if anything did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Status and body.
    Came(u16, String),
    /// The connection broke: the work may be done or not.
    Lost,
}

impl Place {
    /// A free port, and the database of a URL.
    pub fn on(url: &str, settings: &str) -> Self {
        Self {
            url: url.to_owned(),
            port: free_port(),
            settings: settings.to_owned(),
        }
    }

    /// Starts the server and waits until it answers.
    pub fn start(&self) -> Process {
        let settings = format!(
            r#"{{database="{}", master_key="{MASTER_KEY}"{}}}"#,
            self.url, self.settings
        );
        let mut child = Command::new(program())
            .env("ROCKET_PORT", self.port.to_string())
            .env("ROCKET_SESSIONS", settings)
            .env("ROCKET_CLI_COLORS", "false")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let process = Process(child);
        let mut lines = output.lines().map_while(Result::ok);
        assert!(
            lines.any(|line| line.contains("has launched from")),
            "the server did not launch"
        );
        // Somebody must go on reading, or the server would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        process
    }

    /// Logs `user` in.
    pub fn log_in(&self, user: &str) -> (Answer, Tokens) {
        let mut tokens = Tokens::default();
        let body = json!({ "user": user, "name": "Ada" }).to_string();
        let request = agent()
            .post(self.url("/login"))
            .header("Content-Type", "application/json");
        (keep(request.send(body), &mut tokens), tokens)
    }

    /// Refreshes; new tokens are kept.
    pub fn refresh(&self, tokens: &mut Tokens) -> Answer {
        let cookie = names::pair(REFRESH, &tokens.refresh);
        keep(
            agent()
                .post(self.url(REFRESH_PATH))
                .header("Cookie", cookie)
                .send_empty(),
            tokens,
        )
    }

    /// Signs out.
    pub fn sign_out(&self, tokens: &Tokens) -> Answer {
        let cookie = names::cookie_header(&format!("{ACCESS}={}", tokens.access));
        let answer = agent()
            .post(self.url(SIGN_OUT_PATH))
            .header("Cookie", cookie)
            .send_empty();
        keep(answer, &mut Tokens::default())
    }

    /// Gets a page with the access token.
    pub fn get(&self, path: &str, tokens: &Tokens) -> Answer {
        self.ask(path, &mut tokens.clone())
    }

    /// Gets a page with the access token; cookies that are set or cleared are kept so.
    pub fn ask(&self, path: &str, tokens: &mut Tokens) -> Answer {
        let cookie = names::cookie_header(&format!("{ACCESS}={}", tokens.access));
        keep(
            agent().get(self.url(path)).header("Cookie", cookie).call(),
            tokens,
        )
    }

    /// Opens a stream; it is open, and has said something, when this returns.
    pub fn stream(&self, path: &str, tokens: &Tokens) -> impl Read + Send {
        let cookie = names::cookie_header(&format!("{ACCESS}={}", tokens.access));
        let request = agent().get(self.url(path)).header("Cookie", cookie);
        let answer = request.call().expect("an answer");
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body().into_reader();
        body.read_exact(&mut [0]).expect("a first byte");
        body
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// The test application, which cargo builds beside the folder of the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a program");
    let folder = test.parent().and_then(Path::parent).expect("its folder");
    folder.join("session-test-server")
}

/// A client without a pool: a connection to a server that was killed is of no use.
fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_idle_connections(0)
        .timeout_global(Some(Duration::from_secs(20)));
    config.build().into()
}

/// What came back; the cookies that it set are kept.
fn keep(answer: Result<Response<Body>, ureq::Error>, tokens: &mut Tokens) -> Answer {
    let Ok(mut response) = answer else {
        return Answer::Lost;
    };
    let cookies: Vec<String> = response
        .headers()
        .get_all("set-cookie")
        .iter()
        .filter_map(|cookie| cookie.to_str().ok().map(str::to_owned))
        .collect();
    let status = response.status().as_u16();
    let Ok(body) = response.body_mut().read_to_string() else {
        return Answer::Lost;
    };
    for (name, place) in [(ACCESS, &mut tokens.access), (REFRESH, &mut tokens.refresh)] {
        let value = |cookie: &String| {
            Some(
                cookie
                    .strip_prefix(name)?
                    .strip_prefix('.')?
                    .split_once('=')?
                    .1
                    .split(';')
                    .next()?
                    .to_owned(),
            )
        };
        if let Some(value) = cookies.iter().find_map(value) {
            *place = value;
        }
    }
    Answer::Came(status, body)
}

impl Answer {
    /// The status, if anything came back.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Came(status, _) => Some(*status),
            Self::Lost => None,
        }
    }
}

impl Process {
    /// SIGKILL: nothing is flushed, nobody is told.
    pub fn kill(mut self) {
        self.0.kill().expect("a process that can be killed");
        self.0.wait().expect("a process that is dead");
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _already_dead = self.0.kill();
        let _status = self.0.wait();
    }
}
