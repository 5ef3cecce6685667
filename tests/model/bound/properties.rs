//! What a bound session promises, and signs that the checks are not idle.

use session_runtime::internals::rotation::bound::{Binding, DROPPED_FOR};
use stateright::Property;

use super::Setup;
use super::server::{DeviceReply, Reply};
use super::world::{Broken, Content, State};
use crate::lineage::minute;

pub(crate) const HONEST: &str = "an honest browser is never put out";
pub(crate) const NO_TOKEN: &str = "without a proof nobody gets a token of a proved session";
pub(crate) const NO_CHANGE: &str = "without a proof nobody changes or ends a proved session";
pub(crate) const OLD_PROOF: &str = "a proof is good for its challenge's age";
pub(crate) const ROTATES: &str = "a superseded token is theft whoever proves";
pub(crate) const SEEN: &str = "who dropped the binding is found out by the owner's proof";
pub(crate) const ENDS: &str = "a session whose binding was dropped ends within a day";

fn never(name: &'static str) -> Property<Setup> {
    match name {
        HONEST => Property::always(name, |_, state: &State| {
            state.broken != Some(Broken::HonestPutOut)
        }),
        NO_TOKEN => Property::always(name, |_, state: &State| {
            state.broken != Some(Broken::TokenWithoutProof)
        }),
        NO_CHANGE => Property::always(name, |_, state: &State| {
            state.broken != Some(Broken::ChangedWithoutProof)
        }),
        OLD_PROOF => Property::always(name, |_, state: &State| {
            state.broken != Some(Broken::OldProofWorks)
        }),
        ROTATES => Property::always(name, |_, state: &State| {
            state.broken != Some(Broken::DeadTokenWorks)
        }),
        SEEN => Property::always(name, |_, state: &State| {
            state.broken != Some(Broken::ThiefUnseen)
        }),
        _ => Property::always(ENDS, |_, state: &State| {
            let end = state.row.dropped_at.map(|at| minute(at) + DROPPED_FOR);
            end.is_none_or(|end| state.row.lineage.ends_at <= end)
        }),
    }
}

const PROMISES: [&str; 7] = [HONEST, NO_TOKEN, NO_CHANGE, OLD_PROOF, ROTATES, SEEN, ENDS];

pub(crate) fn is_promise(name: &str) -> bool {
    PROMISES.contains(&name)
}

fn answer(state: &State, wanted: fn(&Content) -> bool) -> bool {
    state
        .messages
        .iter()
        .any(|message| wanted(&message.content))
}

/// The promises, and only those signs that the setup can show.
pub(crate) fn of(setup: &Setup) -> Vec<Property<Setup>> {
    let mut all: Vec<_> = PROMISES.map(never).into();
    if !setup.refuses {
        all.push(Property::sometimes(
            "a device proves itself",
            |_, state: &State| matches!(state.row.binding, Binding::Bound { proved: true, .. }),
        ));
        all.push(Property::sometimes(
            "an old challenge is asked again",
            |_, state: &State| {
                answer(state, |content| {
                    matches!(content, Content::DeviceAnswer(DeviceReply::AskAgain { .. }))
                })
            },
        ));
        all.push(Property::sometimes(
            "a request that was sent back finds its tokens",
            |_, state: &State| {
                answer(state, |content| {
                    *content == Content::OrdinaryAnswer(Reply::Refreshed)
                }) && state.browser.issued > 0
            },
        ));
    }
    if setup.refuses || setup.thief {
        all.push(Property::sometimes(
            "a binding is dropped",
            |_, state: &State| state.row.binding == Binding::Dropped,
        ));
    }
    if setup.losses && !setup.refuses {
        all.push(Property::sometimes(
            "a proof is sent a second time",
            |_, state: &State| matches!(state.browser.renewing, Some((Some(_), true))),
        ));
        all.push(Property::sometimes(
            "a lost answer is made up for",
            |_, state: &State| {
                let two = state.row.lineage.children.len() == 2;
                two && state.browser.token.token != state.row.lineage.parent
            },
        ));
    }
    if setup.thief {
        all.push(Property::sometimes(
            "a theft is found out",
            |_, state: &State| state.row.theft,
        ));
    }
    all
}
