//! `Refresh`: exchanges the refresh token of a request.

use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::error::Error;
use crate::handle::SessionHandle;
use crate::sessions::Sessions;
use crate::token::refresh::Authentic;
use crate::token::{Transport, access};
use crate::web::request::csrf::Check;
use crate::web::request::presented::{Credential, Presented};
use crate::web::response::pending::{Change, Cleared, Pending};
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
    found: Result<Found, Error>,
}

/// A refresh token of ours.
#[derive(Debug)]
struct Found {
    token: Authentic,
    /// Whether there is a refresh token in the other place, to be removed.
    has_other: bool,
}

impl Refresh {
    /// Judges the refresh token of a request.
    ///
    /// # Errors
    /// [`Error::CrossSite`] for a request that must change nothing.
    pub(in crate::web) fn of(request: &Request<'_>, proof: Proof) -> Result<Self, Error> {
        let sessions = state::managed(request)?;
        Ok(Self {
            sessions: sessions.clone(),
            pending: Pending::of(request).clone(),
            found: look(request, sessions, proof)?,
        })
    }

    /// Exchanges the token and has the response carry the new ones.
    ///
    /// # Errors
    /// Those of [`Sessions::refresh`](crate::Sessions::refresh), and [`Error::DuplicateCookies`].
    #[doc(alias = "refreshSession")]
    pub async fn exchange(&self) -> Result<SessionHandle, Error> {
        let Found { token, has_other } = self.found.as_ref().map_err(Clone::clone)?;
        let tokens = self.sessions.exchange(*token).await?;
        let handle = tokens.handle();
        self.pending.set(Change::Attach {
            tokens,
            clear_other: *has_other,
        });
        Ok(handle)
    }

    /// Ends the session after all, and has the response remove all tokens.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the session goes on then.
    pub async fn revoke(&self, handle: SessionHandle) -> Result<(), Error> {
        self.sessions.revoke(handle).await?;
        self.pending.set(Change::Clear(Cleared::Everywhere));
        Ok(())
    }
}

/// What has to show that a page of ours sent the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Proof {
    /// What the configuration asks for.
    AsConfigured,
    /// What browsers say of any request: a form cannot send a header.
    Evidence,
}

/// Looks for a refresh token of ours.
///
/// # Errors
/// [`Error::CrossSite`] for a request that must change nothing.
fn look(
    request: &Request<'_>,
    sessions: &Sessions,
    proof: Proof,
) -> Result<Result<Found, Error>, Error> {
    let (wire, csrf) = (state::wire(request), state::csrf(request));
    let presented = Presented::of(request, wire);
    let credential = presented.refresh();
    let from_header =
        matches!(&credential, Ok(Some(found)) if found.transport == Transport::Header);
    if presented.has_cookies() && !from_header {
        match proof {
            Proof::AsConfigured => csrf.check_cookie(request, sessions, Check::AllMethods)?,
            Proof::Evidence => csrf.check_login(request, sessions)?,
        }
    }
    if let (access, refresh) = presented.duplicates()
        && (access || refresh)
    {
        presented.report_duplicates(request, sessions);
        let cleared = wire.older_domain.is_some();
        if cleared {
            Pending::of(request).set(Change::ClearOlder { access, refresh });
        }
        return Ok(Err(Error::DuplicateCookies { cleared }));
    }
    let Credential { token, transport } = match credential {
        Ok(Some(credential)) => credential,
        // Also when an access cookie is left over: it would make the front end try for ever.
        Ok(None) => return Ok(Err(Error::GONE)),
        Err(error) => return Ok(Err(error)),
    };
    let token = match sessions.authenticate(&token) {
        Ok(token) if token.binding.transport == transport => token,
        Ok(_) => return Ok(Err(Error::GONE)),
        Err(error) => return Ok(Err(error)),
    };
    if transport == Transport::Cookie {
        if proof == Proof::AsConfigured {
            csrf.check_refresh(request, sessions, &token)?;
        }
        // Only a good token of another session matters, and a signature is dear to check.
        let beside = presented
            .access_cookie()
            .filter(|access| !access::claims_to_be_of(access, token.handle))
            .and_then(|access| sessions.check(access, transport).ok());
        if beside.is_some_and(|verified| verified.handle != token.handle) {
            return Ok(Err(Error::GONE));
        }
    }
    let has_other = presented.has_refresh_in(transport.other());
    Ok(Ok(Found { token, has_other }))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Refresh {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        state::outcome(request, Self::of(request, Proof::AsConfigured))
    }
}

impl Sentinel for Refresh {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        state::abort_without_fairing(rocket, "Refresh")
    }
}
