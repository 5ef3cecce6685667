//! Who calls a login or a logout: the sessions, the slot for the change, and what the request presented.

use rocket::Request;

use crate::arrival::Arrival;
use crate::config::SessionConfig;
use crate::device::{self, Device};
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::sessions::{Recognised, Sessions};
use crate::token::Transport;
use crate::web::request::presented::Presented;
use crate::web::response::pending::Pending;
use crate::web::state;

/// What `Login` and `Logout` know of a request.
#[derive(Debug, Clone)]
pub(in crate::web) struct Caller {
    pub(in crate::web) sessions: Sessions,
    pub(in crate::web) pending: Pending,
    /// What every access token of ours says, whether or not it still holds.
    pub(in crate::web) presented: Vec<Recognised>,
    /// Whether a header says who asks, or how: what no page of another site can make a browser send.
    pub(in crate::web) in_headers: bool,
    /// How the tokens of a login will travel.
    pub(in crate::web) transport: Transport,
    pub(in crate::web) device: Device,
}

impl Caller {
    /// Wherever the request comes from.
    pub(in crate::web) fn of(request: &Request<'_>) -> Result<Self, Error> {
        let sessions = state::managed(request)?;
        let wire = state::wire(request);
        let presented = Presented::of(request, wire);
        Ok(Self {
            sessions: sessions.clone(),
            pending: Pending::of(request).clone(),
            presented: presented.sessions(sessions),
            in_headers: presented.is_in_headers(sessions),
            transport: wire.of_login(request),
            device: device(request, sessions.config()),
        })
    }

    /// The sessions that the request presented.
    pub(in crate::web) fn handles(&self) -> Vec<SessionHandle> {
        handles(&self.presented)
    }

    /// Has the response remove the tokens of the sessions that the request presented.
    pub(in crate::web) fn remove_presented(&self) {
        for shown in &self.presented {
            self.pending.remove(shown.handle(), shown.transport());
        }
    }

    /// How a login comes in that starts a whole session, or one that is `pending`: a visitor's session goes on
    /// until the login is whole, so that its data can go on to it.
    pub(in crate::web) fn arrival(&self, pending: bool) -> Arrival {
        let replaced = self
            .presented
            .iter()
            .filter(|shown| !pending || !shown.is_anonymous());
        Arrival {
            transport: self.transport,
            replaced: handles(replaced),
            handed_from: self.handles(),
            completes: self.pending.awaited(),
            device: self.device.clone(),
        }
    }
}

/// Each once, oldest first.
fn handles<'s>(shown: impl IntoIterator<Item = &'s Recognised>) -> Vec<SessionHandle> {
    let mut handles: Vec<SessionHandle> = shown.into_iter().map(Recognised::handle).collect();
    handles.sort_unstable();
    handles.dedup();
    handles
}

/// Where a request comes from, as far as it is kept.
fn device(request: &Request<'_>, config: &SessionConfig) -> Device {
    let forwarded: Vec<&str> = request
        .headers()
        .get("x-forwarded-for")
        .flat_map(|line| line.split(','))
        .collect();
    let ip = request
        .remote()
        .map(|peer| device::client_ip(peer.ip(), forwarded.into_iter(), &config.trusted_proxies));
    let user_agent = request.headers().get_one("user-agent");
    Device::new(user_agent, ip, config.device_ip)
}
