//! How a login came in: what its browser had before, and how its tokens travel.

use crate::device::Device;
use crate::handle::SessionHandle;
use crate::token::Transport;

/// How a login came in.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) transport: Transport,
    /// The sessions of the same browser that end with it.
    pub(crate) replaced: Vec<SessionHandle>,
    /// Those whose data may go on to it.
    pub(crate) handed_from: Vec<SessionHandle>,
    /// The pending session that it completes.
    pub(crate) completes: Option<Completed>,
    pub(crate) device: Device,
}

impl Arrival {
    /// Of a browser that had no session.
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

/// The session that awaits this login as its second factor, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Completed {
    pub(crate) handle: SessionHandle,
    pub(crate) user_id: String,
}
