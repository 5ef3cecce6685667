//! Who calls a login or a logout: the sessions, the slot for the change, and the session that the
//! request presented.

use rocket::Request;

use super::guard;
use super::pending::Pending;
use super::transport;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::sessions::Sessions;

/// What `Login` and `Logout` know of a request.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) sessions: Sessions,
    pub(super) pending: Pending,
    /// Named by the access token, whether or not that is still good.
    pub(super) presented: Option<SessionHandle>,
}

impl Caller {
    /// Wherever the request comes from.
    pub(super) fn of(request: &Request<'_>) -> Result<Self, Error> {
        let sessions = guard::managed(request)?;
        Ok(Self {
            sessions: sessions.clone(),
            pending: Pending::of(request).clone(),
            presented: transport::presented_session(request, sessions),
        })
    }
}
