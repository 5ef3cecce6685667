//! A browser, as far as sessions are concerned: it stores, sends and drops cookies by name, path and expiry.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use rocket::http::{ContentType, Cookie, Header, Method, Status};
use rocket::local::asynchronous::Client;
use rocket::time::OffsetDateTime;
use serde_json::{Value, json};
use session_runtime::SessionHandle;
use session_runtime::clock::Clock;
use session_runtime::testing::ManualClock;

pub use crate::answer::Answer;
use crate::names::{self, is_base};
use crate::secrets::Issued;

/// Name of the access-token cookie.
pub const ACCESS: &str = "sAccessToken";
/// Name of the refresh-token cookie.
pub const REFRESH: &str = "sRefreshToken";
/// Name of the cookie with the hash of the refresh token.
pub const HASH: &str = "sRefreshHash";
/// The header that hands out an access token.
pub const ACCESS_HEADER: &str = "st-access-token";
/// The header that hands out a refresh token.
pub const REFRESH_HEADER: &str = "st-refresh-token";
/// The refresh route.
pub const REFRESH_PATH: &str = "/auth/session/refresh";
/// The sign-out route.
pub const SIGN_OUT_PATH: &str = "/auth/signout";

/// A browser with a jar of its own.
#[derive(Debug, Clone)]
pub struct Browser<'s> {
    client: &'s Client,
    clock: ManualClock,
    issued: Issued,
    jar: BTreeMap<String, Cookie<'static>>,
    headers: Option<Headers>,
    address: Option<SocketAddr>,
}

/// The tokens of a client that keeps them itself, as front ends do in header mode.
#[derive(Debug, Clone, Default)]
struct Headers {
    access: Option<String>,
    refresh: Option<String>,
}

/// The cookies of a browser, to be carried to another server.
#[derive(Debug, Clone)]
pub struct Jar(BTreeMap<String, Cookie<'static>>);

impl<'s> Browser<'s> {
    pub(crate) fn new(client: &'s Client, clock: ManualClock, issued: Issued) -> Self {
        Self {
            client,
            clock,
            issued,
            jar: BTreeMap::new(),
            headers: None,
            address: None,
        }
    }

    /// This browser, at an address.
    pub fn at(self, ip: &str) -> Self {
        let ip = ip.parse().expect("an address");
        Self {
            address: Some(SocketAddr::new(ip, 50_000)),
            ..self
        }
    }

    /// This browser, asking for tokens in headers.
    pub fn in_header_mode(self) -> Self {
        Self {
            headers: Some(Headers::default()),
            ..self
        }
    }

    /// This browser, presenting a bearer token.
    pub fn with_bearer(self, token: &str) -> Self {
        let headers = Headers {
            access: Some(token.to_owned()),
            refresh: None,
        };
        Self {
            headers: Some(headers),
            ..self
        }
    }

    /// Logs `user` in.
    pub async fn log_in(&mut self, user: &str) -> Answer {
        let body = json!({ "user": user, "name": "Ada", "text": "first" });
        self.send(Method::Post, "/login", Some(body)).await
    }

    /// Calls the refresh route.
    pub async fn refresh(&mut self) -> Answer {
        self.send(Method::Post, REFRESH_PATH, None).await
    }

    /// Calls the sign-out route.
    pub async fn sign_out(&mut self) -> Answer {
        self.send(Method::Post, SIGN_OUT_PATH, None).await
    }

    /// Gets a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::Get, path, None).await
    }

    /// Gets a page, with headers beside its own.
    pub async fn get_with(&mut self, path: &str, more: &[(&'static str, &str)]) -> Answer {
        let mut headers = self.headers(path);
        headers.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let answer = self.send_raw(Method::Get, path, headers, None).await;
        self.keep(&answer);
        answer
    }

    /// The session it is logged in with, as the test application tells it.
    pub async fn handle(&mut self) -> SessionHandle {
        let me = self.get("/me").await.json();
        let handle = me["handle"].as_str().expect("a handle");
        handle.parse().expect("a UUID")
    }

    /// Posts nothing.
    pub async fn post(&mut self, path: &str) -> Answer {
        self.send(Method::Post, path, None).await
    }

    /// Sends a request, and keeps the cookies of the answer.
    pub async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let answer = self.send_only(method, path, body).await;
        self.keep(&answer);
        answer
    }

    /// Sends a request whose answer never arrives, as far as the jar is concerned.
    pub async fn send_only(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        self.send_raw(method, path, self.headers(path), body).await
    }

    /// What it sends with every request.
    fn headers(&self, path: &str) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if let Some(cookies) = self.cookie_header(path) {
            headers.push(("Cookie", cookies));
        }
        // As a front end says that it reads the front-token.
        if self.headers.is_none() {
            headers.push(("st-auth-mode", "cookie".into()));
        }
        if let Some(kept) = &self.headers {
            headers.push(("st-auth-mode", "header".into()));
            let token = if path == REFRESH_PATH {
                &kept.refresh
            } else {
                &kept.access
            };
            if let Some(token) = token {
                headers.push(("Authorization", format!("Bearer {token}")));
            }
        }
        headers
    }

    /// Sends a request with these headers and none of its own.
    pub async fn send_raw(
        &self,
        method: Method,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: Option<String>,
    ) -> Answer {
        self.send_as(method, path, headers, body, ContentType::JSON)
            .await
    }

    /// The same, with a form.
    pub async fn send_form(
        &self,
        method: Method,
        path: &str,
        headers: Vec<(&'static str, String)>,
        form: String,
    ) -> Answer {
        self.send_as(method, path, headers, Some(form), ContentType::Form)
            .await
    }

    /// The same, with whatever names of headers and a body of any kind.
    pub async fn send_as<N: Into<std::borrow::Cow<'static, str>>>(
        &self,
        method: Method,
        path: &str,
        headers: Vec<(N, String)>,
        body: Option<String>,
        kind: ContentType,
    ) -> Answer {
        let mut request = self.client.req(method, path.to_owned());
        if let Some(address) = self.address {
            request = request.remote(address);
        }
        for (name, value) in headers {
            let name = name.into();
            let value = if name.eq_ignore_ascii_case("cookie") {
                names::cookie_header(&value)
            } else {
                value
            };
            request.add_header(Header::new(name, value));
        }
        if let Some(body) = body {
            request = request.header(kind).body(body);
        }
        let response = request.dispatch().await;
        let headers = response
            .headers()
            .iter()
            .map(|header| {
                (
                    header.name().as_str().to_ascii_lowercase(),
                    header.value().to_owned(),
                )
            })
            .collect();
        let Status { code: status } = response.status();
        let body = response.into_string().await.unwrap_or_default();
        let answer = Answer {
            status,
            headers,
            body,
        };
        for cookie in answer.all("set-cookie") {
            let value = cookie.split(['=', ';']).nth(1).unwrap_or_default();
            self.issued.token(value);
        }
        for name in [ACCESS_HEADER, REFRESH_HEADER, "anti-csrf"] {
            answer.all(name).for_each(|value| self.issued.token(value));
        }
        answer
    }

    /// Takes the cookies of an answer into the jar.
    pub fn keep(&mut self, answer: &Answer) {
        let now = self.clock.now().timestamp();
        for line in answer.all("set-cookie") {
            let cookie = Cookie::parse(line.to_owned()).expect("a well-formed Set-Cookie");
            let ends = match cookie.max_age() {
                Some(age) => Some(now + age.whole_seconds()),
                None => cookie.expires_datetime().map(|ends| ends.unix_timestamp()),
            };
            let mut cookie = cookie;
            if let Some(ends) = ends {
                let ends = OffsetDateTime::from_unix_timestamp(ends).expect("a time");
                cookie.set_expires(ends);
            }
            if ends.is_none_or(|ends| ends > now) {
                self.jar.insert(cookie.name().to_owned(), cookie);
            } else {
                self.jar.remove(cookie.name());
            }
        }
        if let Some(kept) = &mut self.headers {
            for (name, slot) in [
                (ACCESS_HEADER, &mut kept.access),
                (REFRESH_HEADER, &mut kept.refresh),
            ] {
                if let Some(value) = answer.header(name) {
                    *slot = Some(value.to_owned()).filter(|value| !value.is_empty());
                }
            }
        }
    }

    /// The tokens kept in header mode, as (access, refresh).
    pub fn bearer_tokens(&self) -> Option<(&str, &str)> {
        let kept = self.headers.as_ref()?;
        Some((kept.access.as_deref()?, kept.refresh.as_deref()?))
    }

    /// The value of a cookie in the jar; of a session's cookies, named by their beginning, the last one's.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let mut named = self.jar.values().filter(|cookie| is_named(cookie, name));
        named.next_back().map(|cookie| cookie.value().to_owned())
    }

    /// The names in the jar.
    pub fn cookie_names(&self) -> Vec<String> {
        self.jar.keys().cloned().collect()
    }

    /// Puts a cookie into the jar; a session's cookie, named by its beginning, under its full name.
    pub fn plant(&mut self, name: &str, value: &str, path: &str) {
        let name = names::name_for(name, value);
        let cookie = Cookie::build((name.clone(), value.to_owned()))
            .path(path.to_owned())
            .build();
        self.jar.insert(name, cookie);
    }

    /// Puts all cookies of another browser into the jar.
    pub fn add(&mut self, other: &Self) {
        self.jar.extend(other.jar.clone());
    }

    /// Forgets a cookie; of the cookies of sessions, named by their beginning, all.
    pub fn forget(&mut self, name: &str) {
        self.jar.retain(|_, cookie| !is_named(cookie, name));
    }

    /// The cookies, to be carried to another server.
    pub fn jar(&self) -> Jar {
        Jar(self.jar.clone())
    }

    /// This browser with other cookies.
    pub fn with_jar(self, jar: Jar) -> Self {
        Self { jar: jar.0, ..self }
    }

    /// What it sends to this path as `Cookie`.
    pub fn cookie_header(&self, path: &str) -> Option<String> {
        let now = self.clock.now().timestamp();
        let sent: Vec<String> = self
            .jar
            .values()
            .filter(|cookie| path.starts_with(cookie.path().unwrap_or("/")))
            .filter(|cookie| {
                cookie
                    .expires_datetime()
                    .is_none_or(|ends| ends.unix_timestamp() > now)
            })
            .map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
            .collect();
        (!sent.is_empty()).then(|| sent.join("; "))
    }
}

fn is_named(cookie: &Cookie<'_>, name: &str) -> bool {
    cookie.name() == name || (is_base(name) && cookie.name().starts_with(&format!("{name}.")))
}
