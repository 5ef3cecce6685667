//! The verdict on a request's access tokens, which all guards share.

use std::sync::Arc;

use rocket::Request;

use crate::error::Error;
use crate::event::Event;
use crate::rules::selection::{Choice, Shown, Standing, choose, choose_visitor};
use crate::sessions::Sessions;
use crate::token::Transport;
use crate::token::access::Verified;
use crate::web::request::csrf::Check;
use crate::web::request::presented::Presented;
use crate::web::response::pending::Pending;
use crate::web::state::{csrf, managed, wire};

/// Verifies the access token that counts: where it comes from, the token, its session. The tokens are
/// verified once, however many guards ask.
///
/// # Errors
/// Those a guard answers with.
pub(in crate::web) async fn verify<'r>(
    request: &'r Request<'_>,
    check: Check,
) -> Result<(&'r Sessions, Arc<Verified>), Error> {
    let sessions = managed(request)?;
    let presented = Presented::of(request, wire(request));
    let pending = Pending::of(request);
    if let Some(token) = presented.access_bearer(sessions) {
        let verified = match pending.verdict() {
            Some(verdict) => verdict?,
            None => pending.judged(sessions.judge(token, Transport::Header).await)?,
        };
        return Ok((sessions, verified));
    }
    if !presented.has_access_cookies() {
        return Err(Error::NONE);
    }
    csrf(request).check_cookie(request, sessions, check)?;
    let verified = match pending.verdict() {
        Some(verdict) => verdict?,
        None => pending.judged(choose_cookie(request, sessions, &presented).await)?,
    };
    csrf(request).check_token(request, check, sessions, &verified)?;
    Ok((sessions, verified))
}

/// Chooses among the access cookies, and has those of revoked sessions removed; but not of one that a
/// login has just replaced. Until that login is answered, a refresh has to present it: one that presents
/// nothing is answered 401, and makes a front end forget the login.
async fn choose_cookie(
    request: &Request<'_>,
    sessions: &Sessions,
    presented: &Presented<'_>,
) -> Result<Arc<Verified>, Error> {
    let mut found = Vec::new();
    for recognised in presented.recognise(sessions) {
        let handle = recognised.handle();
        let (standing, verified) = sessions.standing(recognised).await?;
        found.push((handle, standing, verified));
    }
    // A page of another site removes nothing, not even what is dead.
    if !csrf(request).is_foreign(request) {
        for (handle, standing, _) in &found {
            if *standing == Standing::Revoked && !sessions.was_replaced(*handle) {
                Pending::of(request).remove(*handle, Transport::Cookie);
            }
        }
    }
    let shown: Vec<Shown<'_>> = found
        .iter()
        .map(|(handle, standing, verified)| Shown {
            handle: *handle,
            user_id: verified
                .as_ref()
                .map_or("", |verified| verified.claims.user_id()),
            standing: *standing,
            pending: verified.as_ref().is_some_and(|verified| verified.pending),
            visitor: verified.as_ref().is_some_and(|verified| verified.anonymous),
        })
        .collect();
    let of = |chosen| {
        let found = found
            .iter()
            .filter(|(handle, standing, _)| *handle == chosen && *standing == Standing::Live);
        // Of two tokens of one session the one that was issued last.
        let verified = found.filter_map(|(_, _, verified)| verified.clone());
        verified.max_by_key(|verified| verified.issued_at)
    };
    match choose(&shown) {
        Choice::Session(chosen) => {
            let verified = of(chosen).ok_or(Error::TryRefreshToken)?;
            if verified.pending
                && let Some(visitor) = choose_visitor(&shown).and_then(of)
            {
                Pending::of(request).note_visitor(visitor);
            }
            Ok(verified)
        }
        Choice::SeveralUsers => {
            let handles = shown.iter().map(|token| token.handle).collect();
            sessions.emit(&Event::SeveralUsers { handles });
            Err(Error::SeveralUsers)
        }
        Choice::TryRefresh => Err(Error::TryRefreshToken),
        Choice::Revoked => Err(Error::GONE),
        Choice::Nothing => Err(Error::NONE),
    }
}
