//! The verdict on a request's access tokens, which all guards share.

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

/// The most sessions that an event names.
const MAX_NAMED: usize = 16;

/// A token that a request shows, and what was found of it.
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
    // A page of another site removes nothing, not even what is dead.
    if !csrf(request).is_foreign(request) {
        for Found {
            handle, standing, ..
        } in &found
        {
            if *standing == Standing::Revoked && !sessions.was_replaced(*handle) {
                Pending::of(request).remove(*handle, Transport::Cookie);
            }
        }
    }
    match choice {
        Choice::Session(chosen) => {
            let verified = live(&found, chosen).ok_or(Error::TryRefreshToken)?;
            if verified.pending
                && let Some(visitor) = choose_visitor(&shown(&found))
                && let Some(visitor) = live(&found, visitor)
            {
                Pending::of(request).note_visitor(visitor);
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
        Choice::Revoked => Err(Error::GONE),
        Choice::Nothing => Err(Error::NONE),
    }
}

fn shown(found: &[Found]) -> Vec<Shown<'_>> {
    found.iter().map(Found::shown).collect()
}

/// The live token of a session; of two, the one that was issued last.
fn live(found: &[Found], chosen: SessionHandle) -> Option<Arc<Verified>> {
    let live = found
        .iter()
        .filter(|found| found.handle == chosen && found.standing == Standing::Live);
    live.filter_map(|found| found.verified.clone())
        .max_by_key(|verified| verified.issued_at)
}

/// Asks the database which of these sessions go on.
async fn look_for_rivals(
    sessions: &Sessions,
    found: &mut [Found],
    rivals: &[SessionHandle],
) -> Result<(), Error> {
    for rival in rivals.iter().take(MAX_ROWS) {
        let standing = match sessions.require_row(*rival).await {
            Ok(()) => Standing::Away,
            Err(error) if error == Error::GONE => Standing::Revoked,
            Err(error) => return Err(error),
        };
        let tokens = found.iter_mut().filter(|found| found.handle == *rival);
        tokens.for_each(|found| found.standing = standing);
    }
    Ok(())
}
