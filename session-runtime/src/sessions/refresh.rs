//! Refreshing: a refresh token is exchanged for new tokens, by the rotation rule.

use std::time::Duration;

use super::Sessions;
use crate::error::Error;
use crate::event::{Event, RevokedBy};
use crate::handle::SessionHandle;
use crate::payload::is_reserved;
use crate::record::{Record, RefreshKind, Rotation};
use crate::rules::rotation::bound::{self, Ordinary, Refusal};
use crate::rules::rotation::{Lineage, Verdict, Withheld};
use crate::token::refresh::{self, Authentic};
use crate::token::{IssuedRefresh, SessionTokens};

/// What became of a refresh that was not refused.
#[derive(Debug)]
pub(crate) enum Exchanged {
    /// New tokens.
    Issued(Box<SessionTokens>),
    /// The browser has its new tokens already.
    Refreshed,
    /// The browser has to prove its device first: it does so if the request is sent back without
    /// the marker.
    SendBack,
    /// The key of the proof is not the session's.
    OtherKey,
}

impl Sessions {
    /// Exchanges a refresh token for new tokens.
    ///
    /// Usually both tokens are new. Only the access token is if the refresh token came out of a
    /// parallel refresh a moment ago, if the database lost its last commits, or if eight answers in
    /// a row were lost; the presented refresh token then stays valid.
    ///
    /// ```
    /// # use session_runtime::{Error, Sessions};
    /// /// Answers a client that stores its tokens itself: the new access and refresh token.
    /// async fn renew(sessions: &Sessions, presented: String) -> Result<(String, String), Error> {
    ///     let tokens = sessions.refresh(&presented).await?;
    ///     let refresh = tokens.refresh_token().unwrap_or(&presented).to_owned();
    ///     Ok((tokens.access_token().to_owned(), refresh))
    /// }
    /// ```
    ///
    /// A session that is bound to a device is refreshed by its browser only.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] for a token that this application did not issue or whose session has
    /// ended or is bound to a device, [`Error::TokenTheft`] for a superseded token (the session is
    /// ended), [`Error::Unavailable`] if the database does not answer; the token stays valid then.
    #[doc(alias = "refreshSession")]
    #[doc(alias = "refreshSessionWithoutRequestResponse")]
    pub async fn refresh(&self, refresh_token: &str) -> Result<SessionTokens, Error> {
        let token = self
            .authenticate(refresh_token)
            .ok_or(Error::Unauthorised)?;
        let kind = RefreshKind::Ordinary(Ordinary::default());
        match self.exchange(token, kind, self.monotonic()).await? {
            Exchanged::Issued(tokens) => Ok(*tokens),
            Exchanged::Refreshed | Exchanged::SendBack | Exchanged::OtherKey => {
                let handle = token.handle;
                self.emit(&Event::UnprovedRefresh { handle });
                Err(Error::Unauthorised)
            }
        }
    }

    /// [`refresh`](Self::refresh) with an authenticated token, in a request that arrived at
    /// `arrived` (monotonic).
    pub(crate) async fn exchange(
        &self,
        old: Authentic,
        kind: RefreshKind,
        arrived: Duration,
    ) -> Result<Exchanged, Error> {
        let Authentic {
            handle, presented, ..
        } = old;
        let now = self.now();
        let transport = old.binding.transport;
        let binding = self.binding(transport);
        let token = refresh::mint(
            handle,
            binding,
            presented.next_generation(),
            &self.inner.tokens.random.bytes()?,
            self.keys().mac(),
        );
        let successor = refresh::hash(&token);
        let rotation = Rotation {
            handle,
            presented,
            successor,
            policy: self.inner.settings.lifetimes.rotation,
            kind,
        };
        let Some((mut record, decided)) =
            self.inner.store.requests.rotate(rotation, arrived).await?
        else {
            return Err(self.missing_row(handle).await);
        };
        // A row of an early version does not name the type, so it is unknown which guards may
        // accept it.
        if record.payload_type.is_empty() {
            self.end(vec![handle], RevokedBy::Handle).await?;
            return Err(Error::Unauthorised);
        }
        self.refuse_reserved(&record)?;

        let verdict = match decided {
            bound::Outcome::Rotate { verdict, binding } => {
                self.note_binding(&mut record, binding);
                verdict
            }
            bound::Outcome::Refreshed => return Ok(Exchanged::Refreshed),
            bound::Outcome::SendBack => return Ok(Exchanged::SendBack),
            bound::Outcome::Later => return Err(Error::Unavailable),
            bound::Outcome::Refused(Refusal::Unproved) => {
                self.emit(&Event::UnprovedRefresh { handle });
                return Err(Error::Unauthorised);
            }
            bound::Outcome::Refused(Refusal::OtherKey) => return Ok(Exchanged::OtherKey),
        };
        let tokens = match verdict {
            Verdict::NewPair { next, late_parent } => {
                if late_parent {
                    self.emit(&Event::LateParentUse { handle });
                }
                let refresh = IssuedRefresh {
                    token,
                    expires_at: next.ends_at,
                };
                record.lineage = next;
                self.issue(&record, binding, successor, Some(refresh), now)?
            }
            Verdict::AccessOnly { reason, next } => {
                self.report_withheld(&record, reason, next.as_ref());
                record.lineage = next.unwrap_or(record.lineage);
                self.issue(&record, binding, presented.token, None, now)?
            }
            Verdict::Ended => return Err(Error::Unauthorised),
            Verdict::Theft => return Err(self.report_theft(record)),
        };
        self.emit(&Event::Refreshed { handle });
        if record.bound.is_none()
            && presented.generation == 0
            && self.is_offered(&record, transport)
        {
            self.emit(&Event::DeviceNotBound { handle });
        }
        Ok(Exchanged::Issued(Box::new(tokens)))
    }

    /// Ends a session because a browser presented a refresh token that it was not given: there is a
    /// copy.
    pub(crate) async fn end_copied(&self, handle: SessionHandle, proved: bool) -> Error {
        let store = &self.inner.store.requests;
        let record = match store.find_current(handle).await {
            Ok(Some(record)) => record,
            Ok(None) => return self.missing_row(handle).await,
            Err(error) => return error.into(),
        };
        if record.is_device_bound() && !proved {
            self.emit(&Event::UnprovedRefresh { handle });
            return Error::Unauthorised;
        }
        match store.revoke(vec![handle], false).await {
            Ok(ended) if ended.is_empty() => Error::Unauthorised,
            Ok(_) => self.report_theft(record),
            Err(error) => error.into(),
        }
    }

    /// Refuses a row whose tokens this server would refuse again and again.
    fn refuse_reserved(&self, record: &Record) -> Result<(), Error> {
        let Some(name) = record.payload.keys().find(|name| is_reserved(name)) else {
            return Ok(());
        };
        let handle = record.handle;
        let cause = format!("the stored payload of {handle} has a key of the protocol: `{name}`");
        self.emit(&Event::RequestFailed { cause });
        Err(Error::Unauthorised)
    }

    /// Emits the event for a refresh token that was not handed out. The cap is reported once, when
    /// it is written to the row.
    fn report_withheld(&self, record: &Record, reason: Withheld, written: Option<&Lineage>) {
        let handle = record.handle;
        match (reason, written) {
            (Withheld::Capped, Some(capped)) => {
                let ends_at = capped.ends_at;
                self.emit(&Event::RotationStopped { handle, ends_at });
            }
            (Withheld::StoreRolledBack, _) => self.emit(&Event::StoreRollbackSuspected { handle }),
            (Withheld::Capped | Withheld::YoungChild, _) => {}
        }
    }

    /// The session was ended together with the verdict; this process refuses it at once.
    fn report_theft(&self, record: Record) -> Error {
        let Record {
            handle, user_id, ..
        } = record;
        self.remember(&[handle], false);
        self.emit(&Event::TokenTheft {
            handle,
            user_id: user_id.clone(),
        });
        Error::TokenTheft { handle, user_id }
    }
}
