//! `Refresh`: exchanges the refresh token of a request.

mod leftovers;
mod unproved;

use std::time::Duration;

use rocket::Request;

use self::leftovers::Leftovers;
use self::unproved::{Unproved, report_skipped};
use crate::error::Error;
use crate::event::RevokedBy;
use crate::handle::SessionHandle;
use crate::record::RefreshKind;
use crate::rules::rotation::bound::Ordinary;
use crate::rules::selection::Attempt;
use crate::sessions::{Exchanged, Sessions};
use crate::token::Transport;
use crate::token::refresh::Authentic;
use crate::web::guards::{Guard, guard};
use crate::web::local_url::LocalUrl;
use crate::web::request::csrf::{BesideRefresh, Check};
use crate::web::request::presented::{FoundRefresh, Presented, ShownToken};
use crate::web::request_state::RequestState;
use crate::web::state;

/// A guard that exchanges the request's refresh token, for a refresh route of your own.
///
/// The fairing mounts such a route already; set `refresh_route = false` to replace it. The browser
/// sends the refresh cookie only to `refresh_token_path`, so mount your route there.
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
    local: RequestState,
    found: FoundRefresh,
    /// What the request has beside each refresh token.
    beside: Vec<Beside>,
    /// What else there is of sessions.
    leftovers: Leftovers,
    /// When the request arrived (monotonic).
    arrived: Duration,
}

/// What came beside a refresh token.
#[derive(Debug)]
struct Beside {
    csrf: BesideRefresh,
    /// What the request says for itself if the session is bound to a device.
    unproved: Unproved,
}

/// What became of a refresh that was not refused.
#[derive(Debug)]
pub(in crate::web) enum Attempted {
    /// The browser has new tokens.
    Refreshed(SessionHandle),
    /// The request goes there once more, and the browser proves its device on the way.
    SentBack(LocalUrl),
}

/// What must show that a page of this application sent the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Proof {
    /// What the configuration asks for.
    AsConfigured,
    /// `Sec-Fetch-Site` or `Origin`, because a form cannot send other headers.
    Evidence,
}

impl Refresh {
    /// Finds the refresh token of a request, after checking that the request may change something.
    ///
    /// # Errors
    /// [`Error::CrossSite`] for a request that must not change anything.
    pub(in crate::web) async fn of(request: &Request<'_>, proof: Proof) -> Result<Self, Error> {
        let sessions = state::managed(request)?;
        let arrived = sessions.monotonic();
        let csrf = state::csrf(request);
        let wire = state::wire(request);
        let presented = Presented::of(request, wire);
        let in_headers = presented.refreshes_in_headers();
        if !in_headers {
            csrf.require_evidence(request, sessions)?;
        }
        if presented.names_unknown_key(sessions) {
            // Another process may have created the key a moment ago.
            sessions.look_for_unknown_key().await;
        }
        let found = presented.refresh(sessions);
        let leftovers = Leftovers::beside(&found, &presented, sessions, wire);
        let changes_nothing = matches!(found, FoundRefresh::Nothing) && leftovers.is_empty();
        let is_checked = !in_headers && proof == Proof::AsConfigured && !changes_nothing;
        if is_checked {
            csrf.check_cookie(request, sessions, Check::AllMethods)?;
        }
        let mut beside = Vec::new();
        for ShownToken { token, .. } in found.tokens() {
            let csrf = if is_checked {
                csrf.check_refresh(request, sessions, token)?
            } else {
                BesideRefresh::Complete
            };
            let unproved = Unproved::of(request, &presented, sessions, token);
            beside.push(Beside { csrf, unproved });
        }
        if !beside.is_empty() {
            report_skipped(request, sessions);
        }
        Ok(Self {
            sessions: sessions.clone(),
            local: RequestState::of(request).clone(),
            found,
            beside,
            leftovers,
            arrived,
        })
    }

    /// Exchanges the refresh token and sends the new tokens with the response.
    ///
    /// If the browser has several sessions, the newest is refreshed; if that one has ended, its
    /// cookies are removed and the next one is refreshed.
    ///
    /// # Errors
    /// Those of [`Sessions::refresh`](crate::Sessions::refresh), [`Error::NoToken`] if the request
    /// presents no refresh token of this application, and [`Error::Replaced`] if a login replaced
    /// the session meanwhile.
    #[doc(alias = "refreshSession")]
    pub async fn exchange(&self) -> Result<SessionHandle, Error> {
        match self.attempt().await? {
            Attempted::Refreshed(handle) => Ok(handle),
            Attempted::SentBack(_) => Err(Error::Unavailable),
        }
    }

    /// [`exchange`](Self::exchange) for a route that can send a request back.
    pub(in crate::web) async fn attempt(&self) -> Result<Attempted, Error> {
        match &self.found {
            FoundRefresh::Tokens(_) => {}
            FoundRefresh::UnknownKey(_) => return Err(Error::Unavailable),
            FoundRefresh::Mixed => return Err(Error::Unauthorised),
            FoundRefresh::Nothing if self.leftovers.is_empty() => return Err(Error::NoToken),
            FoundRefresh::Nothing => {
                if self.leftovers.were_just_replaced(&self.sessions).await {
                    return Err(Error::Replaced);
                }
                self.leftovers.remove(&self.sessions, &self.local).await?;
                self.local.forget();
                return Err(Error::Unauthorised);
            }
        }
        for (shown, beside) in self.found.tokens().iter().zip(&self.beside) {
            let exchanged = self.exchange_one(shown, beside).await;
            let attempt = match &exchanged {
                Ok(_) => Attempt::Done,
                Err(Error::Unauthorised) => Attempt::Ended,
                Err(Error::TokenTheft { .. }) => Attempt::Stolen,
                Err(_) => Attempt::Undecided,
            };
            if attempt.removes() {
                self.remove_shown(shown);
            }
            if attempt == Attempt::Stolen {
                self.local.forget();
            }
            if !attempt.tries_the_next() {
                return exchanged;
            }
        }
        self.local.forget();
        Err(Error::Unauthorised)
    }

    /// Exchanges one token; [`Error::Unauthorised`] says that this browser can do nothing with its
    /// session: it has ended, or needs a proof that does not come.
    async fn exchange_one(&self, shown: &ShownToken, beside: &Beside) -> Result<Attempted, Error> {
        let Authentic {
            handle, binding, ..
        } = shown.token;
        let exchanged = match beside.csrf {
            BesideRefresh::Complete if shown.is_copied => {
                Err(self.sessions.end_copied(handle, false).await)
            }
            BesideRefresh::Complete => {
                let kind = RefreshKind::Ordinary(match binding.transport {
                    Transport::Cookie => beside.unproved.ordinary,
                    Transport::Header => Ordinary::default(),
                });
                self.sessions
                    .exchange(shown.token, kind, self.arrived)
                    .await
            }
            // This browser loses its cookies, so no sign-out would find the session any more.
            BesideRefresh::LostToken => {
                self.sessions.end(vec![handle], RevokedBy::Handle).await?;
                Err(Error::Unauthorised)
            }
        };
        match exchanged {
            Ok(Exchanged::Issued(tokens)) => {
                self.local.attach(*tokens);
                // If this replica does not have a session's row yet, the next refresh decides
                // about it.
                let _removed = self.leftovers.remove(&self.sessions, &self.local).await;
                Ok(Attempted::Refreshed(handle))
            }
            Ok(Exchanged::Refreshed) => {
                if let Some(front) = &beside.unproved.front {
                    self.local.show_front(front.clone());
                }
                Ok(Attempted::Refreshed(handle))
            }
            // This is no answer to a refresh without a proof.
            Ok(Exchanged::OtherKey) => Err(Error::Unavailable),
            Ok(Exchanged::SendBack) => {
                if beside.unproved.marker {
                    self.local.unmark(handle);
                }
                Ok(Attempted::SentBack(beside.unproved.path.clone()))
            }
            // The login removes its cookies; if they were removed here, the next refresh would
            // have none.
            Err(Error::Unauthorised) if self.sessions.were_just_replaced(&[handle]).await => {
                Err(Error::Replaced)
            }
            Err(error) => Err(error),
        }
    }

    fn remove_shown(&self, shown: &ShownToken) {
        let transport = shown.token.binding.transport;
        self.local.remove(shown.token.handle, transport);
    }

    /// Removes the cookies of the session that was found, with the response.
    pub(in crate::web) fn remove(&self) {
        match self.found.tokens().first() {
            Some(shown) => self.remove_shown(shown),
            None => self.leftovers.remove_incomplete(&self.local),
        }
    }

    /// Ends the session instead, and removes its cookies with the response.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer; the session continues then.
    pub async fn revoke(&self, handle: SessionHandle) -> Result<(), Error> {
        self.sessions.revoke(handle).await?;
        self.local.remove(handle, self.found.transport());
        self.local.forget();
        Ok(())
    }
}

impl Guard for Refresh {
    const NAME: &'static str = "Refresh";

    /// A refresh always changes something, so `check` is ignored.
    async fn load(request: &Request<'_>, _: Check) -> Result<Self, Error> {
        Self::of(request, Proof::AsConfigured).await
    }
}

guard!(<> Refresh);
