//! The story: create, verify, refresh, revoke. Every rule is called from here, and nothing here
//! knows HTTP or SQL.

use std::sync::{Arc, Mutex, RwLock, Weak};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cache::VerifiedTokens;
use crate::clock::DatabaseClock;
use crate::config::{Csrf, SessionConfig, Transfer};
use crate::device::Device;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::keys::KeyRing;
use crate::keys::sealing::MasterKeys;
use crate::new_session::NewSession;
use crate::payload::{JwtPayload, is_reserved};
use crate::random::Random;
use crate::record::Rotation;
use crate::revocation::Revocations;
use crate::rules::rotation::{Policy, Verdict};
use crate::store::Store;
use crate::token::access::Terms;
use crate::token::refresh::{self, Authentic};
use crate::token::{Binding, IssuedRefresh, SessionTokens, Transport};

mod absent;
mod change;
mod info;
mod issue;
mod jwt;
mod keeper;
mod open;
mod revoke;
mod start;
#[cfg(feature = "testing")]
pub mod testing;
mod upkeep;
mod verify;
mod within;

pub use change::Versioned;
pub(crate) use change::{change_typed, merge};
pub use info::SessionInfo;
pub use keeper::SigningKeyInfo;
pub(crate) use open::Surroundings;
pub(crate) use start::Arrival;
pub use verify::VerifiedSession;
pub use within::{Uncommitted, Within};

use keeper::KeySource;

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
    terms: Terms,
    access_validity: TimeDelta,
    refresh_validity: TimeDelta,
    absolute_lifetime: Option<TimeDelta>,
    policy: Policy,
    access_cookie_name: String,
    store: Store,
    /// Replaced whole when the keys change.
    keys: RwLock<Arc<KeyRing>>,
    key_source: KeySource,
    reloading_keys: tokio::sync::Mutex<()>,
    /// When a token last named an unknown key (monotonic), and whoever looks now.
    unknown_key: tokio::sync::Mutex<Option<Duration>>,
    master_keys: MasterKeys,
    revocations: Revocations,
    /// Wall clock and monotonic time of the last clean-up.
    last_cleanup: Mutex<Option<(DateTime<Utc>, Duration)>>,
    verified: VerifiedTokens,
    events: Events,
    clock: Arc<DatabaseClock>,
    random: Arc<dyn Random>,
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
        let transport = match self.inner.config.transfer {
            Transfer::Cookie => Transport::Cookie,
            Transfer::Any | Transfer::Header => Transport::Header,
        };
        let arrival = Arrival {
            transport,
            replaced: None,
            device: Device::default(),
        };
        self.start(NewSession::serialise(user_id, payload, data), arrival)
            .await
    }

    /// Exchanges a refresh token for new tokens.
    ///
    /// Which tokens come back is the rule of [`rotation`](crate::rules::rotation): usually a new pair,
    /// sometimes only an access token.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] for a token that is not ours or whose session is over,
    /// [`Error::TokenTheft`] for a superseded one (the session is ended), [`Error::Unavailable`] if
    /// the store does not answer; the token stays good then.
    #[doc(alias = "refreshSession")]
    #[doc(alias = "refreshSessionWithoutRequestResponse")]
    pub async fn refresh(&self, refresh_token: &str) -> Result<SessionTokens, Error> {
        self.exchange(self.authenticate(refresh_token)?).await
    }

    /// [`refresh`](Self::refresh) of a token that was found to be ours.
    pub(crate) async fn exchange(&self, old: Authentic) -> Result<SessionTokens, Error> {
        let Authentic {
            handle, presented, ..
        } = old;
        let now = self.inner.clock.now();
        let binding = self.binding(old.binding.transport);
        let token = refresh::mint(
            handle,
            binding,
            presented.next_generation(),
            &self.inner.random.bytes()?,
            self.keys().mac(),
        );
        let successor = refresh::hash(&token);
        let revoked_until = self.revoked_until(now);
        let rotation = Rotation {
            handle,
            presented,
            successor,
            policy: self.inner.policy,
            revoked_until,
        };
        let Some((record, verdict)) = self.inner.store.rotate(rotation).await? else {
            return Err(self.absent(handle).await);
        };
        // A token of such a row would be refused by ourselves, again and again.
        if let Some(name) = record.payload.keys().find(|name| is_reserved(name)) {
            let reason = format!("the stored payload has a key of the protocol: `{name}`");
            self.emit(&Event::PayloadMismatch { handle, reason });
            return Err(Error::GONE);
        }

        let tokens = match verdict {
            Verdict::NewPair { next, late_parent } => {
                if late_parent {
                    self.emit(&Event::LateParentUse { handle });
                }
                let refresh = IssuedRefresh {
                    token,
                    expires_at: next.ends_at,
                };
                self.issue(&record, binding, successor, Some(refresh), now)?
            }
            Verdict::AccessOnly { full } => {
                if full {
                    self.emit(&Event::RotationStopped { handle });
                }
                self.issue(&record, binding, presented.token, None, now)?
            }
            Verdict::Ended => return Err(Error::GONE),
            Verdict::StoreRolledBack => {
                self.emit(&Event::StoreRollbackSuspected { handle });
                return Err(Error::GONE);
            }
            Verdict::Theft => {
                self.inner.revocations.insert(&[handle], revoked_until);
                let user_id = record.user_id;
                self.emit(&Event::TokenTheft {
                    handle,
                    user_id: user_id.clone(),
                });
                return Err(Error::TokenTheft { handle, user_id });
            }
        };
        self.emit(&Event::Refreshed { handle });
        Ok(tokens)
    }

    /// The settings in force.
    pub(crate) fn config(&self) -> &SessionConfig {
        &self.inner.config
    }

    /// The time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// Logs what happened and tells the application.
    pub(crate) fn emit(&self, event: &Event) {
        self.inner.events.emit(event);
    }

    /// For a task that must not keep the sessions open.
    pub(crate) fn downgrade(&self) -> WeakSessions {
        WeakSessions(Arc::downgrade(&self.inner))
    }

    /// What tokens minted now are bound to.
    fn binding(&self, transport: Transport) -> Binding {
        Binding {
            transport,
            anti_csrf: transport == Transport::Cookie && self.inner.config.csrf == Csrf::ViaToken,
        }
    }

    /// The last instant at which an access token minted until now may be good.
    fn revoked_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.inner.access_validity
    }
}
