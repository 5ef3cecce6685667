//! The story: create, verify, refresh, revoke. Every rule is called from here, and nothing here
//! knows HTTP or SQL.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::cache::VerifiedTokens;
use crate::clock::Clock;
use crate::config::SessionConfig;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::keys::KeyRing;
use crate::new_session::NewSession;
use crate::payload::{self, JwtPayload};
use crate::random::Random;
use crate::revocation::Revocations;
use crate::rotation::{Policy, Verdict};
use crate::sealing::MasterKeys;
use crate::store::{Rotation, Store, StoreError};
use crate::token::access::Terms;
use crate::token::{IssuedRefresh, SessionTokens, refresh};
use crate::user_id::UserId;

mod issue;
mod open;
mod upkeep;
mod verify;
mod within;

pub(crate) use open::Surroundings;
pub use within::{Uncommitted, Within};

/// The sessions of this application: create, refresh, look up, revoke.
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
    policy: Policy,
    access_cookie_name: &'static str,
    store: Store,
    keys: KeyRing,
    master_keys: MasterKeys,
    revocations: Revocations,
    /// Wall clock and monotonic time of the last clean-up.
    last_cleanup: Mutex<Option<(DateTime<Utc>, Duration)>>,
    verified: VerifiedTokens,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// A session as its row has it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// The session.
    pub handle: SessionHandle,
    /// Whose it is, as in the token's `sub`.
    pub user_id: String,
    /// What the next access token will carry.
    pub payload: Map<String, Value>,
    /// What stays in the database.
    pub data: Value,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ends unless it is refreshed.
    pub expires_at: DateTime<Utc>,
}

impl Sessions {
    /// Starts a session and returns its tokens; it is durable by then.
    ///
    /// In a route, prefer [`#[login]`](crate::login), which also attaches the cookies.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`] and [`Error::ReservedClaim`] for a payload that cannot be a
    /// token, [`Error::Unavailable`] if the store does not answer. No row is left behind.
    #[doc(alias = "createNewSession")]
    #[doc(alias = "createNewSessionWithoutRequestResponse")]
    pub async fn create<P: JwtPayload>(
        &self,
        user_id: &P::UserId,
        payload: &P,
        data: &P::Data,
    ) -> Result<SessionTokens, Error> {
        self.start(NewSession::serialise(user_id, payload, data), None)
            .await
    }

    /// [`create`](Self::create), and the end of the session that the same browser had before (OWASP
    /// ASVS 7.2.4).
    pub(crate) async fn start(
        &self,
        new: NewSession,
        replaced: Option<SessionHandle>,
    ) -> Result<SessionTokens, Error> {
        let (record, mut tokens) = self.prepare(&new)?;
        let until = self.revoked_until(record.created_at);
        let handle = record.handle;
        match self.inner.store.create(record, replaced, until).await {
            // The connection broke during the commit. Absent now does not mean absent for good, so
            // this handle is never used again.
            Err(StoreError::Unknown(_)) => {
                if self.inner.store.find(handle).await?.is_none() {
                    let (record, again) = self.prepare(&new)?;
                    self.inner.store.create(record, replaced, until).await?;
                    tokens = again;
                }
            }
            stored => stored?,
        }
        if let Some(replaced) = replaced {
            self.inner.revocations.insert(&[replaced], until);
        }
        Ok(tokens)
    }

    /// Exchanges a refresh token for new tokens.
    ///
    /// Which tokens come back is the rule of [`rotation`](crate::rotation): usually a new pair,
    /// sometimes only an access token.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] for a token that is not ours or whose session is over,
    /// [`Error::TokenTheft`] for a superseded one (the session is ended), [`Error::Unavailable`] if
    /// the store does not answer; the token stays good then.
    #[doc(alias = "refreshSession")]
    #[doc(alias = "refreshSessionWithoutRequestResponse")]
    pub async fn refresh(&self, refresh_token: &str) -> Result<SessionTokens, Error> {
        self.refresh_beside(refresh_token, None).await
    }

    /// [`refresh`](Self::refresh) of a token that came together with an access token: both must be
    /// of one session.
    pub(crate) async fn refresh_beside(
        &self,
        refresh_token: &str,
        access_token: Option<&str>,
    ) -> Result<SessionTokens, Error> {
        let keys = &self.inner.keys;
        let (handle, presented) =
            refresh::authenticate(refresh_token, keys.macs()).ok_or(Error::GONE)?;
        let companion = access_token.and_then(|token| self.check(token).ok());
        if companion.is_some_and(|verified| verified.handle != handle) {
            return Err(Error::GONE);
        }

        let now = self.inner.clock.now();
        let token = refresh::mint(
            handle,
            presented.next_generation(),
            &self.inner.random.bytes()?,
            keys.mac(),
        );
        let successor = refresh::hash(&token);
        let policy = self.inner.policy;
        let revoked_until = self.revoked_until(now);
        let rotation = Rotation {
            handle,
            presented,
            successor,
            policy,
            revoked_until,
        };
        let Some((record, verdict)) = self.inner.store.rotate(rotation).await? else {
            return Err(Error::GONE);
        };

        match verdict {
            Verdict::NewPair { next, late_parent } => {
                if late_parent {
                    tracing::info!(
                        event = "late_parent_use",
                        %handle,
                        "an old refresh token was used again: a lost answer, or a copy"
                    );
                }
                let refresh = IssuedRefresh {
                    token,
                    expires_at: next.ends_at,
                };
                self.issue(&record, successor, Some(refresh), now)
            }
            Verdict::AccessOnly { full } => {
                if full {
                    tracing::warn!(event = "rotation_stopped", %handle, "as many refresh tokens as allowed are unused");
                }
                self.issue(&record, presented.token, None, now)
            }
            Verdict::Ended => Err(Error::GONE),
            Verdict::StoreRolledBack => {
                tracing::error!(event = "store_rollback_suspected", %handle, "a refresh token is newer than its row");
                Err(Error::GONE)
            }
            Verdict::Theft => {
                self.inner.revocations.insert(&[handle], revoked_until);
                tracing::warn!(event = "token_theft", %handle, "a superseded refresh token was used; the session is ended");
                Err(Error::TokenTheft {
                    handle,
                    user_id: record.user_id,
                })
            }
        }
    }

    /// Ends a session everywhere; says whether there was one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the session goes on then.
    #[doc(alias = "revokeSession")]
    #[doc(alias = "revokeSessionUsingSessionHandle")]
    pub async fn revoke(&self, handle: SessionHandle) -> Result<bool, Error> {
        let until = self.revoked_until(self.inner.clock.now());
        let ended = self.inner.store.revoke(vec![handle], until).await?;
        self.inner.revocations.insert(&ended, until);
        Ok(!ended.is_empty())
    }

    /// Ends all sessions of a user everywhere; returns them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the sessions go on then.
    #[doc(alias = "revokeAllSessionsForUser")]
    pub async fn revoke_all<U: UserId + ?Sized>(
        &self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        let until = self.revoked_until(self.inner.clock.now());
        let ended = self
            .inner
            .store
            .revoke_user(user_id.to_claim().into_owned(), until)
            .await?;
        self.inner.revocations.insert(&ended, until);
        Ok(ended)
    }

    /// The sessions of a user that are not over, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    #[doc(alias = "getAllSessionHandlesForUser")]
    pub async fn handles<U: UserId + ?Sized>(
        &self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        Ok(self
            .inner
            .store
            .handles_of(user_id.to_claim().into_owned())
            .await?)
    }

    /// What the database knows of a session; `None` if it is over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    #[doc(alias = "getSessionInformation")]
    pub async fn info(&self, handle: SessionHandle) -> Result<Option<SessionInfo>, Error> {
        let record = self.inner.store.find(handle).await?;
        Ok(record.map(|record| SessionInfo {
            handle,
            user_id: record.user_id,
            payload: record.payload,
            data: serde_json::from_str(&record.data).unwrap_or_default(),
            created_at: record.created_at,
            expires_at: record.lineage.ends_at,
        }))
    }

    /// Reads the data of a session.
    pub(crate) async fn data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
    ) -> Result<P::Data, Error> {
        let record = self.inner.store.find(handle).await?.ok_or(Error::GONE)?;
        serde_json::from_str(&record.data).map_err(|error| {
            Error::General(format!(
                "the stored session data does not fit its type: {error}"
            ))
        })
    }

    /// Overwrites the data of a session.
    pub(crate) async fn set_data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        data: &P::Data,
    ) -> Result<(), Error> {
        let data = payload::to_json(data)?;
        if self.inner.store.set_data(handle, data).await? {
            Ok(())
        } else {
            Err(Error::GONE)
        }
    }

    /// The settings in force.
    pub(crate) fn config(&self) -> &SessionConfig {
        &self.inner.config
    }

    /// For a task that must not keep the sessions open.
    pub(crate) fn downgrade(&self) -> WeakSessions {
        WeakSessions(Arc::downgrade(&self.inner))
    }

    /// The last instant at which an access token minted until now may be good.
    fn revoked_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.inner.access_validity
    }
}
