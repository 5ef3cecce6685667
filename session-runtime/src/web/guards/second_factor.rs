//! The second factor of a login: a route that takes the pending session of the first login, and
//! logs in.

use rocket::Request;

use crate::error::Error;
use crate::payload::JwtPayload;
use crate::payload::types::PayloadType;
use crate::sessions::Sessions;
use crate::token::Transport;
use crate::token::access::Verified;
use crate::web::request_state::RequestState;

/// Refuses a session that awaits a second factor, unless the guard asks for its payload type.
pub(in crate::web) fn require_whole<P: JwtPayload>(
    sessions: &Sessions,
    verified: &Verified,
) -> Result<(), Error> {
    let name = verified.claims.payload_type();
    if verified.pending && !PayloadType::of::<P>().accepts(name) {
        let page = sessions.page_of(name);
        return Err(Error::SecondFactorRequired { page });
    }
    Ok(())
}

/// Counts an attempt once the request is known to have a pending session and to log in; the later
/// of the two guards calls it.
pub(in crate::web) async fn count_attempt(
    request: &Request<'_>,
    sessions: &Sessions,
) -> Result<(), Error> {
    let local = RequestState::of(request);
    let Some(awaited) = local.begin_attempt() else {
        return Ok(());
    };
    match sessions.count_attempt(&awaited).await {
        Ok(true) => {
            local.note_last_attempt();
            Ok(())
        }
        Ok(false) => Ok(()),
        Err(error) => {
            if error == Error::Unauthorised {
                let handle = awaited.handle;
                local
                    .remove_ended(sessions, handle, Transport::Cookie)
                    .await;
            }
            Err(error)
        }
    }
}
