//! The verdict on a request's access token, which all guards share.

use std::sync::Arc;

use rocket::Request;

use super::csrf::Check;
use super::presented::{Credential, Presented};
use super::state::{csrf, managed, wire};
use crate::error::Error;
use crate::sessions::Sessions;
use crate::token::Transport;
use crate::token::access::Verified;

/// Reached once, however many guards ask.
struct Verdict(Result<Arc<Verified>, Error>);

/// Judges the access token that counts: where it comes from, the token, its session.
///
/// # Errors
/// Those a guard answers with.
pub(super) async fn verify(
    request: &Request<'_>,
    check: Check,
) -> Result<(Sessions, Arc<Verified>), Error> {
    let sessions = managed(request)?;
    let Credential { token, transport } = credential(request, sessions, check)?;
    let verdict =
        request.local_cache_async(async { Verdict(sessions.judge(&token, transport).await) });
    let verified = verdict.await.0.clone()?;
    require_token(request, sessions, check, transport, &verified)?;
    Ok((sessions.clone(), verified))
}

/// [`verify`], but the session may be over: for signing out of it.
///
/// # Errors
/// Those a guard answers with.
pub(super) fn verify_token(
    request: &Request<'_>,
    check: Check,
) -> Result<(Sessions, Arc<Verified>), Error> {
    let sessions = managed(request)?;
    let Credential { token, transport } = credential(request, sessions, check)?;
    let verified = sessions.check(&token, transport)?;
    require_token(request, sessions, check, transport, &verified)?;
    Ok((sessions.clone(), verified))
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
        csrf(request).check_cookie(request, check)?;
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
