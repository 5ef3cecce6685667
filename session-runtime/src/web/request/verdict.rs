//! The verdict on a request's access token, which all guards share.

use std::sync::Arc;

use rocket::Request;

use crate::error::Error;
use crate::sessions::Sessions;
use crate::token::Transport;
use crate::token::access::Verified;
use crate::web::request::csrf::Check;
use crate::web::request::presented::{Credential, Presented};
use crate::web::response::pending::Pending;
use crate::web::state::{csrf, managed, wire};

/// Judges the access token that counts: where it comes from, the token, its session. The token is judged
/// once, however many guards ask.
///
/// # Errors
/// Those a guard answers with.
pub(in crate::web) async fn verify<'r>(
    request: &'r Request<'_>,
    check: Check,
) -> Result<(&'r Sessions, Arc<Verified>), Error> {
    let sessions = managed(request)?;
    let Credential { token, transport } = credential(request, sessions, check)?;
    let pending = Pending::of(request);
    let verified = match pending.verdict() {
        Some(verdict) => verdict?,
        None => pending.judged(sessions.judge(&token, transport).await)?,
    };
    require_token(request, sessions, check, transport, &verified)?;
    Ok((sessions, verified))
}

/// [`verify`], but the session may be over: for signing out of it.
///
/// # Errors
/// Those a guard answers with.
pub(in crate::web) fn verify_token<'r>(
    request: &'r Request<'_>,
    check: Check,
) -> Result<(&'r Sessions, Arc<Verified>), Error> {
    let sessions = managed(request)?;
    let Credential { token, transport } = credential(request, sessions, check)?;
    let verified = sessions.check(&token, transport)?;
    require_token(request, sessions, check, transport, &verified)?;
    Ok((sessions, verified))
}

fn credential<'r>(
    request: &'r Request<'_>,
    sessions: &Sessions,
    check: Check,
) -> Result<Credential<'r>, Error> {
    let presented = Presented::of(request, wire(request));
    presented.report_duplicates(request, sessions);
    let credential = presented.access(sessions)?.ok_or(Error::NONE)?;
    if credential.transport == Transport::Cookie {
        csrf(request).check_cookie(request, sessions, check)?;
    }
    Ok(credential)
}

fn require_token(
    request: &Request<'_>,
    sessions: &Sessions,
    check: Check,
    transport: Transport,
    verified: &Verified,
) -> Result<(), Error> {
    match transport {
        Transport::Cookie => csrf(request).check_token(request, check, sessions, verified),
        Transport::Header => Ok(()),
    }
}
