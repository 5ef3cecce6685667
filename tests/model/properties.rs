//! The invariants of a session, by their numbers in the list that they come from, and signs that
//! the checks are not idle.

use session_runtime::internals::rotation::Withheld;
use stateright::{Model, Property};

use crate::actions::{Action, perform, possible};
use crate::server::{Caller, Reply, refresh};
use crate::setup::Setup;
use crate::state::{Broken, Content, Place, Revoked, State, Token};

impl Model for Setup {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::login(self)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        possible(self, state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        perform(self, &mut next, action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = always();
        all.extend(sometimes(self));
        all
    }
}

pub(crate) const I1: &str = "I1 an honest client is never taken for a thief or sent away early";
pub(crate) const I2: &str = "I2 thief and owner do not live on side by side";
pub(crate) const I3: &str = "I3 one parent, at most K children of it, and generations that grow";
pub(crate) const I4: &str = "I4 after a revocation nothing is minted";
pub(crate) const I5: &str = "I5 the end is never later than promised";
pub(crate) const I7: &str = "I7 every token that is out was in the row";
pub(crate) const I8: &str = "I8 a crash leaves no half of a step";
pub(crate) const I11: &str = "I11 a forged token changes nothing";
pub(crate) const I12: &str = "I12 a session that cannot rotate, and has no young child, ends soon";

fn always() -> Vec<Property<Setup>> {
    vec![
        Property::always(I1, |_, state: &State| {
            let broken = [Broken::JudgedTheft, Broken::SentAway, Broken::FalseAlarm];
            !broken.map(Some).contains(&state.broken)
        }),
        Property::always(I2, |_, state: &State| {
            let broken = [
                Broken::DoomedTokenWorks,
                Broken::TooManyRounds,
                Broken::PutOutUnseen,
            ];
            !broken.map(Some).contains(&state.broken)
        }),
        Property::always(I3, |setup: &Setup, state: &State| {
            state.broken != Some(Broken::Shape) && state.row.children.len() <= setup.max_children
        }),
        Property::always(I4, |_, state: &State| state.broken != Some(Broken::Revived)),
        Property::always(I5, |setup: &Setup, state: &State| {
            let row = &state.row;
            let sliding = |validity| row.ends_in <= validity + setup.skew;
            state.broken != Some(Broken::EndMoved)
                && row.ends_in <= state.absolute_end
                && setup.validity.is_none_or(sliding)
        }),
        Property::always(I7, |_, state: &State| {
            state.tokens().all(|token| token.place != Place::Unwritten)
        }),
        Property::always(I8, |_, state: &State| state.broken != Some(Broken::Torn)),
        Property::always(I11, |_, state: &State| {
            state.broken != Some(Broken::ForgedTokenWorks)
        }),
        Property::always(I12, |_, state: &State| {
            state.broken != Some(Broken::CappedTooLong)
        }),
    ]
}

/// Only what the setup can show.
fn sometimes(setup: &Setup) -> Vec<Property<Setup>> {
    let mut signs = vec![
        Property::sometimes(
            "a parent older than M is used",
            |setup: &Setup, state: &State| {
                state.row.parent_since == -setup.min_age
                    && answers(setup, state).any(|reply| {
                        matches!(
                            reply,
                            Reply::New {
                                late_parent: true,
                                ..
                            }
                        )
                    })
            },
        ),
        Property::sometimes("the cap is reached", |setup: &Setup, state: &State| {
            state.row.children.len() == setup.max_children
                && answers(setup, state).any(|reply| reply == Reply::AccessOnly(Withheld::Capped))
        }),
    ];
    if setup.losses {
        signs.push(Property::sometimes(
            "a lost answer is recovered",
            |setup: &Setup, state: &State| {
                let lost = state.jar.place == Place::Live(0)
                    && !state.row.children.is_empty()
                    && state.loot.is_none()
                    && state.messages.iter().all(|message| {
                        matches!(message.content, Content::Request { token, .. } if token == state.jar)
                    });
                lost && answers(setup, state).any(|reply| matches!(reply, Reply::New { .. }))
            },
        ));
    }
    if setup.lost_commits > 0 {
        signs.push(Property::sometimes(
            "a token is newer than its row",
            |setup: &Setup, state: &State| {
                let newer = Reply::AccessOnly(Withheld::StoreRolledBack);
                state.failed_over && answers(setup, state).any(|reply| reply == newer)
            },
        ));
        signs.push(Property::sometimes(
            "a token that was taken in advances",
            |setup: &Setup, state: &State| {
                let taken_in = Token {
                    generation: setup.lost_commits as i8,
                    ..state.jar
                };
                let live = matches!(state.jar.place, Place::Live(1..));
                state.failed_over
                    && state.jar == taken_in
                    && live
                    && answers(setup, state).any(|reply| matches!(reply, Reply::New { .. }))
            },
        ));
    }
    if setup.thief {
        signs.push(Property::sometimes(
            "a theft is detected",
            |_, state: &State| state.revoked == Some(Revoked::AsTheft),
        ));
    }
    if setup.revocation {
        signs.push(Property::sometimes(
            "a revoked session refuses",
            |setup: &Setup, state: &State| {
                state.revoked == Some(Revoked::ByTheApplication)
                    && answers(setup, state).any(|reply| reply == Reply::Refused)
            },
        ));
    }
    if setup.validity.is_some() {
        signs.push(Property::sometimes(
            "a session comes to its end",
            |setup: &Setup, state: &State| {
                state.row.ends_in == 0 && answers(setup, state).any(|reply| reply == Reply::Refused)
            },
        ));
    }
    signs
}

/// What the first replica would answer to each request under way.
fn answers<'a>(setup: &'a Setup, state: &'a State) -> impl Iterator<Item = Reply> + 'a {
    let caller = Caller::Owner {
        before_theft: false,
    };
    state.messages.iter().filter_map(move |message| {
        let Content::Request { token, looked, .. } = message.content else {
            return None;
        };
        let mut after = state.clone();
        Some(refresh(setup, &mut after, token, caller, 0, looked))
    })
}

/// Whether the setup lets this property fail at all, for reports.
pub(crate) fn is_promise(name: &str) -> bool {
    always().iter().any(|property| property.name == name)
}
