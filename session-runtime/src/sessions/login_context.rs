//! Where a login comes from: the browser's earlier sessions, its device, and how its tokens are
//! sent.

use crate::device::Device;
use crate::handle::SessionHandle;
use crate::token::Transport;

/// Where a login comes from.
#[derive(Debug, Clone)]
pub(crate) struct LoginContext {
    pub(crate) transport: Transport,
    /// The sessions of the same browser that end with the login.
    pub(crate) replaced: Vec<SessionHandle>,
    /// The sessions whose data the new session may take over.
    pub(crate) handed_from: Vec<SessionHandle>,
    /// The pending session that the login completes.
    pub(crate) completes: Option<CompletedLogin>,
    pub(crate) device: Device,
}

impl LoginContext {
    /// A login of a browser that had no session.
    pub(crate) fn new(transport: Transport, device: Device) -> Self {
        Self {
            transport,
            replaced: Vec::new(),
            handed_from: Vec::new(),
            completes: None,
            device,
        }
    }
}

/// The session that awaits this login as its second factor, and its user.
#[derive(Debug, Clone)]
pub(crate) struct CompletedLogin {
    pub(crate) handle: SessionHandle,
    pub(crate) user_id: String,
}
