//! What is known of a request, and what it will change in the browser, until the response fairing writes it.
//!
//! Rocket drops the cookie jar's changes when a guard fails, so nothing goes through the jar.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rocket::Request;

use crate::arrival::Completed;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::token::access::Verified;
use crate::token::{SessionTokens, Transport};

/// What a response changes in the browser: the tokens of one session are stored, those of sessions that
/// ended are removed. Nothing of any other session is touched.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct Change {
    /// The tokens to store; of several the last.
    pub(in crate::web) attach: Option<SessionTokens>,
    /// The sessions whose cookies are removed.
    pub(in crate::web) removed: BTreeSet<SessionHandle>,
    /// Whether a client that keeps its tokens itself drops them.
    pub(in crate::web) clears_headers: bool,
    /// Whether the front end forgets the session.
    pub(in crate::web) forgets: bool,
}

impl Change {
    fn is_nothing(&self) -> bool {
        self.attach.is_none() && self.removed.is_empty() && !self.clears_headers && !self.forgets
    }
}

/// The request's slot for the verdict on its access token, for a [`Change`], and for the error of a failed guard.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct Pending {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    verdict: Option<Result<Arc<Verified>, Error>>,
    change: Change,
    serves_visitors: bool,
    failure: Option<Error>,
    audience: Audience,
    second_factor: SecondFactor,
}

/// What is known of a request that may be the second factor of a login.
#[derive(Debug, Default)]
struct SecondFactor {
    /// The pending session that a guard let in.
    awaited: Option<Completed>,
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
    /// As far as sessions are concerned.
    #[default]
    Everybody,
    /// Whoever has no session: a member would get another one.
    Visitors,
    /// The user of the session.
    Member,
}

impl Pending {
    pub(in crate::web) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// What was found of the access token, if a guard has asked.
    pub(in crate::web) fn verdict(&self) -> Option<Result<Arc<Verified>, Error>> {
        self.lock().verdict.clone()
    }

    /// Remembers what was found of the access token.
    pub(in crate::web) fn judged(
        &self,
        verdict: Result<Arc<Verified>, Error>,
    ) -> Result<Arc<Verified>, Error> {
        self.lock().verdict = Some(verdict.clone());
        verdict
    }

    /// Has the browser store tokens.
    pub(in crate::web) fn attach(&self, tokens: SessionTokens) {
        let change = &mut self.lock().change;
        change.removed.remove(&tokens.handle);
        change.attach = Some(tokens);
        change.forgets = false;
    }

    /// Has the browser drop the tokens of a session that has ended.
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

    /// Takes back the tokens that were to be stored: their session has ended after all.
    pub(in crate::web) fn withdraw(&self) {
        let attached = self.lock().change.attach.take();
        if let Some(tokens) = attached {
            self.remove(tokens.handle, tokens.transport);
            self.forget();
        }
    }

    /// Has the front end forget the session that it knows of.
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

    /// Remembers that a guard let a pending session in.
    pub(in crate::web) fn note_awaited(&self, pending: &Verified) {
        self.lock().second_factor.awaited = Some(Completed::of(pending));
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

    /// The pending session that a guard let in.
    pub(in crate::web) fn awaited(&self) -> Option<Completed> {
        self.lock().second_factor.awaited.clone()
    }

    /// The pending session whose second factor this request tries, the first time that it is asked for.
    pub(in crate::web) fn begin_attempt(&self) -> Option<Completed> {
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
    pub(in crate::web) fn last_attempt(&self) -> Option<Completed> {
        let second_factor = &self.lock().second_factor;
        let awaited = second_factor.awaited.clone();
        awaited.filter(|_| second_factor.is_last)
    }

    /// Remembers that the route would also have served a visitor.
    pub(in crate::web) fn note_visitors_welcome(&self) {
        self.lock().serves_visitors = true;
    }

    /// Whether the route would also have served a visitor.
    pub(in crate::web) fn serves_visitors(&self) -> bool {
        self.lock().serves_visitors
    }

    /// Remembers why a guard failed: Rocket does not hand that to catchers.
    pub(in crate::web) fn park(&self, failure: Error) {
        self.lock().failure = Some(failure);
    }

    /// Forgets a failure that the route has seen, and goes on.
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
