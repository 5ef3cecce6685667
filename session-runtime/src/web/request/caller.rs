//! Who calls a login or a logout: the sessions, the slot for the change, and what the request presented.

use rocket::Request;

use crate::arrival::Arrival;
use crate::config::SessionConfig;
use crate::device::{self, Device};
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::new_session::Kind;
use crate::sessions::{Recognised, Sessions};
use crate::token::Transport;
use crate::web::request::presented::{MAX_ROWS, Presented};
use crate::web::response::pending::Pending;
use crate::web::state;

/// What `Login` and `Logout` know of a request.
#[derive(Debug, Clone)]
pub(in crate::web) struct Caller {
    pub(in crate::web) sessions: Sessions,
    pub(in crate::web) pending: Pending,
    /// The sessions that its access tokens prove, whether or not these still hold.
    pub(in crate::web) presented: Vec<Recognised>,
    /// Those that tokens name and do not prove: they go, and their sessions stay.
    pub(in crate::web) unproved: Vec<Recognised>,
    pub(in crate::web) travel: Travel,
    pub(in crate::web) device: Device,
}

/// How tokens travel between a client and here.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct Travel {
    /// Whether a header says who asks, or how: what no page of another site can make a browser send.
    pub(in crate::web) in_headers: bool,
    /// How the tokens of a login will travel.
    pub(in crate::web) transport: Transport,
}

impl Caller {
    /// Of a request that shows where it comes from, if it is one that has to; nothing is asked of the store
    /// for any other.
    ///
    /// # Errors
    /// [`Error::CrossSite`] without the evidence, and [`Error::Unavailable`] if the row of an old token had to
    /// be asked for and the store does not answer.
    pub(in crate::web) async fn of(
        request: &Request<'_>,
        needs_evidence: impl FnOnce(Travel) -> bool,
    ) -> Result<Self, Error> {
        let sessions = state::managed(request)?;
        let wire = state::wire(request);
        let presented = Presented::of(request, wire);
        let travel = Travel {
            in_headers: presented.is_in_headers(sessions),
            transport: wire.of_login(request),
        };
        if needs_evidence(travel) {
            state::csrf(request).require_evidence(request, sessions)?;
        }
        let mut rows = MAX_ROWS;
        let (mut proved, mut unproved) = (Vec::new(), Vec::new());
        for shown in presented.sessions(sessions) {
            if sessions.is_proof(&shown, &mut rows).await? {
                proved.push(shown);
            } else {
                unproved.push(shown);
            }
        }
        Ok(Self {
            sessions: sessions.clone(),
            pending: Pending::of(request).clone(),
            presented: proved,
            unproved,
            travel,
            device: device(request, sessions.config()),
        })
    }

    /// The sessions that the request presented.
    pub(in crate::web) fn handles(&self) -> Vec<SessionHandle> {
        handles(&self.presented)
    }

    /// Whether it presented no session, not even one that it does not prove.
    pub(in crate::web) fn has_nothing(&self) -> bool {
        self.presented.is_empty() && self.unproved.is_empty()
    }

    /// Has the response remove all tokens of sessions that the request presented.
    pub(in crate::web) fn remove_presented(&self) {
        self.remove_ended(Kind::Whole);
    }

    /// Has the response remove the tokens of the sessions that end with a login; says whether there were any.
    pub(in crate::web) fn remove_ended(&self, new: Kind) -> bool {
        let mut any = false;
        for shown in self.ended_by(new).chain(&self.unproved) {
            self.pending.remove(shown.handle(), shown.transport());
            any = true;
        }
        any
    }

    /// The handles of the sessions that end with a login of this kind.
    pub(in crate::web) fn replaced(&self, new: Kind) -> Vec<SessionHandle> {
        self.sessions.with_conflicts(handles(self.ended_by(new)))
    }

    /// The handles of the sessions that end with a logout.
    pub(in crate::web) fn signed_out(&self) -> Vec<SessionHandle> {
        self.replaced(Kind::Whole)
    }

    /// How a login of this kind comes in.
    pub(in crate::web) fn arrival(&self, new: Kind) -> Arrival {
        Arrival {
            transport: self.travel.transport,
            replaced: self.replaced(new),
            handed_from: self.handles(),
            completes: self.pending.awaited(),
            device: self.device.clone(),
        }
    }

    /// The sessions that end with a login. A visitor's goes on beside one that awaits its second factor, so
    /// that its data can go on to the whole session.
    fn ended_by(&self, new: Kind) -> impl Iterator<Item = &Recognised> {
        let stays = move |shown: &Recognised| match new {
            Kind::Whole => false,
            Kind::Pending => shown.is_anonymous(),
            Kind::Visitor => matches!(shown, Recognised::Pending(_)),
        };
        self.presented.iter().filter(move |shown| !stays(shown))
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
