//! The two routes that browsers call by themselves, to register the key of a device and to refresh
//! a session that is bound to one.
//!
//! Their statuses mean something to the browser, so neither the application's catchers nor its
//! error handler has a say in them: see [`Answer`].

use std::io::Cursor;

use rocket::http::{ContentType, Method, Status};
use rocket::request::{self, FromRequest};
use rocket::response::{self, Responder};
use rocket::{Request, Response, Route, post, routes};

use crate::error::Error;
use crate::handle::SessionHandle;
use crate::rules::rotation::bound::{Before, Proof, before_reading};
use crate::sessions::{Asked, Sessions};
use crate::token::Transport;
use crate::token::challenge::{Challenge, Purpose};
use crate::token::device_bound::{Answer, CHALLENGE, PROOF, SESSION_ID, next_challenge, string};
use crate::token::proof;
use crate::web::request::presented::{FoundRefresh, Presented, ShownToken};
use crate::web::request_state::RequestState;
use crate::web::response::device::DeviceWire;
use crate::web::response::headers;
use crate::web::state;
use crate::wire_names::{DEVICE_REFRESH, DEVICE_REGISTER};

/// Both routes.
pub(in crate::web) fn all() -> Vec<Route> {
    routes![register, refresh]
}

/// Whether a route is one of them.
pub(in crate::web) fn is_one(route: &Route) -> bool {
    let path = route.uri.path();
    route.method == Method::Post
        && [DEVICE_REFRESH, DEVICE_REGISTER]
            .iter()
            .any(|ours| path.ends_with(ours))
}

/// What the browser is answered.
struct Reply {
    answer: Answer,
    /// The session that the next challenge is for, and the challenge.
    challenge: Option<(SessionHandle, String)>,
    configuration: Option<String>,
}

impl Reply {
    fn plain(answer: Answer) -> Self {
        Self {
            answer,
            challenge: None,
            configuration: None,
        }
    }

    fn with_challenge(answer: Answer, sessions: &Sessions, handle: SessionHandle) -> Self {
        let challenge = sessions.challenge(Purpose::Refresh, handle);
        Self {
            challenge: Some((handle, challenge)),
            ..Self::plain(answer)
        }
    }
}

impl<'r> Responder<'r, 'static> for Reply {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::new();
        response.set_status(Status::new(self.answer.status()));
        headers::forbid_caching(&mut response);
        if let Some((handle, challenge)) = self.challenge {
            let value = next_challenge(&challenge, &handle.to_string());
            response.set_raw_header(CHALLENGE, value);
        }
        let body = self.configuration.unwrap_or_default();
        if !body.is_empty() {
            response.set_header(ContentType::JSON);
        }
        response.set_sized_body(body.len(), Cursor::new(body));
        Ok(response)
    }
}

/// The answer to a registration.
struct Registering(Reply);

/// The answer to a refresh.
struct Refreshing(Reply);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Registering {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        request::Outcome::Success(Self(answered(try_to_register(request).await)))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Refreshing {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        request::Outcome::Success(Self(answered(try_to_refresh(request).await)))
    }
}

/// What was answered, whatever went wrong: no cookie is touched for an error.
fn answered(tried: Result<Reply, Error>) -> Reply {
    tried.unwrap_or_else(|error| {
        Reply::plain(match error {
            Error::Unavailable | Error::General(_) => Answer::Later,
            _ => Answer::Ended,
        })
    })
}

#[post("/session/refresh/device/register")]
fn register(registering: Registering) -> Reply {
    registering.0
}

#[post("/session/refresh/device")]
fn refresh(refreshing: Refreshing) -> Reply {
    refreshing.0
}

/// What both routes look at first: that no page of another site sent the request, and its cookies.
async fn presented<'r>(
    request: &'r Request<'_>,
) -> Result<(&'r Sessions, &'r DeviceWire, Presented<'r>), Error> {
    let sessions = state::managed(request)?;
    let wire = state::wire(request);
    let device = wire.device.as_ref().ok_or(Error::Unauthorised)?;
    state::csrf(request).require_evidence(request, sessions)?;
    let presented = Presented::of(request, wire);
    if presented.names_unknown_key(sessions) {
        // Another process may have made the key a moment ago.
        sessions.look_for_unknown_key().await;
    }
    Ok((sessions, device, presented))
}

/// The one string in a header that may come once; `None` if it does not come.
///
/// # Errors
/// [`Error::Unauthorised`] for what no browser sends.
fn one<'r>(request: &'r Request<'_>, name: &str) -> Result<Option<&'r str>, Error> {
    let mut values = request.headers().get(name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => string(value).map(Some).ok_or(Error::Unauthorised),
        (Some(_), Some(_)) => Err(Error::Unauthorised),
    }
}

/// Binds the session whose challenge was signed, of those whose refresh cookie is there.
async fn try_to_register(request: &Request<'_>) -> Result<Reply, Error> {
    let (sessions, device, presented) = presented(request).await?;
    let tokens = presented.refresh_cookies(sessions);
    let newest = tokens.iter().map(|token| token.handle).max();
    let newest = newest.ok_or(Error::Unauthorised)?;
    let text = one(request, PROOF)?.ok_or(Error::Unauthorised)?;
    let registration = proof::Registration::read(text, &device.register_url())
        .map_err(|bad| sessions.refuse_device(newest, bad))?;

    let is_meant = |handle| {
        let found = sessions.check_challenge(&registration.challenge, Purpose::Register, handle);
        found == Challenge::Fresh
    };
    let token = tokens.iter().find(|token| is_meant(token.handle));
    let Some(token) = token else {
        return Err(sessions.refuse_device(newest, "its challenge is old or not of this session"));
    };
    let handle = token.handle;
    let issued = sessions.bind_device(*token, &registration).await?;
    let configuration = device
        .configuration(handle)
        .map_err(|error| Error::General(error.to_string()))?;
    RequestState::of(request).attach(issued);
    Ok(Reply {
        configuration: Some(configuration),
        ..Reply::with_challenge(Answer::Refreshed, sessions, handle)
    })
}

/// Exchanges the refresh token of the session that the browser names, if its device proves itself.
async fn try_to_refresh(request: &Request<'_>) -> Result<Reply, Error> {
    let arrived = state::managed(request)?.monotonic();
    let (sessions, device, presented) = presented(request).await?;
    let handle = one(request, SESSION_ID)?.ok_or(Error::Unauthorised)?;
    let handle: SessionHandle = handle.parse().map_err(|_| Error::Unauthorised)?;
    let found = presented.refresh_of(sessions, handle);
    let ShownToken { token, is_copied } = match found.tokens().first() {
        Some(shown) => *shown,
        None if matches!(found, FoundRefresh::UnknownKey(_)) => return Err(Error::Unavailable),
        None => return Err(Error::Unauthorised),
    };

    let text = one(request, PROOF)?;
    let read = text.map(|text| proof::Proof::read(text, &device.refresh_url()));
    let brought = match &read {
        None => Proof::Absent,
        Some(Err(_)) => Proof::Unreadable,
        Some(Ok(proof)) => {
            match sessions.check_challenge(proof.challenge(), Purpose::Refresh, handle) {
                Challenge::Fresh => Proof::Fresh,
                Challenge::Old | Challenge::Foreign => Proof::Stale,
            }
        }
    };
    match (before_reading(true, brought), read) {
        (Before::AskAgain, _) => Ok(Reply::with_challenge(Answer::AskAgain, sessions, handle)),
        (Before::Read, Some(Ok(proof))) => {
            let key = match sessions.ask_for_key(handle).await? {
                Asked::Key(key) => key,
                Asked::NotYet => return Err(Error::Unavailable),
                Asked::Unbound => return Err(Error::Unauthorised),
                Asked::Gone => return Ok(ended(request, handle)),
            };
            if let Err(bad) = proof.verify(&key) {
                return Err(sessions.refuse_device(handle, bad));
            }
            let exchanged = if is_copied {
                Err(sessions.end_copied(handle, true).await)
            } else {
                sessions.exchange_proved(token, &key, arrived).await
            };
            match exchanged {
                Ok(None) => {
                    Err(sessions.refuse_device(handle, "its key is not the one of the session"))
                }
                Ok(Some(tokens)) => {
                    RequestState::of(request).attach(tokens);
                    Ok(Reply::with_challenge(Answer::Refreshed, sessions, handle))
                }
                Err(Error::Unauthorised | Error::TokenTheft { .. }) => Ok(ended(request, handle)),
                Err(error) => Err(error),
            }
        }
        (Before::Refuse | Before::Read, Some(Err(bad))) => Err(sessions.refuse_device(handle, bad)),
        (Before::Refuse | Before::Read, _) => Err(Error::Unauthorised),
    }
}

/// The session is over: its cookies go.
fn ended(request: &Request<'_>, handle: SessionHandle) -> Reply {
    RequestState::of(request).remove(handle, Transport::Cookie);
    Reply::plain(Answer::Ended)
}
