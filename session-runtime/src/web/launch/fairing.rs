//! The fairing: sets everything up at ignite, and is the only writer of session cookies and headers.

use std::fmt::Display;
use std::sync::Arc;

use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::{Build, Orbit, Request, Response, Rocket};

use crate::clock::{Clock, SystemClock};
use crate::error::{Error, see};
use crate::event::{Event, Events};
use crate::keys::{OwnKey, Supplier};
use crate::random::{OsRandom, Random};
use crate::rules::lifetimes::{Lifetimes, check_min_age};
use crate::sessions::{Sessions, Surroundings};
use crate::web::launch::{answers, tasks};
use crate::web::request::csrf::CsrfPolicy;
use crate::web::request::presented::Presented;
use crate::web::response::error::{ErrorAnswer, ErrorHandler};
use crate::web::response::pending::{Audience, Pending};
use crate::web::response::wire::{self, Wire};
use crate::web::routes;
use crate::web::settings::Settings;
use crate::web::settings::conflicts;
use crate::web::state::Catchers;

/// Sets up sessions on a Rocket; made by [`Sessions::fairing`].
#[derive(Debug)]
pub struct SessionFairing {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    events: Events,
    errors: ErrorHandler,
    supplier: Option<Supplier>,
    /// Whether `rotation_min_age` may be shorter than honest clients need; only tests set it.
    pub(in crate::web) any_min_age: bool,
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
            events: Events::default(),
            errors: ErrorHandler::default(),
            supplier: None,
            any_min_age: false,
        }
    }
}

impl SessionFairing {
    /// Hands every [`Event`] to `handler`, beside the log. It runs within the request, so it must be
    /// quick: send to a channel what takes time. If it panics, the request goes on.
    ///
    /// ```
    /// # use session_runtime::{Event, Sessions};
    /// let fairing = Sessions::fairing().on_event(|event| {
    ///     if let Event::TokenTheft { user_id, .. } = event {
    ///         println!("warn {user_id}");
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn on_event(mut self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.events = Events::to(handler);
        self
    }

    /// Lets `handler` answer errors of sessions in the place of the protocol's bodies; `None` leaves
    /// them. Tokens are removed as the protocol says all the same.
    ///
    /// ```
    /// # use rocket::http::{ContentType, Status};
    /// # use session_runtime::{Error, ErrorAnswer, Sessions};
    /// let fairing = Sessions::fairing().on_error(|error, _request| match error {
    ///     Error::TokenTheft { .. } => Some(ErrorAnswer {
    ///         status: Status::Unauthorized,
    ///         content_type: ContentType::Text,
    ///         body: "somebody else used your session: log in and change your password".into(),
    ///     }),
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
    /// over. A bad key stops the launch; later, it is logged and the keys before it stay in use. So it
    /// is if `supply` fails, panics or takes longer than ten seconds.
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
            Ok((sessions, wire, csrf)) => {
                let routes = routes::all(sessions.config());
                let catchers = answers::catchers(&rocket, sessions.config());
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
                Err(rocket)
            }
        }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        if let Some(catchers) = rocket.state::<Catchers>() {
            catchers.learn(rocket);
        }
        if let Some(sessions) = rocket.state::<Sessions>() {
            tasks::start(sessions, &rocket.shutdown());
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let state = request.rocket();
        let Some(wire) = state.state::<Wire>() else {
            return;
        };
        let pending = Pending::of(request);
        let Some(change) = pending.take() else {
            match pending.audience() {
                // The back button must not show it after a sign-out, unless the application says so. What
                // nobody may store needs no `Vary`.
                Audience::Member if !response.headers().contains("cache-control") => {
                    wire::forbid_storing(response);
                }
                // A shared cache must not show it to members.
                Audience::Member | Audience::Visitors => wire::vary(response),
                Audience::Everybody => {}
            }
            return;
        };
        wire.write(request, response, &change);
        if Presented::of(request, wire).legacy {
            wire.clear_legacy(response);
        }
        wire::forbid_caching(response);
        if let Some(tokens) = &change.attach
            && let Some(sessions) = state.state::<Sessions>()
        {
            sessions.note_head(wire::head_size(response));
            if wire.are_dropped(tokens) {
                let handle = tokens.handle;
                sessions.emit(&Event::SecureCookiesOverHttp { handle });
            }
        }
    }
}

impl SessionFairing {
    async fn open(&self, rocket: &Rocket<Build>) -> Result<(Sessions, Wire, CsrfPolicy), String> {
        let settings = Settings::read(rocket.figment())?;
        let lifetimes = Lifetimes::of(&settings.config).map_err(see("SessionConfig"))?;
        if !self.any_min_age {
            check_min_age(&settings.config).map_err(see("SessionConfig"))?;
        }
        for warning in conflicts::check(&settings).map_err(see("deployment"))? {
            let warning = see("deployment")(warning);
            tracing::warn!(event = "settings_do_not_fit", "{warning}");
        }
        routes::check_free(rocket, &settings.config).map_err(see("SessionConfig"))?;
        let (wire, csrf) = (Wire::new(&settings), CsrfPolicy::new(&settings));
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
        let sessions = Sessions::open(config, database, surroundings).await?;
        Ok((sessions, wire, csrf))
    }
}
