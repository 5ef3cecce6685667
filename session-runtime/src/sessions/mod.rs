//! Sessions by handle or by token, outside the request that they belong to: list, read, change and
//! end them.
//!
//! ```
//! use rocket::{get, serde::json::Json};
//! use session_runtime::{Error, SessionInfo, Sessions};
//!
//! #[get("/support/<user>/devices")]
//! async fn devices(user: &str, sessions: Sessions) -> Result<Json<Vec<SessionInfo>>, Error> {
//!     let newest = sessions.list(user, None).await?; // a page
//!     Ok(Json(newest))
//! }
//! # let _ = rocket::routes![devices];
//! ```

// The life of a session: create, verify, refresh, change, revoke. Nothing here uses HTTP or SQL.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock::DatabaseClock;
use crate::config::{Csrf, SessionConfig, TransferMethod};
use crate::error::Error;
use crate::event::{Event, EventSink};
use crate::handle::SessionHandle;
use crate::new_session::NewSession;
use crate::payload::types::PayloadTypes;
use crate::random::Random;
use crate::record::Summary;
use crate::revocation::Revocations;
use crate::rules::lifetimes::Lifetimes;
use crate::store::Store;
use crate::token::access::Terms;
use crate::token::{Binding, SessionTokens, Transport};

mod change;
mod clean_up;
mod clock_jumps;
mod conflicts;
mod device;
mod edits;
mod feed;
mod info;
mod issue;
mod jwt;
mod kept_keys;
mod key_source;
mod keys;
mod login_context;
mod missing_row;
mod neighbours;
mod open;
mod open_streams;
mod payload_types;
mod recognise;
mod refresh;
mod replace;
mod revoke;
mod second_factor;
mod silent_requests;
mod start;
mod streams;
mod task_failures;
mod tasks;
#[cfg(feature = "internals")]
#[allow(
    clippy::exhaustive_structs,
    reason = "only the tests of this repository see it"
)]
pub(crate) mod testing;
mod uncommitted;
mod verified_tokens;
mod verify;
mod versioned;
mod within;

pub(crate) use device::Asked;
pub(crate) use edits::{change_payload, merge};
pub use info::SessionInfo;
pub(crate) use login_context::{CompletedLogin, LoginContext};
pub(crate) use open::Surroundings;
pub(crate) use recognise::Recognised;
pub(crate) use refresh::Exchanged;
pub use streams::Ended;
pub(crate) use task_failures::Task;
pub use uncommitted::Uncommitted;
pub use verify::VerifiedSession;
pub(crate) use verify::claims_of_row;
pub use versioned::Versioned;
pub use within::Within;

pub use crate::device::Device;
pub use crate::handle::InvalidHandle;
pub use crate::store::SessionConnection;

use clock_jumps::ClockJumps;
use conflicts::Conflicts;
use kept_keys::KeptKeys;
use open_streams::OpenStreams;
use silent_requests::SilentRequests;
use task_failures::TaskFailures;
use verified_tokens::VerifiedTokens;

/// All sessions of the application: create, verify, refresh, list, change and revoke them.
///
/// It is a cheap handle to shared state; clone it freely. It is also a request guard that never
/// fails:
///
/// ```
/// # use rocket::{post, serde::json::Json};
/// # use session_runtime::{Error, Sessions};
/// #[post("/admin/end-sessions/<user>")]
/// async fn end_sessions(user: &str, sessions: Sessions) -> Result<String, Error> {
///     let ended = sessions.revoke_all(user).await?;
///     Ok(format!("{} sessions ended", ended.len()))
/// }
/// ```
#[doc(alias = "session store")]
#[derive(Debug, Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

/// Whether a route that admitted a session would admit it again with this row.
pub(crate) type Judge = fn(&Sessions, &Summary) -> bool;

/// Sessions that may have been dropped meanwhile.
pub(crate) struct WeakSessions(Weak<Inner>);

impl WeakSessions {
    pub(crate) fn upgrade(&self) -> Option<Sessions> {
        self.0.upgrade().map(|inner| Sessions { inner })
    }
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    tokens: AccessTokens,
    keys: KeptKeys,
    feed: Follower,
    store: Stores,
    reports: Reports,
}

/// The settings in force.
#[derive(Debug)]
struct Settings {
    config: SessionConfig,
    /// The durations among them, checked.
    lifetimes: Lifetimes,
}

/// What mints access tokens, and what is remembered of those that were verified.
#[derive(Debug)]
struct AccessTokens {
    terms: Terms,
    access_cookie_name: String,
    random: Arc<dyn Random>,
    verified: VerifiedTokens,
    payload_types: PayloadTypes,
    conflicts: Conflicts,
}

/// What follows the revocation feed, the streams that it ends, the time of the database that comes
/// with it, and the clean-up that depends on both.
#[derive(Debug)]
struct Follower {
    revocations: Revocations,
    streams: OpenStreams<Judge>,
    clock: Arc<DatabaseClock>,
    clock_jumps: Mutex<ClockJumps>,
    /// When this process last announced how long its access tokens live (monotonic).
    announced_at: Mutex<Option<Duration>>,
}

/// The database.
#[derive(Debug)]
struct Stores {
    /// For requests: a failure is an event.
    requests: Store,
    /// The same for background tasks, whose failures are no events of a request.
    background: Store,
}

/// What is reported, and what was reported already.
#[derive(Debug)]
struct Reports {
    events: EventSink,
    task_failures: TaskFailures,
    silent_requests: SilentRequests,
    /// Whether a response with too large headers was reported.
    large_head: AtomicBool,
    /// Whether a request with too large cookies was reported.
    large_cookies: AtomicBool,
}

impl Sessions {
    /// Starts a session and returns its tokens; the session is durable by then.
    ///
    /// `transport` says whether the client sends the tokens in cookies or in headers. In a route,
    /// prefer [`#[login]`](crate::login), which also sets the cookies and ends the session that the
    /// browser had before.
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use session_runtime::{Error, JwtPayload, NewSession, Sessions};
    /// # use session_runtime::token::Transport;
    /// # #[derive(Serialize, Deserialize, JwtPayload)]
    /// # struct Claims { name: String }
    /// async fn for_the_command_line(sessions: &Sessions) -> Result<String, Error> {
    ///     let session = NewSession::new("ada".to_owned(), Claims { name: "Ada".into() }, ());
    ///     let tokens = sessions.create(session, Transport::Header).await?;
    ///     Ok(tokens.access_token().to_owned())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`], [`Error::PayloadTooDeep`] and [`Error::ReservedClaim`] for a
    /// payload that does not fit into a token, [`Error::General`] if the setting `transfer`
    /// excludes `transport`, [`Error::TooManySessions`], [`Error::Unavailable`] if the database
    /// does not answer. No row is stored then.
    #[doc(alias = "createNewSession")]
    #[doc(alias = "createNewSessionWithoutRequestResponse")]
    pub async fn create(
        &self,
        session: NewSession,
        transport: Transport,
    ) -> Result<SessionTokens, Error> {
        self.require_transport(transport)?;
        self.start(session, LoginContext::new(transport, Device::default()))
            .await
    }

    /// Refuses a transport that the settings exclude, because no guard would accept its tokens.
    fn require_transport(&self, transport: Transport) -> Result<(), Error> {
        let (allowed, word) = match (self.config().transfer, transport) {
            (TransferMethod::Header, Transport::Cookie) => ("header", "Cookie"),
            (TransferMethod::Cookie, Transport::Header) => ("cookie", "Header"),
            _ => return Ok(()),
        };
        Err(Error::General(format!(
            "`Transport::{word}` contradicts the setting `transfer = \"{allowed}\"`: pass the other one, or set \
             `transfer` to \"any\""
        )))
    }

    /// The settings in force.
    pub(crate) fn config(&self) -> &SessionConfig {
        &self.inner.settings.config
    }

    /// The current time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.feed.clock.now()
    }

    /// The time since a fixed instant, for measuring how long something takes.
    pub(crate) fn monotonic(&self) -> Duration {
        self.inner.feed.clock.monotonic()
    }

    /// Logs an event and passes it to the application.
    pub(crate) fn emit(&self, event: &Event) {
        self.inner.reports.events.emit(event);
    }

    /// Reports once that the headers of a response with tokens exceed a proxy's buffer (nginx,
    /// `proxy_buffer_size`: one page of memory).
    pub(crate) fn note_head(&self, bytes: usize) {
        const BUFFER: usize = 4000;
        let told = &self.inner.reports.large_head;
        if bytes > BUFFER && !told.swap(true, Ordering::Relaxed) {
            self.emit(&Event::LargeResponseHead { bytes });
        }
    }

    /// Reports once that the cookies of a request are almost more than a proxy accepts (8 kB for a
    /// header line: nginx, `large_client_header_buffers`; Apache, `LimitRequestFieldSize`).
    pub(crate) fn note_cookies(&self, bytes: usize) {
        const ALMOST: usize = 6000;
        let told = &self.inner.reports.large_cookies;
        if bytes > ALMOST && !told.swap(true, Ordering::Relaxed) {
            self.emit(&Event::LargeRequestHead { bytes });
        }
    }

    /// Remembers sessions whose tokens were valid and that were refused together.
    pub(crate) fn note_conflict(&self, handles: &[SessionHandle]) {
        self.inner.tokens.conflicts.note(handles, self.monotonic());
    }

    /// These sessions, and those that they were refused together with; each once, oldest first.
    pub(crate) fn with_conflicts(&self, handles: Vec<SessionHandle>) -> Vec<SessionHandle> {
        self.inner.tokens.conflicts.with(handles, self.monotonic())
    }

    /// Counts a request that was accepted without `Sec-Fetch-Site` and `Origin`.
    pub(crate) fn count_silent_request(&self, path: String) {
        self.inner.reports.silent_requests.count(path);
    }

    /// Reports how many of those there were since the last report, if any.
    pub(crate) fn report_silent_requests(&self) {
        let (count, path) = self.inner.reports.silent_requests.take();
        if count > 0 {
            self.emit(&Event::SilentRequests { count, path });
        }
    }

    /// Reports now what is otherwise reported once a minute, for tests that cannot wait.
    #[cfg(feature = "internals")]
    pub fn report_silent_requests_now(&self) {
        self.report_silent_requests();
    }

    /// Logs how many lines were left out recently.
    pub(crate) fn say_what_was_left_out(&self) {
        self.inner.reports.events.say_what_was_left_out();
    }

    /// For a task that must not keep the sessions open.
    pub(crate) fn downgrade(&self) -> WeakSessions {
        WeakSessions(Arc::downgrade(&self.inner))
    }

    /// What a token minted now is bound to.
    fn binding(&self, transport: Transport) -> Binding {
        Binding {
            transport,
            anti_csrf: transport == Transport::Cookie && self.config().csrf == Csrf::ViaToken,
        }
    }
}
