//! The fairing: sets everything up at ignite, and is the only writer of session cookies and headers.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::Status;
use rocket::{Build, Orbit, Request, Response, Rocket};

use super::config::Settings;
use super::csrf::CsrfPolicy;
use super::pending::{Change, Pending};
use super::routes;
use super::tasks;
use super::transport::{self, ACCESS_COOKIE, Writer};
use crate::clock::{Clock, SystemClock};
use crate::keys::{OwnKey, Supplier};
use crate::random::{OsRandom, Random};
use crate::sessions::{Sessions, Surroundings};

/// Sets up sessions on a Rocket; made by [`Sessions::fairing`].
#[derive(Debug)]
pub struct SessionFairing {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    supplier: Option<Supplier>,
}

impl Sessions {
    /// The fairing to attach: reads `[default.sessions]`, opens the database, mounts refresh,
    /// sign-out and the published keys.
    ///
    /// ```
    /// # use session_runtime::Sessions;
    /// let rocket = rocket::build().attach(Sessions::fairing());
    /// ```
    #[doc(alias = "init")]
    #[doc(alias = "middleware")]
    pub fn fairing() -> SessionFairing {
        SessionFairing {
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(OsRandom::default()),
            supplier: None,
        }
    }
}

impl SessionFairing {
    /// Takes the time from `clock` instead of the machine, so that a test needs no sleep.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Draws randomness from `random` instead of the operating system. Sessions are only as secret as it is.
    #[must_use]
    pub fn random(mut self, random: impl Random) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Signs access tokens with the application's own keys instead of keys in the database; the first
    /// signs, the others only verify.
    ///
    /// Asked at launch, every `signing_key_overlap`, and when a token names an unknown key. To rotate:
    /// supply the new key second, after two minutes first, and the old one until its last token is
    /// over. A bad key stops the launch; later, it is logged and the keys before it stay in use.
    ///
    /// ```
    /// # use session_runtime::{OwnKey, Sessions, SigningAlgorithm};
    /// let fairing = Sessions::fairing().signing_keys(|| async {
    ///     let pem = rocket::tokio::fs::read_to_string("signing.pem").await?;
    ///     Ok::<_, std::io::Error>(vec![OwnKey::from_pem("2026-11", SigningAlgorithm::Es256, &pem)])
    /// });
    /// ```
    #[must_use]
    pub fn signing_keys<F, A, E>(mut self, ask: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<Vec<OwnKey>, E>> + Send + 'static,
        E: Display,
    {
        self.supplier = Some(Supplier::new(ask));
        self
    }
}

/// What the response side needs, managed beside `Sessions`.
#[derive(Debug)]
struct ResponseSide {
    writer: Writer,
    /// The application's catchers as (status or all, base), known at liftoff.
    catchers: OnceLock<Vec<(Option<u16>, String)>>,
}

impl ResponseSide {
    /// Whether an application catcher answered for `status` at this path; its body stays then.
    fn is_caught(&self, status: Status, request: &Request<'_>) -> bool {
        let path = request.uri().path();
        let catchers = self.catchers.get().map(Vec::as_slice).unwrap_or_default();
        catchers.iter().any(|(code, base)| {
            code.is_none_or(|code| code == status.code) && is_below(path.as_str(), base)
        })
    }
}

/// Whether `path` is `base` or below it, by whole segments.
fn is_below(path: &str, base: &str) -> bool {
    match path.strip_prefix(base.trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

#[rocket::async_trait]
impl Fairing for SessionFairing {
    fn info(&self) -> Info {
        Info {
            name: "Sessions",
            kind: Kind::Ignite | Kind::Liftoff | Kind::Response,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        if rocket.state::<Sessions>().is_some() {
            tracing::error!("`Sessions::fairing()` is attached twice: remove one");
            return Err(rocket);
        }
        match self.open(&rocket).await {
            Ok((sessions, writer, csrf)) => {
                let routes_at = sessions.config().api_base_path.clone();
                let mount_at = if routes_at.is_empty() {
                    "/".to_owned()
                } else {
                    routes_at
                };
                let response_side = ResponseSide {
                    writer,
                    catchers: OnceLock::new(),
                };
                Ok(rocket
                    .manage(sessions)
                    .manage(response_side)
                    .manage(csrf)
                    .mount(mount_at, routes::all()))
            }
            Err(reason) => {
                tracing::error!("sessions could not be set up: {reason}");
                Err(rocket)
            }
        }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        if let Some(response_side) = rocket.state::<ResponseSide>() {
            let catchers = rocket
                .catchers()
                .map(|catcher| (catcher.code, catcher.base.to_string()))
                .collect();
            response_side.catchers.get_or_init(|| catchers);
        }
        if let Some(sessions) = rocket.state::<Sessions>() {
            tasks::start(sessions, &rocket.shutdown());
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(side) = request.rocket().state::<ResponseSide>() else {
            return;
        };
        let pending = Pending::of(request);
        if let Some(failure) = pending.failure()
            && response.status() == failure.status()
            && !side.is_caught(failure.status(), request)
        {
            failure.write_body(response);
            if failure.clears_tokens() {
                pending.set(Change::Clear);
            }
        }
        match pending.take() {
            Some(Change::Attach(tokens)) => side.writer.attach(response, &tokens),
            Some(Change::Clear) => side.writer.clear(response),
            None => return,
        }
        transport::forbid_caching(response);
    }
}

impl SessionFairing {
    async fn open(&self, rocket: &Rocket<Build>) -> Result<(Sessions, Writer, CsrfPolicy), String> {
        let Settings {
            config,
            database,
            origin,
            issuer,
            secure,
            development,
        } = Settings::read(rocket.figment())?;
        routes::check_free(rocket, &config.api_base_path)?;
        let writer = Writer::new(&config, secure);
        let csrf = CsrfPolicy::new(&config, &origin, development && config.api_origin.is_none());
        let surroundings = Surroundings {
            issuer,
            access_cookie_name: ACCESS_COOKIE,
            development,
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            supplier: self.supplier.clone(),
        };
        let sessions = Sessions::open(config, database, surroundings).await?;
        Ok((sessions, writer, csrf))
    }
}
