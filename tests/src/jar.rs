//! A browser's cookie jar (RFC 6265bis section 5): names, domains, paths, `Secure` and prefixes
//! count as they do there, over several servers.

use rocket::http::{ContentType, Cookie, Method};
use session_runtime::clock::Clock;
use session_runtime::testing::ManualClock;

use crate::{Answer, Server};

/// Where a browser goes.
#[derive(Debug, Clone)]
pub struct Place<'s> {
    /// Who answers there.
    pub server: &'s Server,
    /// Such as `https://example.test:8443`.
    pub origin: &'static str,
    /// What a proxy in front of the server strips.
    pub outer_path: &'static str,
}

impl<'s> Place<'s> {
    /// A server as browsers reach it.
    pub fn new(server: &'s Server, origin: &'static str) -> Self {
        Self {
            server,
            origin,
            outer_path: "",
        }
    }

    /// The same behind a proxy that strips a path.
    pub fn below(server: &'s Server, origin: &'static str, outer_path: &'static str) -> Self {
        Self {
            server,
            origin,
            outer_path,
        }
    }

    fn scheme(&self) -> &'static str {
        self.origin.split(':').next().unwrap_or_default()
    }

    /// The name without the port: cookies do not know ports.
    fn host(&self) -> &'static str {
        let authority = self.origin.split("://").nth(1).unwrap_or_default();
        authority.split(':').next().unwrap_or_default()
    }

    /// Whether a browser keeps and sends `Secure` cookies here.
    fn is_trustworthy(&self) -> bool {
        self.scheme() == "https" || ["localhost", "127.0.0.1"].contains(&self.host())
    }
}

#[derive(Debug, Clone)]
struct Kept {
    cookie: Cookie<'static>,
    domain: String,
    host_only: bool,
    path: String,
}

/// Somebody with one browser.
#[derive(Debug, Clone)]
pub struct Person {
    clock: ManualClock,
    jar: Vec<Kept>,
    headers: Vec<(&'static str, String)>,
}

impl Person {
    /// An empty jar.
    pub fn new(clock: &ManualClock) -> Self {
        Self {
            clock: clock.clone(),
            jar: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Sends this header with every request from now on, as the script of a front end does.
    pub fn say(&mut self, name: &'static str, value: &str) {
        self.headers.retain(|(said, _)| *said != name);
        self.headers.push((name, value.to_owned()));
    }

    /// Opens a page.
    pub async fn get(&mut self, place: &Place<'_>, path: &str) -> Answer {
        self.send(place, Method::Get, path, None).await
    }

    /// Posts nothing.
    pub async fn post(&mut self, place: &Place<'_>, path: &str) -> Answer {
        self.send(place, Method::Post, path, None).await
    }

    /// Logs `user` in.
    pub async fn log_in(&mut self, place: &Place<'_>, user: &str) -> Answer {
        let body = format!(r#"{{"user":"{user}","name":"{user}"}}"#);
        self.send(place, Method::Post, "/login", Some(body)).await
    }

    /// Whom a place takes this browser for; `None` if it answers 401.
    pub async fn name_at(&mut self, place: &Place<'_>) -> Option<String> {
        let answer = self.get(place, "/me").await;
        match answer.status {
            200 => Some(answer.json()["user"].as_str().expect("a name").to_owned()),
            401 => None,
            _ => panic!("{answer:?}"),
        }
    }

    /// Sends what a page of that place would, and keeps what comes back.
    pub async fn send(
        &mut self,
        place: &Place<'_>,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Answer {
        let outside = format!("{}{path}", place.outer_path);
        let mut headers = self.headers.clone();
        headers.extend([
            ("Origin", place.origin.to_owned()),
            (
                "Host",
                place
                    .origin
                    .split("://")
                    .nth(1)
                    .unwrap_or_default()
                    .to_owned(),
            ),
        ]);
        if place.is_trustworthy() {
            headers.push(("Sec-Fetch-Site", "same-origin".to_owned()));
        }
        let cookies = self.cookie_header(place, &outside);
        if !cookies.is_empty() {
            headers.push(("Cookie", cookies));
        }
        let browser = place.server.browser();
        let answer = browser
            .send_as(method, path, headers, body, ContentType::JSON)
            .await;
        for line in answer.all("set-cookie") {
            self.store(place, line);
        }
        answer
    }

    /// Sets a cookie as a server or a page of that place can.
    pub fn store(&mut self, place: &Place<'_>, line: &str) {
        let cookie = Cookie::parse(line.to_owned()).expect("a well-formed Set-Cookie");
        let host = place.host();
        let (domain, host_only) = match cookie.domain() {
            Some(domain) => (domain.trim_start_matches('.').to_owned(), false),
            None => (host.to_owned(), true),
        };
        let path = cookie.path().unwrap_or("/").to_owned();
        let is_secure = cookie.secure() == Some(true);
        let name = cookie.name();
        let may_be_prefixed = if name.starts_with("__Host-") {
            is_secure && host_only && path == "/"
        } else {
            !name.starts_with("__Secure-") || is_secure
        };
        let is_taken = matches_domain(host, &domain)
            && may_be_prefixed
            && (!is_secure || place.is_trustworthy());
        let is_same = |kept: &Kept| {
            kept.cookie.name() == name
                && kept.domain == domain
                && kept.host_only == host_only
                && kept.path == path
        };
        // A page without TLS may not hide a cookie of a page with it.
        let hides = |kept: &Kept| {
            kept.cookie.secure() == Some(true)
                && kept.cookie.name() == name
                && (matches_domain(&kept.domain, &domain) || matches_domain(&domain, &kept.domain))
                && is_below(&path, &kept.path)
        };
        if !is_taken || (!place.is_trustworthy() && self.jar.iter().any(hides)) {
            return;
        }
        self.jar.retain(|kept| !is_same(kept));
        let kept = Kept {
            domain,
            host_only,
            path,
            cookie,
        };
        if self.is_alive(&kept) {
            self.jar.push(kept);
        }
    }

    /// What the browser sends, longest path first.
    pub fn cookie_header(&self, place: &Place<'_>, path: &str) -> String {
        let host = place.host();
        let is_sent = |kept: &&Kept| {
            let domain = if kept.host_only {
                host == kept.domain
            } else {
                matches_domain(host, &kept.domain)
            };
            domain
                && is_below(path, &kept.path)
                && (kept.cookie.secure() != Some(true) || place.is_trustworthy())
                && self.is_alive(kept)
        };
        let mut sent: Vec<&Kept> = self.jar.iter().filter(is_sent).collect();
        sent.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> = sent
            .iter()
            .map(|kept| format!("{}={}", kept.cookie.name(), kept.cookie.value()))
            .collect();
        pairs.join("; ")
    }

    fn is_alive(&self, kept: &Kept) -> bool {
        let ends = kept.cookie.expires_datetime();
        ends.is_none_or(|ends| ends.unix_timestamp() > self.clock.now().timestamp())
    }
}

fn matches_domain(host: &str, domain: &str) -> bool {
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

fn is_below(path: &str, base: &str) -> bool {
    let rest = path.strip_prefix(base);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || base.ends_with('/'))
}
