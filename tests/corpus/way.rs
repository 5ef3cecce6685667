//! The two ways to a server: in process, and over a socket.

use rocket::figment::value::Value;
use rocket::http::{ContentType, Method};
use session_runtime::Sessions;
use session_tests::browser::ACCESS;
use session_tests::{Answer, Database, Running, Server, Statements};

use crate::forge::Forge;

pub(crate) enum Way {
    Local(Box<Server>),
    Socket(Running),
}

/// A request as bytes, or almost.
pub(crate) struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn with(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.into(), value));
        self
    }

    pub(crate) fn body(mut self, kind: &str, body: &str) -> Self {
        if !body.is_empty() {
            let kind = if kind.is_empty() {
                "application/json"
            } else {
                kind
            };
            self.headers.push(("Content-Type".into(), kind.into()));
            self.body = Some(body.into());
        }
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!(
            "{} {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            let value = if name == "Cookie" {
                session_tests::names::cookie_header(value)
            } else {
                value.clone()
            };
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = self.body.as_deref().unwrap_or_default();
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        text.into_bytes()
    }
}

/// Nothing asks the database but a request: the feed of revocations is read by a turn of its own
/// otherwise.
fn quiet() -> [(&'static str, Value); 1] {
    [("revocation_bound", "1h".into())]
}

impl Way {
    pub(crate) async fn local() -> Self {
        Self::Local(Box::new(Server::builder().settings(&quiet()).start().await))
    }

    pub(crate) async fn socket() -> Self {
        Self::Socket(Server::builder().settings(&quiet()).listen().await)
    }

    /// What is sent to the database from now on.
    pub(crate) fn statements(&self) -> Statements {
        match self {
            Self::Local(server) => server.statements(),
            Self::Socket(server) => server.statements(),
        }
    }

    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Local(_))
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        match self {
            Self::Local(server) => server.sessions(),
            Self::Socket(server) => server.sessions(),
        }
    }

    fn database(&self) -> Database {
        match self {
            Self::Local(server) => server.database(),
            Self::Socket(server) => server.database(),
        }
    }

    /// Takes the sessions away: from now on any query for one is a 503.
    pub(crate) fn hide_sessions(&self) {
        self.database()
            .execute("ALTER TABLE session_info RENAME TO hidden");
    }

    pub(crate) fn show_sessions(&self) {
        self.database()
            .execute("ALTER TABLE hidden RENAME TO session_info");
    }

    /// All that is stored while the sessions are hidden; the feed numbers its entries by itself.
    pub(crate) fn dump(&self) -> Vec<String> {
        let mut database = self.database();
        [
            ("hidden", "*"),
            ("session_key", "*"),
            ("session_revocation", "handle,until"),
        ]
        .map(|(table, columns)| database.dump(table, columns))
        .into()
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        match self {
            Self::Local(server) => {
                let method: Method = request.method.parse().expect("a method");
                let kind = request
                    .headers
                    .iter()
                    .find(|(name, _)| name == "Content-Type");
                let kind = kind.and_then(|(_, kind)| ContentType::parse_flexible(kind));
                let headers = request
                    .headers
                    .into_iter()
                    .filter(|(name, _)| name != "Content-Type");
                let kind = kind.unwrap_or(ContentType::JSON);
                let headers = headers.collect();
                server
                    .browser()
                    .send_as(method, &request.path, headers, request.body, kind)
                    .await
            }
            Self::Socket(server) => parse(&server.send(request.bytes()).await),
        }
    }

    /// Asks who the session of `forge` belongs to.
    pub(crate) async fn get_me(&self, forge: &Forge) -> Answer {
        self.send(Request::get("/me").with("Cookie", format!("{ACCESS}={}", forge.access)))
            .await
    }
}

fn parse(text: &str) -> Answer {
    // A connection that is reset before the answer was read is a refusal, too.
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or(("HTTP/1.1 400 Reset", ""));
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}

/// Checks that no part of a token of noticeable length came back.
#[track_caller]
pub(crate) fn assert_not_repeated(answer: &Answer, token: &str, what: &str) {
    let all = format!("{:?} {}", answer.headers, answer.body);
    for part in token
        .split(['.', ' ', '"'])
        .filter(|part| part.len() >= 12 && part.is_ascii())
    {
        assert!(
            !all.contains(&part[..12]),
            "{what}: the answer repeats the input"
        );
    }
}
