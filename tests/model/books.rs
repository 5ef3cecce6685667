//! The books beside the row: what was promised to whom, and which promise a step broke.

use session_runtime::internals::rotation::{Lineage, Verdict, Withheld};

use crate::lineage::{NEWBORN, advanced, at, presented};
use crate::server::Caller;
use crate::setup::{Ruling, Setup};
use crate::state::{Broken, Place, State, Token};

/// The first broken promise counts: what follows may be its consequence.
fn note(state: &mut State, broken: Broken) {
    state.broken.get_or_insert(broken);
}

/// Every token that is presented here was handed out by this server.
pub(crate) fn note_ruling(
    state: &mut State,
    token: Token,
    caller: Caller,
    ahead: i8,
    ruling: &Ruling,
) {
    let stolen = state.loot.is_some();
    match ruling {
        Ruling::Verdict(Verdict::Theft) if !stolen => note(state, Broken::JudgedTheft),
        Ruling::Verdict(Verdict::Ended) if ahead < state.row.ends_in => {
            note(state, Broken::SentAway);
        }
        Ruling::Refused if caller == Caller::Thief => {}
        Ruling::Refused if stolen => note(state, Broken::PutOutUnseen),
        Ruling::Refused => note(state, Broken::SentAway),
        Ruling::Verdict(Verdict::Theft | Verdict::Ended) => {}
        Ruling::Verdict(Verdict::NewPair { .. } | Verdict::AccessOnly { .. })
        | Ruling::Again(_) => {
            if state.revoked.is_some() {
                note(state, Broken::Revived);
            }
            if token.doomed {
                note(state, Broken::DoomedTokenWorks);
            }
            if state.capped == Some(0) {
                note(state, Broken::CappedTooLong);
            }
        }
    }
}

/// Why no refresh token was handed out, and what is written all the same.
pub(crate) fn note_withheld(
    setup: &Setup,
    state: &mut State,
    before: &Lineage,
    token: Token,
    reason: Withheld,
    next: Option<&Lineage>,
) {
    let mut expected = before.clone();
    match reason {
        Withheld::YoungChild => {}
        Withheld::Capped => {
            // With a young child they may be tabs that refresh at once.
            let mut children = before.children.iter();
            if children.all(|child| child.minted_at <= at(-setup.min_age)) {
                let longest = setup.capped_for.saturating_add(setup.skew);
                state.capped.get_or_insert(longest);
            }
            if let Some(next) = next {
                expected.capped_since = next.capped_since;
                expected.ends_at = next.ends_at.min(before.ends_at);
            }
        }
        Withheld::StoreRolledBack => {
            if !state.failed_over {
                note(state, Broken::FalseAlarm);
            }
            expected
                .children
                .extend(next.and_then(|next| next.children.last()));
            let last = expected.children.last().map(|child| child.token);
            if next.is_some() && last != Some(presented(token).token) {
                note(state, Broken::Shape);
            }
        }
    }
    let room = expected.children.len() <= setup.max_children;
    if next.is_some_and(|next| *next != expected || !room) {
        note(state, Broken::Shape);
    }
}

/// One parent, at most K children of it, and the generation grows with every new parent. That no
/// live child is dropped is another promise: whoever holds it would be sent away.
pub(crate) fn note_write(
    setup: &Setup,
    state: &mut State,
    before: &Lineage,
    token: Token,
    next: &Lineage,
    end: i8,
) {
    let used = presented(token).token;
    let children = |lineage: &Lineage| -> Vec<_> {
        lineage.children.iter().map(|child| child.token).collect()
    };
    let (old, mut new) = (children(before), children(next));
    let newborn_is_last = new.pop() == Some(NEWBORN);
    let minted = next.parent == before.parent && used == before.parent && advanced(next) == 0;
    // Whether a lost token may become the parent is for the other promises to say.
    let known = old.contains(&used) || matches!(token.place, Place::Lost(_));
    let moved = next.parent == used && known && advanced(next) >= 1;
    let whose = if minted {
        new.iter().all(|child| old.contains(child))
    } else {
        moved && new.is_empty()
    };
    if !(newborn_is_last && whose && next.children.len() <= setup.max_children) {
        note(state, Broken::Shape);
    }
    if next.ends_at != at(end) || next.capped_since.is_some() {
        note(state, Broken::EndMoved);
    }
    if moved {
        state.capped = None;
    }
}

/// A crash leaves what was there before or what the step was to write.
pub(crate) fn note_crash(state: &mut State, before: &Lineage, after: &Lineage, next: &Lineage) {
    if after != before && after != next {
        note(state, Broken::Torn);
    }
}

/// Thief or owner gets a refresh token in answer to `token`, and a round ends when both did.
///
/// A new token of the owner is one that a lost or parallel answer accounts for if it is a second
/// one for the same token, or if its request was under way when the jar was copied.
pub(crate) fn note_new_token(setup: &Setup, state: &mut State, token: Token, caller: Caller) {
    let max_children = setup.max_children;
    let Some(loot) = &mut state.loot else {
        return;
    };
    let is_parent = token.place == Place::Live(0);
    match caller {
        Caller::Owner { before_theft } => {
            let repeated = before_theft || is_parent && loot.parent_used;
            let most = u8::try_from(max_children).unwrap_or(u8::MAX - 4);
            let most = most + if state.failed_over { 4 } else { 2 };
            loot.rounds_left = (loot.rounds_left + u8::from(repeated)).min(most);
            loot.owner_renewed = true;
            loot.parent_used = true;
        }
        Caller::Thief => {
            loot.thief_renewed = true;
            loot.parent_used &= is_parent;
        }
    }
    if loot.owner_renewed && loot.thief_renewed {
        loot.owner_renewed = false;
        loot.thief_renewed = false;
        match loot.rounds_left.checked_sub(1) {
            Some(left) => loot.rounds_left = left,
            None => note(state, Broken::TooManyRounds),
        }
    }
}
