//! The server, as the routes are to use the rule: look, read, decide and write in one step, then answer.

use chrono::TimeDelta;
use session_runtime::internals::rotation::bound::{
    After, Before, Binding, Ordinary, Outcome, Proof, Question, Refresh, Registration,
    after_reading, before_reading, register,
};
use session_runtime::internals::rotation::{self, Policy, Presented, Successor, TokenHash};

use super::Setup;
use super::world::{Broken, Content, Message, Request, State, last_end};
use crate::lineage::minute;

/// A challenge is good for so many minutes.
const CHALLENGE_AGE: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DeviceReply {
    Renewed {
        token: Option<Presented>,
        issued: u8,
        challenge: u8,
    },
    AskAgain {
        challenge: u8,
    },
    Later,
    /// 401, with or without removing the cookies of the session.
    Ended {
        cookies: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    New {
        token: Option<Presented>,
        issued: u8,
    },
    Refreshed,
    SentBack(u8),
    Later,
    Out,
}

/// More than three round trips.
fn policy() -> Policy {
    Policy {
        min_age: TimeDelta::minutes(4),
        max_children: 2,
        capped_for: Policy::CAPPED_FOR,
    }
}

/// Takes a request off the network, and answers it unless the server dies after its commit.
pub(crate) fn serve(setup: &Setup, state: &mut State, index: usize, answers: bool) {
    let Message { sent, content } = state.messages.remove(index);
    let answer = match content {
        Content::Register => registration(state),
        Content::Device { token, proof } => {
            Some(Content::DeviceAnswer(device(setup, state, token, proof)))
        }
        Content::Ordinary(request) => {
            let reply = ordinary(setup, state, request);
            if reply == Reply::Out && state.thief.is_none() {
                state.note(Broken::HonestPutOut);
            }
            Some(Content::OrdinaryAnswer(reply))
        }
        answer => Some(answer),
    };
    let Some(content) = answer else { return };
    state.messages.push(Message { sent, content });
    if !answers {
        super::browser::lose(state, state.messages.len() - 1);
    }
}

/// The store does not answer: nothing is decided.
pub(crate) fn away(state: &mut State, index: usize) {
    let content = &mut state.messages[index].content;
    *content = match content {
        Content::Device { .. } => Content::DeviceAnswer(DeviceReply::Later),
        _ => Content::OrdinaryAnswer(Reply::Later),
    };
}

fn registration(state: &mut State) -> Option<Content> {
    let now = state.now;
    match register(state.row.binding, false) {
        Registration::Bind => {
            state.row.binding = Binding::Bound {
                since: minute(now),
                proved: false,
            };
            Some(Content::Registered { challenge: now })
        }
        Registration::Again | Registration::Refused => None,
    }
}

fn device(setup: &Setup, state: &mut State, token: Presented, proof: Option<u8>) -> DeviceReply {
    let now = state.now;
    let brought = match proof {
        None => Proof::Absent,
        Some(made) if now - made > CHALLENGE_AGE => Proof::Stale,
        Some(_) => Proof::Fresh,
    };
    match before_reading(true, brought) {
        Before::Refuse => return DeviceReply::Ended { cookies: false },
        Before::AskAgain => return DeviceReply::AskAgain { challenge: now },
        Before::Read => {}
    }
    let row = (!state.row.theft).then_some((state.row.binding, minute(0)));
    match after_reading(row, minute(now)) {
        After::Gone => return DeviceReply::Ended { cookies: true },
        After::NotYet => return DeviceReply::Later,
        After::Unbound => return DeviceReply::Ended { cookies: false },
        After::Verify => {}
    }
    let was_dropped = state.row.binding == Binding::Dropped;
    match exchange(setup, state, Refresh::Proved { by_its_key: true }, token) {
        Reply::New { token, issued } => {
            if was_dropped {
                state.note(Broken::ThiefUnseen);
            }
            DeviceReply::Renewed {
                token,
                issued,
                challenge: now,
            }
        }
        Reply::Refreshed | Reply::SentBack(_) | Reply::Later => DeviceReply::Later,
        Reply::Out => DeviceReply::Ended { cookies: true },
    }
}

fn ordinary(setup: &Setup, state: &mut State, request: Request) -> Reply {
    let sent_back = request.sent_back.map(minute);
    let kind = Refresh::Ordinary(Ordinary {
        just_refreshed: (setup.window)(
            minute(request.issued),
            sent_back,
            minute(state.now),
            policy(),
        ),
        sent_back: request.sent_back.is_some(),
        skipped: request.skipped,
    });
    exchange(setup, state, kind, request.token)
}

/// Reads, decides and writes.
fn exchange(setup: &Setup, state: &mut State, kind: Refresh, token: Presented) -> Reply {
    if state.row.theft {
        return Reply::Out;
    }
    let now = minute(state.now);
    let minted = Presented {
        token: TokenHash([state.minted + 1; 32]),
        generation: token.next_generation(),
    };
    let successor = Successor {
        token: minted.token,
        ends_at: last_end(),
    };
    let row = &mut state.row;
    let dead = {
        let lineage = &row.lineage;
        lineage.parent != token.token && lineage.children.iter().all(|it| it.token != token.token)
    };
    let verdict = (setup.rule)(Question {
        binding: row.binding,
        refresh: kind,
        lineage: &row.lineage,
        presented: token,
        successor,
        now,
        policy: policy(),
    });
    let (verdict, binding) = match verdict {
        Outcome::Rotate { verdict, binding } => (verdict, binding),
        Outcome::Refreshed => return Reply::Refreshed,
        Outcome::SendBack => return Reply::SentBack(state.now),
        Outcome::Later => return Reply::Later,
        Outcome::Refused(_) => return Reply::Out,
    };
    row.binding = binding.unwrap_or(row.binding);
    if row.binding == Binding::Dropped {
        row.dropped_at.get_or_insert(state.now);
    }
    let reply = match verdict {
        rotation::Verdict::NewPair { next, .. } => {
            row.lineage = next;
            state.minted += 1;
            Some(minted)
        }
        rotation::Verdict::AccessOnly { next, .. } => {
            row.lineage = next.unwrap_or(row.lineage.clone());
            None
        }
        rotation::Verdict::Ended | rotation::Verdict::Theft => {
            row.theft = true;
            return Reply::Out;
        }
    };
    if dead {
        state.note(Broken::DeadTokenWorks);
    }
    Reply::New {
        token: reply,
        issued: state.now,
    }
}

/// The thief refreshes without a proof. What comes with the token he makes up as he likes.
pub(crate) fn steal(
    setup: &Setup,
    state: &mut State,
    token: usize,
    sent_back: bool,
    skipped: bool,
) {
    let Some(thief) = &state.thief else { return };
    // Without an access token beside it, he is not told that he has just refreshed.
    let kind = Refresh::Ordinary(Ordinary {
        just_refreshed: false,
        sent_back,
        skipped,
    });
    let token = thief.tokens[token];
    let before = state.row.clone();
    let reply = exchange(setup, state, kind, token);
    let proved = matches!(before.binding, Binding::Bound { proved: true, .. });
    if let Reply::New { token, .. } = reply {
        if proved {
            state.note(Broken::TokenWithoutProof);
        }
        gain(state, token);
    }
    if proved && state.row != before {
        state.note(Broken::ChangedWithoutProof);
    }
}

/// The thief plays the browser, with a proof that he copied or made while he had the key.
pub(crate) fn steal_with_proof(setup: &Setup, state: &mut State, token: usize, proof: usize) {
    let Some(thief) = &state.thief else { return };
    let made = thief.proofs[proof];
    let token = thief.tokens[token];
    if let DeviceReply::Renewed { token, .. } = device(setup, state, token, Some(made)) {
        if state.now - made > CHALLENGE_AGE {
            state.note(Broken::OldProofWorks);
        }
        gain(state, token);
    }
}

fn gain(state: &mut State, token: Option<Presented>) {
    if let (Some(token), Some(thief)) = (token, &mut state.thief) {
        thief.tokens.push(token);
    }
}
