//! The client of a login or a logout: the sessions that its request presented, and the request's
//! state.

use rocket::Request;

use crate::config::SessionConfig;
use crate::device::Device;
use crate::error::Error;
use crate::handle::{SessionHandle, Tag};
use crate::new_session::SessionKind;
use crate::rules::client_ip::client_ip;
use crate::sessions::LoginContext;
use crate::sessions::{Recognised, Sessions};
use crate::token::Transport;
use crate::web::request::presented::{MAX_ROWS, Presented};
use crate::web::request_state::RequestState;
use crate::web::state;

/// What `Login` and `Logout` know about a request.
#[derive(Debug, Clone)]
pub(in crate::web) struct Caller {
    pub(in crate::web) sessions: Sessions,
    pub(in crate::web) local: RequestState,
    /// The sessions that its access tokens prove, even if these are no longer valid.
    pub(in crate::web) presented: Vec<Recognised>,
    /// Sessions that tokens name without proving them: the tokens are removed, the sessions stay.
    pub(in crate::web) unproved: Vec<Recognised>,
    /// Sessions of which the browser has lost the access cookie: nothing proves them, and their
    /// other cookies are removed.
    without_access: Vec<Tag>,
    pub(in crate::web) travel: Travel,
    pub(in crate::web) device: Device,
}

/// How the client sends tokens, and how it will get them.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct Travel {
    /// Whether a header that no page of another site can make a browser send carries the token, or
    /// asks for tokens.
    pub(in crate::web) in_headers: bool,
    /// Whether the tokens of a login are sent in cookies or in headers.
    pub(in crate::web) transport: Transport,
}

impl Caller {
    /// The client of a request whose origin was checked if it must be; the database is not asked
    /// about any other.
    ///
    /// # Errors
    /// [`Error::CrossSite`] if the check fails, and [`Error::Unavailable`] if the row of an old
    /// token had to be read and the database does not answer.
    pub(in crate::web) async fn of(
        request: &Request<'_>,
        needs_evidence: impl FnOnce(Travel) -> bool,
    ) -> Result<Self, Error> {
        let sessions = state::managed(request)?;
        let wire = state::wire(request);
        let presented = Presented::of(request, wire);
        let bearer = presented.recognise_bearer(sessions);
        let travel = Travel {
            in_headers: presented.is_in_headers(bearer.as_ref()),
            transport: wire.of_login(request),
        };
        if needs_evidence(travel) {
            state::csrf(request).require_evidence(request, sessions)?;
        }
        let mut rows = MAX_ROWS;
        let (mut proved, mut unproved) = (Vec::new(), Vec::new());
        for shown in bearer.into_iter().chain(presented.recognise(sessions)) {
            if sessions.is_proof(&shown, &mut rows).await? {
                proved.push(shown);
            } else {
                unproved.push(shown);
            }
        }
        Ok(Self {
            sessions: sessions.clone(),
            local: RequestState::of(request).clone(),
            presented: proved,
            unproved,
            without_access: presented.without_access(),
            travel,
            device: device(request, sessions.config()),
        })
    }

    /// The sessions that the request presented.
    pub(in crate::web) fn handles(&self) -> Vec<SessionHandle> {
        handles(&self.presented)
    }

    /// Whether it presented no session, not even without proof.
    pub(in crate::web) fn has_nothing(&self) -> bool {
        let none = self.presented.is_empty() && self.unproved.is_empty();
        none && self.without_access.is_empty()
    }

    /// Removes the tokens of all sessions that the request presented, with the response.
    pub(in crate::web) fn remove_presented(&self) {
        self.remove_ended(SessionKind::Whole);
    }

    /// Removes the tokens of the sessions that end with a login, with the response; returns whether
    /// there were any.
    pub(in crate::web) fn remove_ended(&self, new: SessionKind) -> bool {
        for tag in &self.without_access {
            self.local.remove_name(*tag);
        }
        let mut any = !self.without_access.is_empty();
        for shown in self.ended_by(new).chain(&self.unproved) {
            self.local.remove(shown.handle(), shown.transport());
            any = true;
        }
        any
    }

    /// The handles of the sessions that end with a login of this kind.
    pub(in crate::web) fn replaced(&self, new: SessionKind) -> Vec<SessionHandle> {
        self.sessions.with_conflicts(handles(self.ended_by(new)))
    }

    /// The handles of the sessions that end with a logout.
    pub(in crate::web) fn signed_out(&self) -> Vec<SessionHandle> {
        self.replaced(SessionKind::Whole)
    }

    /// The transport and the device of a login of this kind.
    pub(in crate::web) fn context(&self, new: SessionKind) -> LoginContext {
        LoginContext {
            transport: self.travel.transport,
            replaced: self.replaced(new),
            handed_from: self.handles(),
            completes: self.local.awaited(),
            device: self.device.clone(),
        }
    }

    /// The sessions that end with a login. A visitor's session continues beside one that awaits its
    /// second factor, so that the completed session can take over its data.
    fn ended_by(&self, new: SessionKind) -> impl Iterator<Item = &Recognised> {
        let stays = move |shown: &Recognised| match new {
            SessionKind::Whole => false,
            SessionKind::Pending => shown.is_anonymous(),
            SessionKind::Anonymous => matches!(shown, Recognised::Pending(_)),
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

/// The device of a request, as far as it is stored.
fn device(request: &Request<'_>, config: &SessionConfig) -> Device {
    let forwarded: Vec<&str> = request
        .headers()
        .get("x-forwarded-for")
        .flat_map(|line| line.split(','))
        .collect();
    let ip = request
        .remote()
        .map(|peer| client_ip(peer.ip(), forwarded.into_iter(), &config.trusted_proxies));
    let user_agent = request.headers().get_one("user-agent");
    Device::new(user_agent, ip, config.device_ip)
}
