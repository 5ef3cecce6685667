//! What is known of a request, and what it will change in the browser, until the response fairing writes it.
//!
//! Rocket drops the cookie jar's changes when a guard fails, so nothing goes through the jar.

use std::sync::{Arc, Mutex, PoisonError};

use rocket::Request;

use crate::error::Error;
use crate::token::access::Verified;
use crate::token::{SessionTokens, Transport};

/// A change of the browser's tokens. A later one replaces an earlier one.
#[derive(Debug, Clone)]
pub(in crate::web) enum Change {
    /// Store these tokens.
    Attach {
        tokens: SessionTokens,
        /// And drop those of the other transport.
        clear_other: bool,
    },
    /// Drop tokens.
    Clear(Cleared),
    /// Drop cookies that were set for the older cookie domain.
    ClearOlder { access: bool, refresh: bool },
}

/// Which tokens are dropped.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) enum Cleared {
    Everywhere,
    In(Transport),
}

/// The request's slot for the verdict on its access token, for a [`Change`], and for the error of a failed guard.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct Pending {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    verdict: Option<Result<Arc<Verified>, Error>>,
    change: Option<Change>,
    failure: Option<Error>,
    audience: Audience,
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

    pub(in crate::web) fn set(&self, change: Change) {
        self.lock().change = Some(change);
    }

    pub(in crate::web) fn take(&self) -> Option<Change> {
        self.lock().change.take()
    }

    /// Remembers why a guard failed: Rocket does not hand that to catchers.
    pub(in crate::web) fn park(&self, failure: Error) {
        self.lock().failure = Some(failure);
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
