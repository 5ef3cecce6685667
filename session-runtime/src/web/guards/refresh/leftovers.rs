//! What a browser has left of sessions that it cannot refresh: some of their cookies are gone.

use crate::error::Error;
use crate::event::Event;
use crate::handle::{SessionHandle, Tag};
use crate::sessions::Sessions;
use crate::token::Transport;
use crate::web::request::presented::{FoundRefresh, Presented};
use crate::web::request_state::RequestState;
use crate::web::response::wire::Wire;

/// Why a browser does not send the refresh cookie of a live session to the refresh route.
const COOKIE_PATH_REMEDY: &str = "if it happens whenever an access token expires, browsers reach the refresh route by another \
                                  path than that of the cookie: behind a proxy that strips a path set `sessions.outer_path` \
                                  to it, else leave `sessions.refresh_token_path` out";

/// The sessions of which too little is left to refresh them.
#[derive(Debug)]
pub(super) struct Leftovers {
    /// Those with an access cookie but no refresh cookie that counts.
    incomplete: Vec<SessionHandle>,
    /// Those of them under whose name no refresh cookie came at all.
    unsent: Vec<SessionHandle>,
    /// Those without an access cookie.
    remnants: Vec<Tag>,
    /// Where browsers send the refresh cookie.
    cookie_path: String,
}

impl Leftovers {
    /// Those beside the refresh tokens that were found.
    pub(super) fn beside(
        found: &FoundRefresh,
        presented: &Presented<'_>,
        sessions: &Sessions,
        wire: &Wire,
    ) -> Self {
        let incomplete = presented.incomplete(sessions);
        let mut unsent = incomplete.clone();
        unsent.retain(|handle| !presented.has_refresh_cookie(*handle));
        let remnants = if wire.hash_shows_a_session() {
            presented.remnants(sessions, found)
        } else {
            Vec::new()
        };
        Self {
            incomplete,
            unsent,
            remnants,
            cookie_path: wire.refresh_cookie_path().to_owned(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.incomplete.is_empty() && self.remnants.is_empty()
    }

    /// Whether a login has just replaced one of them.
    pub(super) async fn were_just_replaced(&self, sessions: &Sessions) -> bool {
        sessions.were_just_replaced(&self.incomplete).await
    }

    /// Removes the access cookies whose refresh cookie is missing, with the response.
    pub(super) fn remove_incomplete(&self, local: &RequestState) {
        for handle in &self.incomplete {
            local.remove(*handle, Transport::Cookie);
        }
    }

    /// Removes all of it with the response: even if the sessions still exist, this browser cannot
    /// refresh them, and would try for ever.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the rows had to be asked for and the database does not answer.
    pub(super) async fn remove(
        &self,
        sessions: &Sessions,
        local: &RequestState,
    ) -> Result<(), Error> {
        for tag in &self.remnants {
            local.remove_name(*tag);
        }
        let mut live = Vec::new();
        for handle in &self.incomplete {
            match sessions.require_row(*handle).await {
                Ok(()) => live.push(*handle),
                Err(Error::Unauthorised) => {}
                Err(error) => return Err(error),
            }
        }
        self.remove_incomplete(local);
        // A refresh cookie that came and does not count has lost its key, not its way.
        live.retain(|handle| self.unsent.contains(handle));
        for handle in live {
            sessions.emit(&Event::RefreshCookieMissing {
                handle,
                cookie_path: self.cookie_path.clone(),
                remedy: COOKIE_PATH_REMEDY,
            });
        }
        Ok(())
    }
}
