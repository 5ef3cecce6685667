//! Sessions that await a second factor: how they start, how often it may be tried, how they end.

use chrono::{DateTime, TimeDelta, Utc};

use super::Sessions;
use super::login_context::CompletedLogin;
use super::verify::claims_of_row;
use crate::config::TransferMethod;
use crate::error::Error;
use crate::event::{Event, RevokedBy};
use crate::record::{Record, Summary};
use crate::rules::limit::Limit;
use crate::token::access::Verified;
use crate::token::{SessionTokens, Transport, pending};

/// How long a session awaits its second factor, unless the login sets another time.
pub(super) const VALIDITY: TimeDelta = TimeDelta::minutes(10);

/// How many pending sessions a user has at most; the oldest are ended for new ones.
pub(super) const LIMIT: Limit = Limit {
    most: 5,
    refuses: false,
};

/// How often the second factor of a user may be tried: the last attempt ends the pending sessions.
const MOST_ATTEMPTS: u32 = 5;

impl CompletedLogin {
    pub(crate) fn of(pending: &Verified) -> Self {
        Self {
            handle: pending.handle,
            user_id: pending.claims.user_id().to_owned(),
        }
    }

    /// Refuses to complete one user's session as another user.
    pub(super) fn require_same_user(&self, user_id: Option<&str>) -> Result<(), Error> {
        if user_id == Some(&*self.user_id) {
            return Ok(());
        }
        Err(Error::General(
            "this login completes a pending session of another user: return the user id of the pending session"
                .into(),
        ))
    }
}

impl Sessions {
    /// Refuses a pending session that could not be presented, or that has no user.
    pub(super) fn require_cookies(&self, anonymous: bool) -> Result<(), Error> {
        if self.config().transfer == TransferMethod::Header {
            return Err(Error::General(
                "a session that awaits a second factor travels in a cookie, and `transfer = \"header\"` has none: \
                 use `any`"
                    .into(),
            ));
        }
        if anonymous {
            return Err(Error::General(
                "a session that awaits a second factor is of a user: use `NewSession::new`".into(),
            ));
        }
        Ok(())
    }

    /// The token of a pending session: not a JWT, without a refresh token and a front-token.
    pub(super) fn issue_pending(&self, record: &Record, now: DateTime<Utc>) -> SessionTokens {
        SessionTokens {
            handle: record.handle,
            access: pending::mint(record.handle, self.keys().mac()),
            front: String::new(),
            transport: Transport::Cookie,
            anti_csrf: None,
            issued_at: now,
            refresh: None,
            pending_until: Some(record.lineage.ends_at),
            bound_until: None,
            registration: None,
        }
    }

    /// The claims of a pending session, from its row instead of a token.
    pub(super) fn read_pending(row: Summary) -> Verified {
        let claims = claims_of_row(&row);
        Verified::of_pending(row.handle, claims, row.created_at, row.ends_at)
    }

    /// Counts an attempt at the second factor before its result is known, so that simultaneous
    /// attempts count as well. Returns whether it was the last one.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended or there are no attempts left,
    /// [`Error::Unavailable`] if the database does not answer.
    pub(crate) async fn count_attempt(&self, pending: &CompletedLogin) -> Result<bool, Error> {
        let (handle, user_id) = (pending.handle, pending.user_id.clone());
        match self
            .inner
            .store
            .requests
            .count_attempt(handle, user_id)
            .await?
        {
            Some(attempts) if attempts > MOST_ATTEMPTS => {
                self.end_pending(pending).await?;
                Err(Error::Unauthorised)
            }
            Some(attempts) => Ok(attempts == MOST_ATTEMPTS),
            None => Err(self.missing_row(handle).await),
        }
    }

    /// Ends all pending sessions of a user after too many attempts.
    pub(crate) async fn end_pending(&self, pending: &CompletedLogin) -> Result<(), Error> {
        let user_id = pending.user_id.clone();
        let ended = self
            .inner
            .store
            .requests
            .revoke_pending(user_id.clone())
            .await?;
        self.note_revoked(ended, RevokedBy::SecondFactor);
        self.emit(&Event::SecondFactorFailed { user_id });
        Ok(())
    }

    /// Refuses what only a complete session can do.
    pub(super) fn require_whole(session: &Verified, what: &str) -> Result<(), Error> {
        if session.pending {
            return Err(Error::General(format!(
                "a session that awaits a second factor {what}"
            )));
        }
        Ok(())
    }
}
