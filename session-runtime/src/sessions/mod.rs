//! The story of a session: create, verify, refresh, change, revoke. Nothing here knows HTTP or SQL.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::arrival::Arrival;
use crate::cache::VerifiedTokens;
use crate::clock::DatabaseClock;
use crate::config::{Csrf, SessionConfig, Transfer};
use crate::device::Device;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::new_session::NewSession;
use crate::payload::JwtPayload;
use crate::payload::types::PayloadTypes;
use crate::random::Random;
use crate::revocation::Revocations;
use crate::rules::lifetimes::Lifetimes;
use crate::store::Store;
use crate::token::access::Terms;
use crate::token::{Binding, SessionTokens, Transport};

mod absent;
mod change;
mod conflicts;
mod follow;
mod info;
mod issue;
mod jwt;
mod keeper;
mod key_source;
mod open;
mod payload_types;
mod recognise;
mod refresh;
mod revoke;
mod second_factor;
mod silence;
mod start;
mod succeed;
#[cfg(feature = "testing")]
pub mod testing;
mod upkeep;
mod verify;
mod within;

pub use change::Versioned;
pub(crate) use change::{change_payload, merge};
pub use info::SessionInfo;
pub use keeper::SigningKeyInfo;
pub(crate) use open::Surroundings;
pub(crate) use recognise::Recognised;
pub use verify::VerifiedSession;
pub use within::{Uncommitted, Within};

use conflicts::Conflicts;
use keeper::KeyKeeper;
use silence::Silence;
use upkeep::Steadiness;

/// The sessions of this application: create, refresh, look up, change, revoke.
///
/// A cheap handle on shared state; clone it freely. As a Rocket guard it hands itself to any route:
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
#[derive(Debug, Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

/// Sessions that may have gone meanwhile.
pub(crate) struct WeakSessions(Weak<Inner>);

impl WeakSessions {
    pub(crate) fn upgrade(&self) -> Option<Sessions> {
        self.0.upgrade().map(|inner| Sessions { inner })
    }
}

#[derive(Debug)]
struct Inner {
    config: SessionConfig,
    lifetimes: Lifetimes,
    tokens: AccessTokens,
    keys: KeyKeeper,
    feed: Follower,
    store: Store,
    payload_types: PayloadTypes,
    silence: Silence,
    conflicts: Conflicts,
    clock: Arc<DatabaseClock>,
    random: Arc<dyn Random>,
    events: Events,
}

/// What mints access tokens and remembers those that were verified.
#[derive(Debug)]
struct AccessTokens {
    terms: Terms,
    access_cookie_name: String,
    verified: VerifiedTokens,
    /// Whether it was told that a response with tokens is too large for a proxy's buffer.
    told_of_large_head: AtomicBool,
}

/// What follows the feed of revocations, and the clean-up that goes with it.
#[derive(Debug)]
struct Follower {
    revocations: Revocations,
    steadiness: Mutex<Steadiness>,
    /// When this process last announced how long its access tokens live (monotonic).
    announced_at: Mutex<Option<Duration>>,
}

impl Sessions {
    /// Starts a session and returns its tokens; it is durable by then. They are for headers, unless
    /// `transfer = "cookie"`.
    ///
    /// In a route, prefer [`#[login]`](crate::login), which also attaches the cookies.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`], [`Error::PayloadTooDeep`] and [`Error::ReservedClaim`] for a payload
    /// that cannot be a token, [`Error::TooManySessions`], [`Error::Unavailable`] if the store does not answer. No row
    /// is left behind.
    #[doc(alias = "createNewSession")]
    #[doc(alias = "createNewSessionWithoutRequestResponse")]
    pub async fn create<P: JwtPayload>(
        &self,
        user_id: &P::UserId,
        payload: &P,
        data: &P::Data,
    ) -> Result<SessionTokens, Error> {
        let transport = match self.config().transfer {
            Transfer::Cookie => Transport::Cookie,
            Transfer::Any | Transfer::Header => Transport::Header,
        };
        let arrival = Arrival::new(transport, Device::default());
        self.start(NewSession::serialise(user_id, payload, data), arrival)
            .await
    }

    /// The settings in force.
    pub(crate) fn config(&self) -> &SessionConfig {
        &self.inner.config
    }

    /// The time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// Time since a fixed instant, to measure waiting.
    pub(crate) fn monotonic(&self) -> Duration {
        self.inner.clock.monotonic()
    }

    /// Logs what happened and tells the application.
    pub(crate) fn emit(&self, event: &Event) {
        self.inner.events.emit(event);
    }

    /// Tells, once, that the head of a response with tokens is larger than a proxy's buffer (nginx,
    /// `proxy_buffer_size`: one page of memory).
    pub(crate) fn note_head(&self, bytes: usize) {
        const BUFFER: usize = 4000;
        let told = &self.inner.tokens.told_of_large_head;
        if bytes > BUFFER && !told.swap(true, Ordering::Relaxed) {
            self.emit(&Event::LargeResponseHead { bytes });
        }
    }

    /// Says in the log how many lines were left out lately.
    pub(crate) fn say_what_was_left_out(&self) {
        self.inner.events.say_what_was_left_out();
    }

    /// For a task that must not keep the sessions open.
    pub(crate) fn downgrade(&self) -> WeakSessions {
        WeakSessions(Arc::downgrade(&self.inner))
    }

    /// What tokens minted now are bound to.
    fn binding(&self, transport: Transport) -> Binding {
        Binding {
            transport,
            anti_csrf: transport == Transport::Cookie && self.config().csrf == Csrf::ViaToken,
        }
    }
}
