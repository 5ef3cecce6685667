//! `Uncommitted`: a session whose row the application's transaction has not committed yet.

use super::Sessions;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::new_session::SessionKind;
use crate::token::SessionTokens;

/// A session that was created in a transaction which is not yet committed; it does not give out its
/// tokens before.
///
/// After the commit, [`Login::attach`](crate::Login::attach) sets the cookies, or
/// [`Session::attach`](crate::Session::attach) for a session that was replaced. After a rollback,
/// drop it.
#[derive(Debug)]
#[must_use = "after the commit, give it to `Login::attach`; without that the browser has no session"]
pub struct Uncommitted {
    pub(super) tokens: SessionTokens,
    pub(super) kind: SessionKind,
    pub(super) sessions: Sessions,
}

impl Uncommitted {
    /// The kind of session, which decides what it replaces.
    pub(crate) fn kind(&self) -> SessionKind {
        self.kind
    }

    /// The session's handle, for rows of the application in the same transaction.
    ///
    /// ```
    /// # use session_runtime::sessions::Uncommitted;
    /// fn row_of_the_application(session: &Uncommitted) -> String {
    ///     session.handle().to_string()
    /// }
    /// ```
    pub fn handle(&self) -> SessionHandle {
        self.tokens.handle()
    }

    /// Returns the tokens. Call it only after the commit.
    ///
    /// After a rollback the tokens would look valid, but belong to no session.
    ///
    /// ```
    /// # use session_runtime::Error;
    /// # use session_runtime::sessions::Uncommitted;
    /// fn committed(session: Uncommitted) -> Result<String, Error> {
    ///     Ok(session.after_commit()?.access_token().to_owned())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the SQLite file was deleted or replaced, so that the commit is
    /// lost.
    pub fn after_commit(self) -> Result<SessionTokens, Error> {
        let inner = &self.sessions.inner;
        let checked = inner.store.requests.check_files();
        checked.inspect_err(|cause| cause.report(&inner.reports.events))?;
        Ok(self.tokens)
    }
}
