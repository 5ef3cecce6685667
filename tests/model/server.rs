//! A refresh, as a replica does it: ask the rule, write, answer; and the books that notice a broken
//! promise.

use session_runtime::internals::rotation::{Lineage, Successor, TokenHash, Verdict, Withheld};

use crate::books;
use crate::lineage::{NEWBORN, advanced, at, lineage, place, presented, row};
use crate::setup::{FAR, Ruling, Server, Setup};
use crate::standby;
use crate::state::{Broken, Label, Place, Revoked, State, Token};

/// Numbers from here on are those of lost tokens that were in the row before.
const DROPPED: u8 = 16;

/// Whose refresh it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Owner { before_theft: bool },
    Thief,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A refresh token that was minted for this answer.
    New {
        token: Token,
        late_parent: bool,
    },
    /// A refresh token that was handed out before.
    Again(Token),
    AccessOnly(Withheld),
    /// No session.
    Refused,
    Theft,
}

/// What the rule says to a token on a replica whose clock is so far `ahead`.
pub(crate) fn ask(
    setup: &Setup,
    before: &Lineage,
    state: &State,
    token: Token,
    ahead: i8,
) -> Ruling {
    let successor = Successor {
        token: NEWBORN,
        ends_at: at(last_end(setup, state, ahead)),
    };
    let policy = setup.policy();
    (setup.rule)(before, presented(token), successor, at(ahead), policy)
}

/// When a session renewed now ends.
fn last_end(setup: &Setup, state: &State, ahead: i8) -> i8 {
    let sliding = setup.validity.map_or(FAR, |validity| ahead + validity);
    sliding.min(state.absolute_end)
}

/// One transaction: nothing happens between its reading and its writing.
pub(crate) fn refresh(
    setup: &Setup,
    state: &mut State,
    token: Token,
    caller: Caller,
    ahead: i8,
    looked: bool,
) -> Reply {
    if state.revoked.is_some() && !looked {
        return Reply::Refused;
    }
    let before = lineage(&state.row);
    let ruling = ask(setup, &before, state, token, ahead);
    books::note_ruling(state, token, caller, ahead, &ruling);
    match ruling {
        Ruling::Verdict(Verdict::NewPair { next, late_parent }) => {
            let end = last_end(setup, state, ahead);
            books::note_write(setup, state, &before, token, &next, end);
            books::note_new_token(setup, state, token, caller);
            let minted = write(setup, state, &before, token, caller, &next);
            Reply::New {
                token: minted,
                late_parent,
            }
        }
        Ruling::Again(hash) => {
            let again = known(state, &before, hash);
            if again != token {
                books::note_new_token(setup, state, token, caller);
            }
            Reply::Again(again)
        }
        Ruling::Verdict(Verdict::AccessOnly { reason, next }) => {
            books::note_withheld(setup, state, &before, token, reason, next.as_ref());
            if let Some(next) = next {
                write(setup, state, &before, token, caller, &next);
            }
            Reply::AccessOnly(reason)
        }
        Ruling::Verdict(Verdict::Theft) => {
            if state.revoked.is_none() {
                state.revoke(setup, Revoked::AsTheft);
            }
            Reply::Theft
        }
        Ruling::Verdict(Verdict::Ended) | Ruling::Refused => Reply::Refused,
    }
}

/// Writes `next`, gives every token that is out its new part, and returns the newborn.
fn write(
    setup: &Setup,
    state: &mut State,
    before: &Lineage,
    used: Token,
    caller: Caller,
    next: &Lineage,
) -> Token {
    state.row = row(next);
    state.minted.0 += 1;
    let steps = advanced(next);
    let part = |hash| place(next, hash);
    let mut newborn = Token {
        place: part(NEWBORN),
        generation: used.generation.saturating_add(1).saturating_sub(steps),
        doomed: false,
        behind: None,
        name: Label(state.minted.0),
    };
    let advances = next.parent != before.parent;
    let others: Vec<Token> = match (advances, caller) {
        (true, Caller::Owner { .. }) => state.thiefs().copied().collect(),
        (true, Caller::Thief) => state.owners().copied().collect(),
        (false, _) => Vec::new(),
    };
    let theft = state.loot.is_some();
    state.rename(|token| {
        let generation = token.generation.saturating_sub(steps).max(-1);
        // The row takes a token in that it does not know, as long as its generation is above.
        let superseded = theft && generation <= 0 && token != used && others.contains(&token);
        Token {
            place: match (token.place, part(presented(token).token)) {
                (Place::Lost(number), Place::Dead) if generation > 0 => Place::Lost(number),
                (Place::Live(number), Place::Dead) if generation > 0 => {
                    Place::Lost(DROPPED + number)
                }
                (Place::Lost(_) | Place::Live(_), place) => place,
                (gone, _) => gone,
            },
            generation,
            doomed: token.doomed || superseded,
            ..token
        }
    });
    newborn.behind = standby::miss(setup, state, used);
    newborn
}

/// A made-up token: the rule sees it only if nobody looks at its MAC.
pub(crate) fn forge(setup: &Setup, state: &mut State, generation: i8) -> Reply {
    if setup.server != Server::TrustsAnyMac {
        return Reply::Refused;
    }
    let forged = Token {
        place: Place::Unwritten,
        generation,
        doomed: false,
        behind: None,
        name: Label(u16::MAX),
    };
    let nobody = Caller::Owner {
        before_theft: false,
    };
    let before = state.clone();
    let reply = refresh(setup, state, forged, nobody, 0, false);
    if *state != before {
        state.broken = Some(Broken::ForgedTokenWorks);
    }
    reply
}

/// The token with this hash, which is in the row.
fn known(state: &State, before: &Lineage, hash: TokenHash) -> Token {
    let place = place(before, hash);
    let held = state.tokens().find(|token| token.place == place).copied();
    held.unwrap_or(Token {
        place,
        generation: i8::from(place != Place::Live(0)),
        doomed: false,
        behind: None,
        name: Label(state.minted.0),
    })
}

/// The newborn of an answer that was given before the row was written, by a replica that then
/// crashed.
pub(crate) fn unwritten(state: &mut State, token: Token) -> Token {
    state.minted.0 += 1;
    Token {
        place: Place::Unwritten,
        generation: token.generation.saturating_add(1),
        doomed: false,
        behind: None,
        name: Label(state.minted.0),
    }
}

/// The first of two writes, and a crash: the parent is new, the children are old.
pub(crate) fn tear(setup: &Setup, state: &mut State, token: Token, ahead: i8) {
    let before = lineage(&state.row);
    let Ruling::Verdict(Verdict::NewPair { next, .. }) = ask(setup, &before, state, token, ahead)
    else {
        return;
    };
    let torn = Lineage {
        children: before.children.clone(),
        ..next.clone()
    };
    books::note_crash(state, &before, &torn, &next);
}
