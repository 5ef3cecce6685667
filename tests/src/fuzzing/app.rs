//! An application whose sessions no request can change: its routes only judge.

use std::cell::OnceCell;

use jsonwebtoken::EncodingKey;
use rocket::figment::Figment;
use rocket::http::{Header, Method};
use rocket::local::blocking::Client;
use rocket::tokio::runtime::{self, Runtime};
use rocket::{get, post, routes};
use session_runtime::testing::ManualClock;
use session_runtime::{Login, Logout, MaybeSession, Session, Sessions};
use tempfile::TempDir;

use crate::app::{self, Claims};
use crate::names;
use crate::server;

/// Where browsers reach it.
pub(super) const ORIGIN: &str = "https://api.example.com";
/// A page of ours elsewhere.
pub(super) const WEBSITE: &str = "https://www.example.com";
/// Name of its access cookie.
pub(super) const ACCESS: &str = "__Host-sAccessToken";
/// Name of its refresh cookie.
pub(super) const REFRESH: &str = "__Secure-sRefreshToken";

/// How each of the servers tells requests of other sites from ours, and where its tokens travel.
pub(super) const SITES: [(&str, &str); 5] = [
    ("fetch-metadata", "any"),
    ("via-token", "any"),
    ("via-custom-header", "any"),
    ("fetch-metadata", "cookie"),
    ("fetch-metadata", "header"),
];

/// The servers, each started when it is first needed.
pub struct App {
    sites: [OnceCell<Site>; SITES.len()],
    /// The key that the first of them signs with, and its name.
    pub(super) key: OnceCell<(EncodingKey, String)>,
    /// For what is asked without a request.
    pub(super) runtime: Runtime,
}

/// One server, and the tokens of somebody who is logged in.
#[derive(Debug)]
pub(super) struct Site {
    client: Client,
    _folder: TempDir,
    /// The access token in a cookie.
    pub(super) access: String,
    /// The refresh token in a cookie.
    pub(super) refresh: String,
    /// The anti-CSRF token, where there is one.
    pub(super) anti_csrf: String,
    /// The access token of a session in headers.
    pub(super) bearer: String,
    /// The refresh token of a session in headers.
    pub(super) header_refresh: String,
}

#[get("/read")]
fn read(session: Session<Claims>) -> String {
    format!("read {}", session.user_id())
}

#[post("/write")]
fn write(session: Session<Claims>) -> String {
    format!("written {}", session.user_id())
}

#[get("/maybe")]
fn maybe(session: MaybeSession<Claims>) -> String {
    format!("maybe {}", session.is_some())
}

#[post("/begin")]
fn begin(_login: Login) -> &'static str {
    "begun"
}

#[post("/end")]
fn end(_logout: Logout) -> &'static str {
    "ended"
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// Starts nothing yet.
    #[expect(
        clippy::new_without_default,
        reason = "a default that opens a runtime would surprise"
    )]
    pub fn new() -> Self {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        Self {
            sites: Default::default(),
            key: OnceCell::new(),
            runtime: runtime.expect("a runtime"),
        }
    }

    /// The server of that number.
    pub(super) fn site(&self, number: usize) -> &Site {
        self.sites[number].get_or_init(|| Site::start(SITES[number]))
    }
}

impl Site {
    fn start((csrf, transfer): (&str, &str)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("fuzz.db");
        let figment = Figment::from(rocket::Config::default())
            .merge(("log_level", "off"))
            .merge(("sessions.database", format!("sqlite:{}", file.display())))
            .merge(("sessions.master_key", server::MASTER_KEY))
            .merge(("sessions.api_origin", ORIGIN))
            .merge(("sessions.website_origins", [WEBSITE]))
            .merge(("sessions.csrf", csrf))
            .merge(("sessions.transfer", transfer));
        let clock: ManualClock = server::clock();
        let rocket = rocket::custom(figment)
            .attach(Sessions::fairing().clock(clock))
            .mount("/", routes![read, write, maybe, begin, end, app::log_in]);
        let mut site = Self {
            client: Client::untracked(rocket).expect("a rocket that launches"),
            _folder: folder,
            access: String::new(),
            refresh: String::new(),
            anti_csrf: String::new(),
            bearer: String::new(),
            header_refresh: String::new(),
        };
        for mode in ["cookie", "header"] {
            site.log_in(mode);
        }
        site
    }

    fn log_in(&mut self, mode: &'static str) {
        let request = self
            .client
            .post("/login")
            .header(Header::new("st-auth-mode", mode))
            .header(Header::new("sec-fetch-site", "same-origin"))
            .body(r#"{"user":"ada"}"#);
        let response = request.dispatch();
        assert_eq!(response.status().code, 200, "a login in {mode} mode");
        let headers = response.headers();
        let cookie = |name: &str| {
            let mut lines = headers.get("set-cookie");
            let line = lines.find_map(|line| {
                let rest = line.strip_prefix(name)?.strip_prefix('.')?;
                Some(rest.split_once('=')?.1)
            });
            line.and_then(|line| line.split(';').next())
                .map(str::to_owned)
        };
        let header = |name: &str| headers.get_one(name).map(str::to_owned);
        let found = [
            cookie(ACCESS),
            cookie(REFRESH),
            header("anti-csrf"),
            header("st-access-token"),
            header("st-refresh-token"),
        ];
        let places = [
            &mut self.access,
            &mut self.refresh,
            &mut self.anti_csrf,
            &mut self.bearer,
            &mut self.header_refresh,
        ];
        for (place, token) in places.into_iter().zip(found) {
            *place = token
                .filter(|token| !token.is_empty())
                .unwrap_or(std::mem::take(place));
        }
    }

    /// What a request with these headers is answered: status, body, and whether it sets a cookie.
    pub(super) fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(String, String)],
    ) -> (u16, String, bool) {
        let mut request = self.client.req(method, path.to_owned());
        for (name, value) in headers {
            let value = if name == "cookie" {
                names::cookie_header(value)
            } else {
                value.clone()
            };
            request.add_header(Header::new(name.clone(), value));
        }
        let response = request.dispatch();
        let status = response.status().code;
        let sets = response.headers().contains("set-cookie");
        (status, response.into_string().unwrap_or_default(), sets)
    }

    pub(super) fn sessions(&self) -> &Sessions {
        let rocket = self.client.rocket();
        rocket.state().expect("sessions that the fairing manages")
    }
}
