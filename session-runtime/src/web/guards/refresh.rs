//! `Refresh`: exchanges the refresh token of a request.

use std::time::Duration;

use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::error::Error;
use crate::handle::SessionHandle;
use crate::sessions::Sessions;
use crate::token::Transport;
use crate::web::request::csrf::Check;
use crate::web::request::presented::{FoundRefresh, Presented};
use crate::web::response::pending::Pending;
use crate::web::state;

/// A guard that exchanges the refresh token of the request: what the route that the fairing mounts
/// does, for one of your own.
///
/// The browser sends the refresh cookie to `refresh_token_path` only, so mount it there, and set
/// `refresh_route = false`.
///
/// ```
/// # use rocket::{post, serde::json::{json, Value}};
/// # use session_runtime::{Error, Refresh};
/// #[post("/auth/session/refresh")]
/// async fn refresh(refresh: Refresh) -> Result<Value, Error> {
///     let handle = refresh.exchange().await?;
///     Ok(json!({ "session": handle }))
/// }
/// # let _ = rocket::routes![refresh];
/// ```
#[derive(Debug)]
pub struct Refresh {
    sessions: Sessions,
    pending: Pending,
    found: FoundRefresh,
    /// Sessions with an access cookie and no refresh cookie.
    incomplete: Vec<SessionHandle>,
    /// When the request arrived (monotonic).
    arrived: Duration,
    /// Why the token that was found must not be exchanged.
    refused: Option<Error>,
}

/// What has to show that a page of ours sent the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Proof {
    /// What the configuration asks for.
    AsConfigured,
    /// What browsers say of any request: a form cannot send a header.
    Evidence,
}

impl Refresh {
    /// Finds the refresh token of a request, once it is known that the request may change something.
    ///
    /// # Errors
    /// [`Error::CrossSite`] for a request that must change nothing.
    pub(in crate::web) async fn of(request: &Request<'_>, proof: Proof) -> Result<Self, Error> {
        let sessions = state::managed(request)?;
        let arrived = sessions.monotonic();
        let csrf = state::csrf(request);
        let presented = Presented::of(request, state::wire(request));
        let in_headers = presented.is_in_headers(sessions);
        if !in_headers {
            csrf.require_evidence(request, sessions)?;
        }
        if presented.names_unknown_key(sessions) {
            // Another process may have made the key a moment ago.
            sessions.look_for_unknown_key().await;
        }
        let found = presented.refresh(sessions);
        let incomplete = presented.incomplete(sessions);
        let changes_nothing = matches!(found, FoundRefresh::Nothing) && incomplete.is_empty();
        let mut refused = None;
        if !in_headers && proof == Proof::AsConfigured && !changes_nothing {
            csrf.check_cookie(request, sessions, Check::AllMethods)?;
            if let FoundRefresh::Token(token) = &found {
                match csrf.check_refresh(request, sessions, token) {
                    Err(error) if error == Error::GONE => refused = Some(error),
                    checked => checked?,
                }
            }
        }
        Ok(Self {
            sessions: sessions.clone(),
            pending: Pending::of(request).clone(),
            found,
            incomplete,
            arrived,
            refused,
        })
    }

    /// Exchanges the token and has the response carry the new ones. Of several sessions the newest one is
    /// refreshed; if that has ended its cookies are removed, and the next attempt takes the next one.
    ///
    /// # Errors
    /// Those of [`Sessions::refresh`](crate::Sessions::refresh), [`Error::NoToken`] if none of ours was
    /// presented, and [`Error::Replaced`] if a login took the place of the session meanwhile.
    #[doc(alias = "refreshSession")]
    pub async fn exchange(&self) -> Result<SessionHandle, Error> {
        let token = match &self.found {
            FoundRefresh::Token(token) => *token,
            FoundRefresh::UnknownKey(_) => return Err(Error::Unavailable),
            FoundRefresh::Mixed => return Err(Error::Unauthorised),
            FoundRefresh::Nothing if self.incomplete.is_empty() => return Err(Error::NoToken),
            FoundRefresh::Nothing => {
                if self.sessions.were_just_replaced(&self.incomplete).await {
                    return Err(Error::Replaced);
                }
                self.remove_incomplete().await?;
                self.pending.forget();
                return Err(Error::Unauthorised);
            }
        };
        let (handle, transport) = (token.handle, token.binding.transport);
        let exchanged = match &self.refused {
            Some(error) => Err(error.clone()),
            None => self.sessions.exchange(token, self.arrived).await,
        };
        match exchanged {
            Ok(tokens) => {
                self.pending.attach(tokens);
                // One whose row this replica has not got yet is looked at the next time.
                let _removed = self.remove_incomplete().await;
                Ok(handle)
            }
            // The login removes its cookies; without them the next refresh would present nothing.
            Err(Error::Unauthorised) if self.sessions.were_just_replaced(&[handle]).await => {
                Err(Error::Replaced)
            }
            Err(error @ (Error::Unauthorised | Error::TokenTheft { .. })) => {
                self.pending.remove(handle, transport);
                self.pending.forget();
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Has the response remove the tokens of the session that was found.
    pub(in crate::web) fn remove(&self) {
        if let FoundRefresh::Token(token) = &self.found {
            self.pending.remove(token.handle, token.binding.transport);
        }
    }

    /// Removes access cookies whose refresh cookie is missing: whether or not their sessions go on, this
    /// browser cannot refresh them, and would try for ever.
    async fn remove_incomplete(&self) -> Result<(), Error> {
        for handle in &self.incomplete {
            match self.sessions.require_row(*handle).await {
                Ok(()) | Err(Error::Unauthorised) => {}
                Err(error) => return Err(error),
            }
        }
        for handle in &self.incomplete {
            self.pending.remove(*handle, Transport::Cookie);
        }
        Ok(())
    }

    /// Ends the session after all, and has the response remove its tokens.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the session goes on then.
    pub async fn revoke(&self, handle: SessionHandle) -> Result<(), Error> {
        self.sessions.revoke(handle).await?;
        self.pending.remove(handle, self.found.transport());
        self.pending.forget();
        Ok(())
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Refresh {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        state::outcome(request, Self::of(request, Proof::AsConfigured).await)
    }
}

impl Sentinel for Refresh {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        state::abort_without_fairing(rocket, "Refresh")
    }
}
