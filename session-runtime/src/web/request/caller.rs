//! Who calls a login or a logout: the sessions, the slot for the change, and what the request presented.

use std::sync::Arc;

use rocket::Request;

use crate::config::SessionConfig;
use crate::device::{self, Device};
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::sessions::Sessions;
use crate::token::Transport;
use crate::token::access::Verified;
use crate::web::request::presented::Presented;
use crate::web::response::pending::Pending;
use crate::web::state;

/// What `Login` and `Logout` know of a request.
#[derive(Debug, Clone)]
pub(in crate::web) struct Caller {
    pub(in crate::web) sessions: Sessions,
    pub(in crate::web) pending: Pending,
    /// What the access token says, whether or not it is still good.
    pub(in crate::web) presented: Option<Arc<Verified>>,
    /// Whether a session cookie is all that speaks for the request: what a page of another site can
    /// make a browser send.
    pub(in crate::web) only_cookies: bool,
    /// How the tokens of a login will travel.
    pub(in crate::web) transport: Transport,
    /// Whether there is an access token in the other place, to be removed by a login.
    pub(in crate::web) has_other: bool,
    pub(in crate::web) device: Device,
}

impl Caller {
    /// Wherever the request comes from.
    pub(in crate::web) fn of(request: &Request<'_>) -> Result<Self, Error> {
        let sessions = state::managed(request)?;
        let wire = state::wire(request);
        let presented = Presented::of(request, wire);
        let transport = wire.of_login(request);
        let (claimed, came_in) = presented.claimed(sessions).unzip();
        Ok(Self {
            sessions: sessions.clone(),
            pending: Pending::of(request).clone(),
            presented: claimed.map(Arc::new),
            only_cookies: presented.has_cookies() && came_in != Some(Transport::Header),
            transport,
            has_other: presented.has_access_in(transport.other()),
            device: device(request, sessions.config()),
        })
    }

    /// The session that the request presented.
    pub(in crate::web) fn session(&self) -> Option<SessionHandle> {
        self.presented.as_ref().map(|verified| verified.handle)
    }
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
