//! Refreshing: a refresh token is exchanged for new tokens, as the rotation rule decides.

use super::Sessions;
use crate::error::Error;
use crate::event::Event;
use crate::payload::is_reserved;
use crate::record::Rotation;
use crate::rules::rotation::Verdict;
use crate::token::refresh::{self, Authentic};
use crate::token::{IssuedRefresh, SessionTokens};

impl Sessions {
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
        let token = self.authenticate(refresh_token).ok_or(Error::GONE)?;
        self.exchange(token).await
    }

    /// [`refresh`](Self::refresh) of a token that was found to be ours.
    pub(crate) async fn exchange(&self, old: Authentic) -> Result<SessionTokens, Error> {
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
        let revoked_until = self.revoked_until(now);
        let rotation = Rotation {
            handle,
            presented,
            successor,
            policy: self.inner.lifetimes.rotation,
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
                self.remember(&[handle], revoked_until, false);
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
}
