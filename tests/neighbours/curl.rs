//! A client with a jar of its own: `curl`, which keeps to names, paths and `Secure` as browsers do.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::proxies::{HOST, SUB_PATH, Site};

const INSTALL: &str = "`curl`; `tests/run neighbours` installs it";

/// Somebody in front of a site.
#[derive(Debug)]
pub(crate) struct Client {
    origin: String,
    certificate: PathBuf,
    resolve: String,
    sub_path: &'static str,
    jar: TempDir,
    version: &'static str,
    from: Option<&'static str>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Such as `HTTP/2`.
    pub(crate) version: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(site: &Site) -> Self {
        let sub_path = match site.wanted.sub_path {
            Some(_) => SUB_PATH,
            None => "",
        };
        Self {
            origin: site.origin(),
            certificate: site.path("cert.pem"),
            resolve: format!("{HOST}:{}:127.0.0.1", site.https),
            sub_path,
            jar: tempfile::tempdir().expect("a folder"),
            version: "--http1.1",
            from: None,
        }
    }

    /// The same, speaking HTTP/2.
    pub(crate) fn with_http2(self) -> Self {
        Self {
            version: "--http2",
            ..self
        }
    }

    /// The same at another address of this machine.
    pub(crate) fn from(self, address: &'static str) -> Self {
        Self {
            from: Some(address),
            ..self
        }
    }

    /// The same, which finds the site at `::1` and comes from there.
    pub(crate) fn over_ipv6(self, site: &Site) -> Self {
        Self {
            resolve: format!("{HOST}:{}:[::1]", site.https),
            ..self
        }
    }

    /// Gets what is below the path of the application.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", &self.below(path), &[], "")
    }

    /// Posts what a page of the site would.
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.send_as_page("POST", path, body)
    }

    /// The same by another method.
    pub(crate) fn send_as_page(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers = [
            format!("Origin: {}", self.origin),
            "Content-Type: application/json".to_owned(),
        ];
        self.send(
            method,
            &self.below(path),
            &headers.each_ref().map(String::as_str),
            body,
        )
    }

    /// Logs a user in, whose payload has a name of this many letters.
    pub(crate) fn log_in(&self, user: &str, letters: usize) -> Answer {
        let body = serde_json::json!({ "user": user, "name": "n".repeat(letters) });
        self.post("/login", &body.to_string())
    }

    /// Where the browser finds a path of the application.
    pub(crate) fn below(&self, path: &str) -> String {
        format!("{}{path}", self.sub_path)
    }

    /// Sends a request to a path of the site, and keeps the cookies of the answer.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut command = self.command(method, path);
        for header in headers {
            command.args(["--header", header]);
        }
        if !body.is_empty() {
            command.args(["--header", "Expect:", "--data-binary", "@-"]);
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect(INSTALL);
        let mut input = child.stdin.take().expect("its input");
        input.write_all(body.as_bytes()).expect("curl that reads");
        drop(input);
        let output = child.wait_with_output().expect("curl that ends");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{method} {path}: {complaint}");
        Answer::read(&String::from_utf8_lossy(&output.stdout))
    }

    fn command(&self, method: &str, path: &str) -> Command {
        let jar = self.jar.path().join("jar");
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--show-error", "--include", "--max-time", "20"])
            .args([
                "--resolve",
                &self.resolve,
                self.version,
                "--request",
                method,
            ])
            .arg("--cacert")
            .arg(&self.certificate)
            .arg("--cookie")
            .arg(&jar)
            .arg("--cookie-jar")
            .arg(&jar);
        if let Some(address) = self.from {
            command.args(["--interface", address]);
        }
        command.arg(format!("{}{path}", self.origin));
        command
    }

    /// The first line of a body that may never end.
    pub(crate) fn first_line(&self, path: &str) -> Option<String> {
        let mut child = self
            .command("GET", &self.below(path))
            .args(["--no-buffer", "--no-include"])
            .stdout(Stdio::piped())
            .spawn()
            .expect(INSTALL);
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let line = output.lines().map_while(Result::ok).next();
        let _ended = child.kill();
        let _status = child.wait();
        line
    }

    /// The names and paths of the cookies in the jar.
    pub(crate) fn cookies(&self) -> Vec<(String, String)> {
        let cookies = self.jar().into_iter();
        cookies.map(|[path, name, _]| (name, path)).collect()
    }

    /// A `Cookie` header with all of them.
    pub(crate) fn cookie_header(&self) -> String {
        let cookies = self.jar().into_iter();
        let pairs: Vec<String> = cookies
            .map(|[_, name, value]| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Path, name and value of each cookie. Curl 7.88 keeps one of two that an answer removes.
    fn jar(&self) -> Vec<[String; 3]> {
        let text = std::fs::read_to_string(self.jar.path().join("jar")).unwrap_or_default();
        let cookie = |line: &str| {
            let parts: Vec<&str> = line.split('\t').collect();
            let [_, _, path, _, _, name, value] = parts[..] else {
                return None;
            };
            Some([path, name, value].map(str::to_owned))
        };
        text.lines().filter_map(cookie).collect()
    }
}

impl Answer {
    fn read(text: &str) -> Self {
        let mut rest = text;
        loop {
            let (head, body) = rest.split_once("\r\n\r\n").expect("an answer's head");
            let mut lines = head.split("\r\n");
            let first = lines.next().unwrap_or_default();
            let (version, status) = first.split_once(' ').unwrap_or_default();
            let status: u16 = status
                .split(' ')
                .next()
                .and_then(|code| code.parse().ok())
                .expect("a status");
            if status < 200 {
                rest = body;
                continue;
            }
            let headers = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect();
            return Self {
                status,
                version: version.to_owned(),
                headers,
                body: body.to_owned(),
            };
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(found, _)| found == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// How many cookies it removes.
    pub(crate) fn removed(&self) -> usize {
        let removes = |(name, value): &&(String, String)| {
            name == "set-cookie" && value.contains("Expires=Thu, 01 Jan 1970")
        };
        self.headers.iter().filter(removes).count()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("no JSON: {error}: {}", self.body))
    }

    /// About how many bytes the server sent before the body.
    pub(crate) fn head_size(&self) -> usize {
        let lines = self.headers.iter();
        lines
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum()
    }

    /// Checks the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }
}
