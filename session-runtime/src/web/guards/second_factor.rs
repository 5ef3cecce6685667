//! The second factor of a login: a route that takes the pending session of the first one, and logs in.

use rocket::Request;

use crate::error::Error;
use crate::payload::JwtPayload;
use crate::payload::types::PayloadType;
use crate::sessions::Sessions;
use crate::token::Transport;
use crate::token::access::Verified;
use crate::web::response::pending::Pending;

/// Refuses a session that awaits a second factor, unless it is of the type that is asked for.
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

/// Counts an attempt once it is known that the request has a pending session, and logs in: whichever of
/// the two guards comes last.
pub(in crate::web) async fn count_attempt(
    request: &Request<'_>,
    sessions: &Sessions,
) -> Result<(), Error> {
    let slot = Pending::of(request);
    let Some(awaited) = slot.begin_attempt() else {
        return Ok(());
    };
    match sessions.count_attempt(&awaited).await {
        Ok(true) => {
            slot.note_last_attempt();
            Ok(())
        }
        Ok(false) => Ok(()),
        Err(error) => {
            if error == Error::GONE {
                slot.remove(awaited.handle, Transport::Cookie);
            }
            Err(error)
        }
    }
}
