//! A standby that stops following the store and then takes over, without the last commits.

use crate::setup::Setup;
use crate::state::{Behind, Place, Standby, State, Token};

pub(crate) fn cut(state: &mut State) {
    state.standby = Some(Standby {
        row: state.row.clone(),
        capped: state.capped,
        missed: 0,
    });
    state.rename(|token| Token {
        behind: Some(Behind {
            place: token.place,
            generation: token.generation,
            doomed: token.doomed,
        }),
        ..token
    });
}

/// One more commit that the standby did not get; with too many of them it follows again. Says how
/// it sees a token that the commit wrote in answer to `used`.
pub(crate) fn miss(setup: &Setup, state: &mut State, used: Token) -> Option<Behind> {
    let standby = state.standby.as_mut()?;
    if standby.missed == setup.lost_commits {
        state.standby = None;
        state.rename(|token| Token {
            behind: None,
            ..token
        });
        return None;
    }
    let number = standby.missed;
    standby.missed += 1;
    Some(Behind {
        place: Place::Lost(number),
        generation: used.behind?.generation.saturating_add(1),
        doomed: false,
    })
}

/// Whatever the lost commits did is undone, but for the tokens that were handed out.
pub(crate) fn fail_over(state: &mut State) {
    let Some(standby) = state.standby.take() else {
        return;
    };
    state.failed_over = true;
    state.row = standby.row;
    state.capped = standby.capped;
    state.rename(|token| {
        let Some(behind) = token.behind else {
            return token;
        };
        Token {
            place: behind.place,
            generation: behind.generation,
            doomed: behind.doomed,
            behind: None,
            ..token
        }
    });
    if let Some(loot) = &mut state.loot {
        // Thief and owner begin anew with the tokens that they have.
        loot.owner_renewed = false;
        loot.thief_renewed = false;
        loot.parent_used = false;
        loot.rounds_left += 2;
    }
}
