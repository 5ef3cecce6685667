//! The verification of a request's access tokens, whose result all guards share.

use std::sync::Arc;

use rocket::Request;

use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::rules::selection::{self, Choice, Shown, Standing, choose, choose_visitor};
use crate::sessions::Sessions;
use crate::token::Transport;
use crate::token::access::Verified;
use crate::web::request::csrf::Check;
use crate::web::request::presented::{MAX_ROWS, Presented};
use crate::web::request_state::RequestState;
use crate::web::response::device::has_marker;
use crate::web::state::{csrf, managed, wire};

/// Verifies the access token to use: the origin of the request, the token, its session. The tokens
/// are verified once, however many guards ask.
///
/// # Errors
/// Those with which a guard answers.
pub(in crate::web) async fn verify<'r>(
    request: &'r Request<'_>,
    check: Check,
) -> Result<(&'r Sessions, Arc<Verified>), Error> {
    let sessions = managed(request)?;
    let presented = Presented::of(request, wire(request));
    let local = RequestState::of(request);
    if let Some(token) = presented.access_bearer(sessions) {
        let verified = match local.verified() {
            Some(verified) => verified?,
            None => local.note_verified(sessions.verify_token(token, Transport::Header).await)?,
        };
        return Ok((sessions, verified));
    }
    if !presented.has_access_cookies() && !has_lost_access(request, &presented) {
        return Err(Error::NoToken);
    }
    csrf(request).check_cookie(request, sessions, check)?;
    let verified = match local.verified() {
        Some(verified) => verified?,
        None => local.note_verified(choose_cookie(request, sessions, &presented).await)?,
    };
    csrf(request).check_token(request, check, sessions, &verified)?;
    Ok((sessions, verified))
}

/// Whether the browser has a session, and lost its access cookie: a refresh makes a new one.
fn has_lost_access(request: &Request<'_>, presented: &Presented<'_>) -> bool {
    wire(request).hash_shows_a_session() && !presented.without_access().is_empty()
}

/// How many sessions an event names at most.
const MAX_NAMED: usize = 16;

/// A token that a request presents, and its state.
struct Found {
    handle: SessionHandle,
    standing: Standing,
    verified: Option<Arc<Verified>>,
}

impl Found {
    fn shown(&self) -> Shown<'_> {
        let verified = self.verified.as_ref();
        Shown {
            handle: self.handle,
            user_id: verified.map_or("", |verified| verified.claims.user_id()),
            standing: self.standing,
            pending: verified.is_some_and(|verified| verified.pending),
            visitor: verified.is_some_and(|verified| verified.anonymous),
        }
    }
}

/// Chooses among the access cookies, and removes those of revoked sessions.
async fn choose_cookie(
    request: &Request<'_>,
    sessions: &Sessions,
    presented: &Presented<'_>,
) -> Result<Arc<Verified>, Error> {
    let local = RequestState::of(request);
    local.note_origin(csrf(request).is_foreign(request));
    let mut found = Vec::new();
    for recognised in presented.recognise(sessions) {
        let handle = recognised.handle();
        let (standing, verified) = sessions.standing(recognised).await?;
        found.push(Found {
            handle,
            standing,
            verified,
        });
    }
    let tokens = shown(&found);
    let mut choice = choose(&tokens);
    let rivals = match choice {
        Choice::Session(chosen) => selection::rivals(&tokens, chosen),
        _ => Vec::new(),
    };
    if !rivals.is_empty() {
        Box::pin(look_for_rivals(sessions, &mut found, &rivals)).await?;
        choice = choose(&shown(&found));
    }
    for Found {
        handle, standing, ..
    } in &found
    {
        if *standing == Standing::Revoked {
            local
                .remove_ended(sessions, *handle, Transport::Cookie)
                .await;
        }
        if *standing == Standing::Stale && has_marker(request, *handle) {
            local.unmark(*handle);
        }
    }
    match choice {
        Choice::Session(chosen) => {
            let verified = live(&found, chosen).ok_or(Error::TryRefreshToken)?;
            note_beside(request, &found, &verified);
            if verified.pending
                && let Some(visitor) = choose_visitor(&shown(&found))
                && let Some(visitor) = live(&found, visitor)
            {
                RequestState::of(request).note_visitor(visitor);
            }
            Ok(verified)
        }
        Choice::SeveralUsers => {
            let is_good =
                |found: &&Found| matches!(found.standing, Standing::Live | Standing::Away);
            let good = found.iter().filter(is_good);
            let handles: Vec<_> = good.map(|found| found.handle).collect();
            sessions.note_conflict(&handles);
            let handles = handles.into_iter().take(MAX_NAMED).collect();
            sessions.emit(&Event::SeveralUsers { handles });
            Err(Error::SeveralUsers)
        }
        Choice::TryRefresh => Err(Error::TryRefreshToken),
        Choice::Revoked => Err(Error::Unauthorised),
        Choice::Nothing if has_lost_access(request, presented) => Err(Error::TryRefreshToken),
        Choice::Nothing => Err(Error::NoToken),
    }
}

/// Remembers the other sessions of the same user in this browser: they end together with this one.
fn note_beside(request: &Request<'_>, found: &[Found], chosen: &Verified) {
    let is_beside = |found: &&Found| {
        let user_id = found.shown().user_id;
        found.handle != chosen.handle
            && found.standing != Standing::Revoked
            && user_id == chosen.claims.user_id()
    };
    let beside: Vec<_> = found
        .iter()
        .filter(is_beside)
        .map(|found| found.handle)
        .collect();
    if !beside.is_empty() {
        RequestState::of(request).note_beside(beside);
    }
}

fn shown(found: &[Found]) -> Vec<Shown<'_>> {
    found.iter().map(Found::shown).collect()
}

/// The live token of a session; of two, the one that was issued later.
fn live(found: &[Found], chosen: SessionHandle) -> Option<Arc<Verified>> {
    let live = found
        .iter()
        .filter(|found| found.handle == chosen && found.standing == Standing::Live);
    live.filter_map(|found| found.verified.clone())
        .max_by_key(|verified| verified.issued_at)
}

/// Asks the database which of these sessions still exist.
async fn look_for_rivals(
    sessions: &Sessions,
    found: &mut [Found],
    rivals: &[SessionHandle],
) -> Result<(), Error> {
    for rival in rivals.iter().take(MAX_ROWS) {
        let standing = match sessions.require_row(*rival).await {
            Ok(()) => Standing::Away,
            Err(Error::Unauthorised) => Standing::Revoked,
            Err(error) => return Err(error),
        };
        let tokens = found.iter_mut().filter(|found| found.handle == *rival);
        tokens.for_each(|found| found.standing = standing);
    }
    Ok(())
}
