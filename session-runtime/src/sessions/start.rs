//! How a session starts: its tokens are signed, its row is stored, and the sessions that it
//! replaces are ended.

use chrono::{DateTime, Utc};

use super::login_context::LoginContext;
use super::{Sessions, second_factor};
use crate::config::SessionLimit;
use crate::error::Error;
use crate::event::{Event, RevokedBy};
use crate::handle::SessionHandle;
use crate::new_session::NewSession;
use crate::payload::require_size;
use crate::record::{Created, Creation, Record};
use crate::rules::lifetimes::own_validity;
use crate::rules::limit::Limit;
use crate::rules::rotation::Lineage;
use crate::store::StoreError;
use crate::token::{IssuedRefresh, SessionTokens, Transport, refresh};

impl Sessions {
    /// [`create`](Self::create) that also ends the session that the same browser had before (OWASP
    /// ASVS 7.2.4).
    pub(crate) async fn start(
        &self,
        new: NewSession,
        context: LoginContext,
    ) -> Result<SessionTokens, Error> {
        let store = &self.inner.store.requests;
        let (creation, mut tokens) = self.prepare(&new, &context)?;
        let user_id = creation.record.user_id.clone();
        let created = match store.create(creation).await {
            // The connection broke during the commit. The row may still appear, so this handle is
            // never used again.
            Err(StoreError::Unknown(_)) if store.find(tokens.handle()).await?.is_none() => {
                let (creation, again) = self.prepare(&new, &context)?;
                tokens = again;
                store.create(creation).await?
            }
            Err(StoreError::Unknown(_)) => Created::Started {
                ended: context.replaced.clone(),
            },
            created => created?,
        };
        let ended = accept(created)?;
        let handle = tokens.handle();
        self.emit(&if tokens.pending_until.is_some() {
            Event::SecondFactorAwaited { handle, user_id }
        } else {
            Event::Created { handle, user_id }
        });
        let (same_browser, excess) = ended
            .into_iter()
            .partition(|ended| context.replaced.contains(ended));
        self.note_revoked(same_browser, RevokedBy::Login);
        self.note_revoked(excess, RevokedBy::Limit);
        Ok(tokens)
    }

    /// A session that is not stored yet, and its tokens: signed before the insert, so that a
    /// payload too large for a cookie leaves no row.
    pub(super) fn prepare(
        &self,
        new: &NewSession,
        context: &LoginContext,
    ) -> Result<(Creation, SessionTokens), Error> {
        let values = new.values.clone()?;
        self.enter(values.payload_type)?;
        let pending = values.payload_type.pending.is_some();
        if let Some(completed) = &context.completes {
            completed.require_same_user(values.user_id.as_deref())?;
        }
        let max_data_size = self.config().max_data_size;
        require_size(&values.data, max_data_size)?;
        let validity = match new.valid_for {
            Some(validity) => own_validity(validity).map_err(Error::General)?,
            None if pending => second_factor::VALIDITY,
            None => self.inner.settings.lifetimes.session,
        };
        let now = self.now();
        let handle = SessionHandle::new(now, &self.inner.tokens.random.bytes()?);
        let anonymous = values.user_id.is_none();
        if pending {
            self.require_cookies(anonymous)?;
        }
        let (token, lineage) = self.first_token(handle, context.transport, now)?;
        let mut record = Record {
            handle,
            user_id: values.user_id.unwrap_or_else(|| handle.to_string()),
            lineage,
            payload_type: values.payload_type.name.to_owned(),
            payload: values.payload,
            data: values.data,
            created_at: now,
            validity,
            ends_for_good: if pending {
                Some(now + validity)
            } else {
                self.inner
                    .settings
                    .lifetimes
                    .absolute
                    .map(|lifetime| now + lifetime)
            },
            auth_time: (values.auth_time && !anonymous).then_some(now),
            anonymous,
            data_version: 0,
            device: context.device.clone(),
            pending_attempts: pending.then_some(0),
            bound: None,
        };
        record.lineage.ends_at = record.ends_after(now).unwrap_or(now);
        self.require_fit(&record)?;
        let tokens = self.issue_first(&record, context.transport, token, now)?;
        let limit = if pending {
            Some(second_factor::LIMIT)
        } else {
            self.limit(anonymous)
        };
        let completes = context.completes.as_ref().map(|pending| pending.handle);
        let creation = Creation {
            record,
            replaced: context.replaced.clone(),
            completes,
            hand_over: new
                .hand_over
                .clone()
                .map(|hand_over| hand_over.limited(max_data_size)),
            handed_from: context.handed_from.clone(),
            limit,
        };
        Ok((creation, tokens))
    }

    /// The first refresh token of a session, and the lineage that begins with it; the caller sets
    /// its end.
    pub(super) fn first_token(
        &self,
        handle: SessionHandle,
        transport: Transport,
        now: DateTime<Utc>,
    ) -> Result<(String, Lineage), Error> {
        let random = self.inner.tokens.random.bytes()?;
        let token = refresh::mint(
            handle,
            self.binding(transport),
            0,
            &random,
            self.keys().mac(),
        );
        let lineage = Lineage::first(refresh::hash(&token), now, now);
        Ok((token, lineage))
    }

    /// The tokens of a new session.
    pub(super) fn issue_first(
        &self,
        record: &Record,
        transport: Transport,
        token: String,
        now: DateTime<Utc>,
    ) -> Result<SessionTokens, Error> {
        if record.is_pending() {
            return Ok(self.issue_pending(record, now));
        }
        let Lineage {
            parent, ends_at, ..
        } = record.lineage;
        let refresh = IssuedRefresh {
            token,
            expires_at: ends_at,
        };
        let binding = self.binding(transport);
        Ok(SessionTokens {
            registration: self.registration_challenge(record, transport),
            ..self.issue(record, binding, parent, Some(refresh), now)?
        })
    }

    /// How many sessions a user may have; visitors have no limit.
    fn limit(&self, anonymous: bool) -> Option<Limit> {
        let config = self.config();
        let most = config.max_sessions_per_user.filter(|_| !anonymous)?;
        Some(Limit {
            most,
            refuses: config.session_limit == SessionLimit::Refuse,
        })
    }
}

/// The sessions that a new session ended.
pub(super) fn accept(created: Created) -> Result<Vec<SessionHandle>, Error> {
    match created {
        Created::Started { ended } => Ok(ended),
        Created::LimitReached => Err(Error::TooManySessions),
        Created::Failed(error) => Err(error),
    }
}
