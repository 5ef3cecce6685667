//! What the guards of one request found out, and what its response will change in the browser. It
//! is kept in Rocket's request-local state until the response fairing writes it.
//!
//! Rocket discards changes of the cookie jar if a guard fails, so the jar is not used.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rocket::Request;

use crate::error::Error;
use crate::handle::{SessionHandle, Tag};
use crate::sessions::CompletedLogin;
use crate::sessions::Sessions;
use crate::token::access::Verified;
use crate::token::{SessionTokens, Transport};

/// What a response changes in the browser: it stores the tokens of one session, and removes those
/// of sessions that ended. Cookies of other sessions are not touched.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct Change {
    /// The tokens to store; the last ones win.
    pub(in crate::web) attach: Option<SessionTokens>,
    /// The sessions whose cookies are removed.
    pub(in crate::web) removed: BTreeSet<SessionHandle>,
    /// The sessions of which the browser has lost its access cookie: the others are removed.
    pub(in crate::web) removed_names: BTreeSet<Tag>,
    /// The sessions whose marker is removed, so that the browser proves their device and refreshes.
    pub(in crate::web) unmarked: BTreeSet<SessionHandle>,
    /// What a front end reads of an access token that the browser has already.
    pub(in crate::web) front: Option<String>,
    /// Whether a client that stores its tokens itself must drop them.
    pub(in crate::web) clears_headers: bool,
    /// Whether the front end must forget the session.
    pub(in crate::web) forgets: bool,
}

impl Change {
    fn is_nothing(&self) -> bool {
        self.attach.is_none()
            && self.removed.is_empty()
            && self.removed_names.is_empty()
            && self.unmarked.is_empty()
            && self.front.is_none()
            && !self.clears_headers
            && !self.forgets
    }
}

/// The result of verifying a request's access token, the [`Change`] of its response, and the error
/// of a failed guard. Clones share one state, which outlives the guards.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct RequestState {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    verified: Option<Result<Arc<Verified>, Error>>,
    change: Change,
    /// The other sessions of the user, in the same jar.
    beside: Vec<SessionHandle>,
    /// Whether a page of another site sent the request.
    is_foreign: bool,
    serves_visitors: bool,
    failure: Option<Error>,
    audience: Audience,
    second_factor: SecondFactor,
}

/// What is known about a request that may be the second factor of a login.
#[derive(Debug, Default)]
struct SecondFactor {
    /// The pending session that a guard accepted.
    awaited: Option<CompletedLogin>,
    /// Whether the route logs in.
    is_login: bool,
    attempted: bool,
    is_last: bool,
    /// The session of a visitor beside one that awaits a second factor.
    visitor: Option<Arc<Verified>>,
}

/// Whom an answer is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::web) enum Audience {
    /// Anybody, as far as sessions are concerned.
    #[default]
    Everybody,
    /// Somebody without a session; a member would get another answer.
    Visitors,
    /// The user of the session.
    Member,
}

impl RequestState {
    pub(in crate::web) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// The result of verifying the access token, if a guard has asked for it.
    pub(in crate::web) fn verified(&self) -> Option<Result<Arc<Verified>, Error>> {
        self.lock().verified.clone()
    }

    /// Remembers the result of verifying the access token.
    pub(in crate::web) fn note_verified(
        &self,
        verified: Result<Arc<Verified>, Error>,
    ) -> Result<Arc<Verified>, Error> {
        self.lock().verified = Some(verified.clone());
        verified
    }

    /// Stores tokens in the browser, with the response.
    pub(in crate::web) fn attach(&self, tokens: SessionTokens) {
        let change = &mut self.lock().change;
        change.removed.remove(&tokens.handle);
        change.attach = Some(tokens);
        change.forgets = false;
    }

    /// Removes the tokens of a session that has ended, with the response.
    pub(in crate::web) fn remove(&self, handle: SessionHandle, transport: Transport) {
        let change = &mut self.lock().change;
        if change
            .attach
            .as_ref()
            .is_some_and(|tokens| tokens.handle == handle)
        {
            change.attach = None;
        }
        match transport {
            Transport::Cookie => {
                change.removed.insert(handle);
            }
            Transport::Header => change.clears_headers = true,
        }
    }

    /// Removes what the browser has left of a session whose access cookie it has lost.
    pub(in crate::web) fn remove_name(&self, tag: Tag) {
        self.lock().change.removed_names.insert(tag);
    }

    /// Remembers the other sessions of the user whose tokens the request carries.
    pub(in crate::web) fn note_beside(&self, beside: Vec<SessionHandle>) {
        self.lock().beside = beside;
    }

    /// The other sessions of the user whose tokens the request carries.
    pub(in crate::web) fn beside(&self) -> Vec<SessionHandle> {
        self.lock().beside.clone()
    }

    /// Remembers whether a page of another site sent the request.
    pub(in crate::web) fn note_origin(&self, is_foreign: bool) {
        self.lock().is_foreign = is_foreign;
    }

    /// Removes the tokens of a session that a guard found ended, with the response.
    ///
    /// A request of another site removes nothing, not even dead cookies. Neither is anything
    /// removed while a login that replaced the session has not been answered: until then a refresh
    /// must be able to present the old session, because without a session it is answered 401, and
    /// the front end forgets the login.
    pub(in crate::web) async fn remove_ended(
        &self,
        sessions: &Sessions,
        handle: SessionHandle,
        transport: Transport,
    ) {
        let is_foreign = self.lock().is_foreign;
        if !is_foreign && !sessions.were_just_replaced(&[handle]).await {
            self.remove(handle, transport);
        }
    }

    /// Has the browser prove the device of a session, and refresh, before its next request. A page
    /// of another site has it do nothing.
    pub(in crate::web) fn unmark(&self, handle: SessionHandle) {
        let mut state = self.lock();
        if !state.is_foreign {
            state.change.unmarked.insert(handle);
        }
    }

    /// Has the front end read this of the access token that the browser has.
    pub(in crate::web) fn show_front(&self, front: String) {
        self.lock().change.front = Some(front);
    }

    /// Takes back tokens that were to be stored, because their session has ended.
    pub(in crate::web) fn withdraw(&self) {
        let attached = self.lock().change.attach.take();
        if let Some(tokens) = attached {
            self.remove(tokens.handle, tokens.transport);
            self.forget();
        }
    }

    /// Makes the front end forget its session.
    pub(in crate::web) fn forget(&self) {
        let change = &mut self.lock().change;
        let knows = change
            .attach
            .as_ref()
            .is_some_and(|tokens| tokens.pending_until.is_none());
        change.forgets = !knows;
    }

    pub(in crate::web) fn take(&self) -> Option<Change> {
        let change = std::mem::take(&mut self.lock().change);
        (!change.is_nothing()).then_some(change)
    }

    /// Remembers that a guard accepted a pending session.
    pub(in crate::web) fn note_awaited(&self, pending: &Verified) {
        self.lock().second_factor.awaited = Some(CompletedLogin::of(pending));
    }

    /// Remembers the session of a visitor beside one that awaits a second factor.
    pub(in crate::web) fn note_visitor(&self, visitor: Arc<Verified>) {
        self.lock().second_factor.visitor = Some(visitor);
    }

    /// The session of a visitor beside one that awaits a second factor.
    pub(in crate::web) fn visitor(&self) -> Option<Arc<Verified>> {
        self.lock().second_factor.visitor.clone()
    }

    /// Remembers that the route logs in.
    pub(in crate::web) fn note_login(&self) {
        self.lock().second_factor.is_login = true;
    }

    /// The pending session that a guard accepted.
    pub(in crate::web) fn awaited(&self) -> Option<CompletedLogin> {
        self.lock().second_factor.awaited.clone()
    }

    /// The pending session whose second factor this request tries; only the first call returns it.
    pub(in crate::web) fn begin_attempt(&self) -> Option<CompletedLogin> {
        let second_factor = &mut self.lock().second_factor;
        if !second_factor.is_login || second_factor.attempted {
            return None;
        }
        let awaited = second_factor.awaited.clone()?;
        second_factor.attempted = true;
        Some(awaited)
    }

    /// Remembers that there is no further attempt.
    pub(in crate::web) fn note_last_attempt(&self) {
        self.lock().second_factor.is_last = true;
    }

    /// The pending session whose last attempt this request is.
    pub(in crate::web) fn last_attempt(&self) -> Option<CompletedLogin> {
        let second_factor = &self.lock().second_factor;
        let awaited = second_factor.awaited.clone();
        awaited.filter(|_| second_factor.is_last)
    }

    /// Remembers that the route also serves visitors.
    pub(in crate::web) fn note_visitors_welcome(&self) {
        self.lock().serves_visitors = true;
    }

    /// Whether the route also serves visitors.
    pub(in crate::web) fn serves_visitors(&self) -> bool {
        self.lock().serves_visitors
    }

    /// Remembers why a guard failed, because Rocket does not pass that to catchers.
    pub(in crate::web) fn park(&self, failure: Error) {
        self.lock().failure = Some(failure);
    }

    /// Forgets a failure that the route has handled.
    pub(in crate::web) fn unpark(&self) {
        self.lock().failure = None;
    }

    pub(in crate::web) fn failure(&self) -> Option<Error> {
        self.lock().failure.clone()
    }

    /// Remembers that a route was given the session, or learned that there is none.
    pub(in crate::web) fn answer_is_for(&self, audience: Audience) {
        self.lock().audience = audience;
    }

    pub(in crate::web) fn audience(&self) -> Audience {
        self.lock().audience
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
