//! Whether a verified session is what the route asks for: its payload type, its second factor, and
//! its requirement, for which claims may have to be fetched.

use std::sync::Arc;

use rocket::Request;
use serde_json::Map;

use crate::claims::Facts;
use crate::error::Error;
use crate::payload::JwtPayload;
use crate::record::Summary;
use crate::sessions::{Sessions, claims_of_row, merge};
use crate::token::access::Verified;
use crate::user_id::UserId;
use crate::web::guards::requirement::{Fetch, Requirement};
use crate::web::guards::second_factor;
use crate::web::guards::session::Session;
use crate::web::request_state::{Audience, RequestState};

/// The session of a verified token.
///
/// # Errors
/// Where the session is not what the route asks for, and those of claims that had to be fetched.
pub(super) async fn admit<P: JwtPayload, R: Requirement<P>>(
    request: &Request<'_>,
    sessions: &Sessions,
    mut verified: Arc<Verified>,
) -> Result<Session<P, R>, Error> {
    second_factor::require_whole::<P>(sessions, &verified)?;
    let (mut payload, mut user_id) =
        sessions.read_claims::<P>(verified.handle, &verified.claims)?;
    let claims = R::claims();
    // Boxed, so that the usual future stays small.
    if !claims.is_empty() && Box::pin(fetch(request, sessions, claims, &mut verified)).await? {
        (payload, user_id) = sessions.read_claims(verified.handle, &verified.claims)?;
    }
    let unmet = R::unmet(&Facts {
        payload: &payload,
        claims: &verified.claims,
        auth_time: verified.auth_time,
        anonymous: verified.anonymous,
        device_bound: verified.device_bound,
        now: sessions.now(),
    });
    if !unmet.is_empty() {
        return Err(Error::InvalidClaims(unmet));
    }
    let local = RequestState::of(request);
    if verified.pending {
        local.note_awaited(&verified);
        second_factor::count_attempt(request, sessions).await?;
    }
    local.answer_is_for(Audience::Member);
    let (sessions, local) = (sessions.clone(), local.clone());
    Ok(Session::new(sessions, local, verified, user_id, payload))
}

/// Whether a route that asks for this would still admit a session with this row. Claims are not
/// fetched: one that has become too old refuses it.
pub(super) fn would_admit<P: JwtPayload, R: Requirement<P>>(
    sessions: &Sessions,
    row: &Summary,
) -> bool {
    let claims = claims_of_row(row);
    let Ok((payload, _)) = sessions.read_claims::<P>(row.handle, &claims) else {
        return false;
    };
    let unmet = R::unmet(&Facts {
        payload: &payload,
        claims: &claims,
        auth_time: row.auth_time,
        anonymous: row.anonymous,
        device_bound: row.device_bound,
        now: sessions.now(),
    });
    unmet.is_empty()
}

/// Fetches the claims that the token lacks or has too old, stores them, and hands out a token with
/// them; returns whether there were any.
async fn fetch<P: JwtPayload>(
    request: &Request<'_>,
    sessions: &Sessions,
    claims: Vec<Fetch<P>>,
    verified: &mut Arc<Verified>,
) -> Result<bool, Error> {
    let mut fetched = Map::new();
    for claim in claims {
        let now = sessions.now();
        if claim.is_due(verified.claims.map(), now) {
            let user_id =
                P::UserId::from_claim(verified.claims.user_id()).ok_or(Error::SignInAgain)?;
            if let Some(value) = claim.run(request, user_id, now).await? {
                fetched.insert(claim.key.to_owned(), value);
            }
        }
    }
    if fetched.is_empty() {
        return Ok(false);
    }
    let tokens = sessions
        .change_and_reissue(verified, move |record| {
            Ok(merge::<P>(&mut record.payload, &fetched)?)
        })
        .await?;
    *verified = sessions.check(tokens.access_token(), tokens.transport())?;
    RequestState::of(request).attach(tokens);
    Ok(true)
}
