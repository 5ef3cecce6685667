//! Refreshing: a refresh token is exchanged for new tokens, as the rotation rule decides.

use std::time::Duration;

use super::Sessions;
use crate::error::Error;
use crate::event::{Event, RevokedBy};
use crate::payload::is_reserved;
use crate::record::{Record, Rotation};
use crate::rules::rotation::{Lineage, Verdict, Withheld};
use crate::token::refresh::{self, Authentic};
use crate::token::{IssuedRefresh, SessionTokens};

impl Sessions {
    /// Exchanges a refresh token for new tokens.
    ///
    /// Usually a new pair comes back. It is only an access token when the refresh token came out of a
    /// parallel refresh a moment ago, when the database lost its last commits, or when eight answers in a
    /// row were lost; the presented refresh token stays good then.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] for a token that is not ours or whose session is over,
    /// [`Error::TokenTheft`] for a superseded one (the session is ended), [`Error::Unavailable`] if
    /// the store does not answer; the token stays good then.
    #[doc(alias = "refreshSession")]
    #[doc(alias = "refreshSessionWithoutRequestResponse")]
    pub async fn refresh(&self, refresh_token: &str) -> Result<SessionTokens, Error> {
        let token = self.authenticate(refresh_token).ok_or(Error::GONE)?;
        self.exchange(token, self.monotonic()).await
    }

    /// [`refresh`](Self::refresh) of a token that was found to be ours, in a request that `arrived` then
    /// (monotonic).
    pub(crate) async fn exchange(
        &self,
        old: Authentic,
        arrived: Duration,
    ) -> Result<SessionTokens, Error> {
        let Authentic {
            handle, presented, ..
        } = old;
        let now = self.now();
        let binding = self.binding(old.binding.transport);
        let token = refresh::mint(
            handle,
            binding,
            presented.next_generation(),
            &self.inner.random.bytes()?,
            self.keys().mac(),
        );
        let successor = refresh::hash(&token);
        let rotation = Rotation {
            handle,
            presented,
            successor,
            policy: self.inner.lifetimes.rotation,
        };
        let Some((mut record, verdict)) = self.inner.store.rotate(rotation, arrived).await? else {
            return Err(self.absent(handle).await);
        };
        // A row of a version that did not name the type: nobody knows which guards it may pass.
        if record.payload_type.is_empty() {
            self.end(vec![handle], RevokedBy::Handle).await?;
            return Err(Error::GONE);
        }
        self.refuse_reserved(&record)?;

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
            Verdict::Ended => return Err(Error::GONE),
            Verdict::Theft => return Err(self.report_theft(record)),
        };
        self.emit(&Event::Refreshed { handle });
        Ok(tokens)
    }

    /// Refuses a row whose tokens this server would itself refuse, again and again.
    fn refuse_reserved(&self, record: &Record) -> Result<(), Error> {
        let Some(name) = record.payload.keys().find(|name| is_reserved(name)) else {
            return Ok(());
        };
        let handle = record.handle;
        let cause = format!("the stored payload of {handle} has a key of the protocol: `{name}`");
        self.emit(&Event::RequestFailed { cause });
        Err(Error::GONE)
    }

    /// Says why no refresh token was handed out. The cap is reported when it is written to the row: once.
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

    /// The session was ended with the verdict; this process refuses it at once.
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
