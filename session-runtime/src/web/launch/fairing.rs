//! The fairing. It sets everything up at ignite, and only it writes session cookies and headers.

use std::fmt::{self, Display};
use std::sync::Arc;

use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::{Build, Orbit, Request, Response, Rocket};

use crate::clock::{Clock, SystemClock};
use crate::config::SessionConfig;
use crate::error::Error;
use crate::event::{Event, EventSink};
use crate::keys::{OwnKey, Supplier};
use crate::launch_error::{LaunchError, see};
use crate::random::{OsRandom, Random};
use crate::rules::lifetimes::{Lifetimes, check_min_age};
use crate::sessions::{Sessions, Surroundings};
use crate::web::launch::{cors, default_catchers, tasks};
use crate::web::request::csrf::CsrfPolicy;
use crate::web::request::presented::Presented;
use crate::web::request_state::{Audience, RequestState};
use crate::web::response::error::{ErrorAnswer, ErrorHandler};
use crate::web::response::headers;
use crate::web::response::wire::Wire;
use crate::web::routes;
use crate::web::settings::{self, Settings, conflicts};
use crate::web::state::Catchers;

/// The fairing that sets up sessions, created by [`Sessions::fairing`]; its methods adjust it.
pub struct SessionFairing {
    config: Option<Box<SessionConfig>>,
    launch_errors: Option<Box<LaunchErrorHandler>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    events: EventSink,
    errors: ErrorHandler,
    supplier: Option<Supplier>,
    /// Whether `rotation_min_age` may be too short for real clients; only tests set it.
    pub(in crate::web) any_min_age: bool,
}

type LaunchErrorHandler = dyn Fn(&LaunchError) + Send + Sync;

impl Sessions {
    /// The fairing to attach. It reads `[default.sessions]`, opens the database and mounts the
    /// routes.
    ///
    /// The routes are refresh, sign-out and the published keys.
    ///
    /// ```
    /// # use session_runtime::Sessions;
    /// let rocket = rocket::build().attach(Sessions::fairing());
    /// ```
    #[doc(alias = "init")]
    #[doc(alias = "middleware")]
    pub fn fairing() -> SessionFairing {
        SessionFairing {
            config: None,
            launch_errors: None,
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(OsRandom::default()),
            events: EventSink::default(),
            errors: ErrorHandler::default(),
            supplier: None,
            any_min_age: false,
        }
    }
}

impl SessionFairing {
    /// Sets settings from code; `Rocket.toml` and the environment override them.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use session_runtime::{SessionConfig, Sessions};
    ///
    /// let mut config = SessionConfig::default();
    /// config.access_token_validity = Duration::from_secs(15 * 60);
    /// config.audience = Some("example".into());
    /// let rocket = rocket::build().attach(Sessions::fairing().config(config));
    /// ```
    #[must_use]
    pub fn config(mut self, config: SessionConfig) -> Self {
        self.config = Some(Box::new(config));
        self
    }

    /// Passes the reason why a launch failed to `handler`, which is also logged.
    ///
    /// Rocket's own error says only that a fairing failed.
    ///
    /// ```
    /// # use session_runtime::Sessions;
    /// let fairing = Sessions::fairing()
    ///     .on_launch_error(|error| eprintln!("no sessions: {error}"));
    /// ```
    #[must_use]
    pub fn on_launch_error(
        mut self,
        handler: impl Fn(&LaunchError) + Send + Sync + 'static,
    ) -> Self {
        self.launch_errors = Some(Box::new(handler));
        self
    }

    /// Passes every [`Event`] to `handler`, in addition to logging it.
    ///
    /// It runs within the request, so it must be quick: send to a channel what takes time. If it
    /// panics, the request continues.
    ///
    /// ```
    /// # use session_runtime::{Event, Sessions};
    /// let fairing = Sessions::fairing().on_event(|event| {
    ///     if let Event::TokenTheft { user_id, .. } = event {
    ///         println!("warn {user_id}");
    ///     }
    /// });
    /// ```
    #[doc(alias = "audit log")]
    #[must_use]
    pub fn on_event(mut self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.events = EventSink::to(handler);
        self
    }

    /// Replaces the protocol's response body for a session error; return `None` to keep it.
    ///
    /// Cookies are removed as the protocol says in either case.
    ///
    /// ```
    /// # use rocket::http::{ContentType, Status};
    /// # use session_runtime::fairing::ErrorAnswer;
    /// # use session_runtime::{Error, Sessions};
    /// let fairing = Sessions::fairing().on_error(|error, _request| match error {
    ///     Error::TokenTheft { .. } => Some(ErrorAnswer::new(
    ///         Status::Unauthorized,
    ///         ContentType::Text,
    ///         "somebody else used your session: log in and change your password",
    ///     )),
    ///     _ => None,
    /// });
    /// ```
    #[doc(alias = "errorHandlers")]
    #[doc(alias = "onUnauthorised")]
    #[doc(alias = "onTryRefreshToken")]
    #[doc(alias = "onTokenTheftDetected")]
    #[doc(alias = "onInvalidClaim")]
    #[must_use]
    pub fn on_error(
        mut self,
        handler: impl Fn(&Error, &Request<'_>) -> Option<ErrorAnswer> + Send + Sync + 'static,
    ) -> Self {
        self.errors = ErrorHandler::new(handler);
        self
    }

    /// Replaces the machine's clock, so that a test needs no sleep.
    ///
    /// See `testing::ManualClock`, under the feature `testing`.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Uses `random` instead of the operating system's randomness. Sessions are only as secret as
    /// it is.
    #[cfg(feature = "internals")]
    #[doc(hidden)]
    #[must_use]
    pub fn random(mut self, random: impl Random) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Signs access tokens with the application's own keys; the first one signs, the others only
    /// verify.
    ///
    /// `supply` is called at launch, every `signing_key_overlap`, and when a token names an unknown
    /// key. To rotate: supply the new key second; after twice `signing_key_overlap` supply it first; supply the old
    /// one until its last token has expired. A key that cannot be used stops the launch. Later, it
    /// is logged and the previous keys stay in use; the same happens if `supply` fails, panics or
    /// takes longer than ten seconds.
    ///
    /// ```
    /// # use session_runtime::Sessions;
    /// # use session_runtime::config::SigningAlgorithm;
    /// # use session_runtime::keys::OwnKey;
    /// let fairing = Sessions::fairing().signing_keys(|| async {
    ///     let pem = rocket::tokio::fs::read_to_string("signing.pem").await?;
    ///     let key = OwnKey::from_pem("2026-11", SigningAlgorithm::Es256, &pem);
    ///     Ok::<_, std::io::Error>(vec![key])
    /// });
    /// ```
    #[must_use]
    pub fn signing_keys<F, A, E>(mut self, supply: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<Vec<OwnKey>, E>> + Send + 'static,
        E: Display,
    {
        self.supplier = Some(Supplier::new(supply));
        self
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
        match self.open(&rocket).await {
            Ok((sessions, wire, csrf)) => {
                let routes = routes::all(sessions.config(), &wire);
                let catchers = default_catchers::catchers(&rocket, sessions.config());
                let mount_at = match sessions.config().api_base_path.as_str() {
                    "" => "/".to_owned(),
                    path => path.to_owned(),
                };
                Ok(rocket
                    .manage(sessions)
                    .manage(wire)
                    .manage(csrf)
                    .manage(self.errors.clone())
                    .manage(Catchers::default())
                    .register("/", catchers)
                    .mount(mount_at, routes))
            }
            Err(reason) => {
                tracing::error!("sessions could not be set up: {reason}");
                if let Some(handler) = &self.launch_errors {
                    handler(&reason);
                }
                Err(rocket)
            }
        }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let (Some(catchers), Some(sessions)) =
            (rocket.state::<Catchers>(), rocket.state::<Sessions>())
        else {
            return;
        };
        catchers.learn(rocket);
        if catchers.has_pages() {
            warn_of(conflicts::check_pages(sessions.config(), |code| {
                catchers.know(code)
            }));
        }
        if rocket.state::<cors::Attached>().is_none() {
            warn_of(conflicts::check_scripts(sessions.config()));
        }
        tasks::start(sessions, &rocket.shutdown());
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let state = request.rocket();
        let Some(wire) = state.state::<Wire>() else {
            return;
        };
        if let Some(sessions) = state.state::<Sessions>() {
            sessions.note_cookies(request.headers().get("cookie").map(str::len).sum());
        }
        let local = RequestState::of(request);
        let Some(change) = local.take() else {
            match local.audience() {
                // The Back button must not show it after a sign-out, unless the application allows
                // it. An answer that must not be stored needs no `Vary`.
                Audience::Member if !response.headers().contains("cache-control") => {
                    headers::forbid_storing(response);
                }
                // A shared cache must not show a visitor's answer to a member.
                Audience::Member | Audience::Visitors => headers::vary(response),
                Audience::Everybody => {}
            }
            return;
        };
        wire.write(request, response, &change);
        if Presented::of(request, wire).legacy {
            wire.clear_legacy(response);
        }
        headers::forbid_caching(response);
        if let Some(tokens) = &change.attach
            && let Some(sessions) = state.state::<Sessions>()
        {
            sessions.note_head(headers::head_size(response));
            if wire.are_dropped(tokens) {
                let handle = tokens.handle;
                sessions.emit(&Event::SecureCookiesOverHttp { handle });
            }
        }
    }
}

impl SessionFairing {
    async fn open(
        &self,
        rocket: &Rocket<Build>,
    ) -> Result<(Sessions, Wire, CsrfPolicy), LaunchError> {
        if rocket.state::<Sessions>().is_some() {
            let twice = "`Sessions::fairing()` is attached twice: remove one";
            return Err(twice.to_owned().into());
        }
        let settings = match &self.config {
            Some(config) => Settings::read(&settings::beneath(rocket.figment(), config))?,
            None => Settings::read(rocket.figment())?,
        };
        let lifetimes = Lifetimes::of(&settings.config).map_err(see("SessionConfig"))?;
        if !self.any_min_age {
            check_min_age(&settings.config).map_err(see("SessionConfig"))?;
        }
        warn_of(conflicts::check(&settings).map_err(see("guide::deployment"))?);
        let (wire, csrf) = (Wire::new(&settings), CsrfPolicy::new(&settings));
        routes::check_free(rocket, &settings.config, &wire).map_err(see("SessionConfig"))?;
        let Settings {
            config,
            database,
            issuer,
            development,
            ..
        } = settings;
        let surroundings = Surroundings {
            lifetimes,
            issuer,
            access_cookie_name: wire.access.any_name(),
            development,
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            events: self.events.clone(),
            supplier: self.supplier.clone(),
        };
        let sessions = Sessions::open(config, database.url, surroundings).await?;
        Ok((sessions, wire, csrf))
    }
}

/// Logs settings that work only for some clients.
fn warn_of(conflicts: Vec<String>) {
    for conflict in conflicts {
        let warning = see("guide::deployment")(conflict);
        tracing::warn!(event = "settings_do_not_fit", "{warning}");
    }
}

impl fmt::Debug for SessionFairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionFairing").finish_non_exhaustive()
    }
}
