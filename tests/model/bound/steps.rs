//! What can happen next, and what it leads to.

use stateright::{Model, Property};

use super::browser::{deliver, lose, send_ordinary, start_renewal};
use super::world::{Content, Message, State, Thief};
use super::{Setup, properties, server};

/// A request is decided and its answer stored within so many minutes, or never.
const ROUND_TRIP: u8 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Tick,
    /// A tab refreshes without a proof.
    Ask,
    /// The browser refreshes: its marker is over, or nearly.
    Renew,
    /// The browser forgets the challenge that it was given.
    Restart,
    Serve(usize),
    /// The server dies after its commit.
    Crash(usize),
    /// The store is away: 503.
    Away(usize),
    Deliver(usize),
    Lose(usize),
    CopyJar,
    /// The thief signs a challenge of this minute with the owner's key.
    BorrowKey,
    /// The thief copies a proof off a request.
    CopyProof(usize),
    Steal {
        token: usize,
        sent_back: bool,
        skipped: bool,
    },
    StealWithProof {
        token: usize,
        proof: usize,
    },
}

impl Model for Setup {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::login()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() || state.browser.put_out {
            return;
        }
        for (index, message) in state.messages.iter().enumerate() {
            match message.content {
                Content::Register | Content::Device { .. } | Content::Ordinary(_) => {
                    if state.minted < self.tokens {
                        actions.push(Action::Serve(index));
                        if self.losses {
                            actions.push(Action::Crash(index));
                        }
                    }
                    if self.losses && message.content != Content::Register {
                        actions.push(Action::Away(index));
                    }
                }
                Content::Registered { .. }
                | Content::DeviceAnswer(_)
                | Content::OrdinaryAnswer(_) => actions.push(Action::Deliver(index)),
            }
            if self.losses {
                actions.push(Action::Lose(index));
            }
            if self.key_for_a_moment
                && state.thief.as_ref().is_some_and(|it| it.proofs.is_empty())
                && matches!(message.content, Content::Device { proof: Some(_), .. })
            {
                actions.push(Action::CopyProof(index));
            }
        }
        if state.ordinary_under_way() < self.tabs && state.asked < self.requests {
            actions.push(Action::Ask);
        }
        let browser = &state.browser;
        // With a token of this minute nothing needs to be renewed yet.
        if browser.key && browser.renewing.is_none() && state.now > browser.issued {
            actions.push(Action::Renew);
        }
        if self.losses && !state.restarted && state.browser.challenge.is_some() {
            actions.push(Action::Restart);
        }
        self.thief_actions(state, actions);
        let late = |message: &Message| state.now - message.sent >= ROUND_TRIP;
        if state.now < self.horizon && (self.losses || !state.messages.iter().any(late)) {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => tick(&mut state),
            Action::Ask => {
                state.asked += 1;
                send_ordinary(&mut state, None, false);
            }
            Action::Renew => start_renewal(&mut state),
            Action::Restart => {
                state.restarted = true;
                state.browser.challenge = None;
            }
            Action::Serve(index) => server::serve(self, &mut state, index, true),
            Action::Crash(index) => server::serve(self, &mut state, index, false),
            Action::Away(index) => server::away(&mut state, index),
            Action::Deliver(index) => deliver(self, &mut state, index),
            Action::Lose(index) => lose(&mut state, index),
            Action::CopyJar => {
                state.thief = Some(Thief {
                    tokens: vec![state.browser.token],
                    proofs: Vec::new(),
                });
            }
            Action::BorrowKey => {
                let now = state.now;
                state.thief.as_mut()?.proofs.push(now);
            }
            Action::CopyProof(index) => {
                if let Content::Device {
                    proof: Some(proof), ..
                } = state.messages[index].content
                {
                    state.thief.as_mut()?.proofs.push(proof);
                }
            }
            Action::Steal {
                token,
                sent_back,
                skipped,
            } => server::steal(self, &mut state, token, sent_back, skipped),
            Action::StealWithProof { token, proof } => {
                server::steal_with_proof(self, &mut state, token, proof);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}

impl Setup {
    fn thief_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Some(thief) = &state.thief else {
            if self.thief {
                actions.push(Action::CopyJar);
            }
            return;
        };
        if self.key_for_a_moment && thief.proofs.is_empty() {
            actions.push(Action::BorrowKey);
        }
        if state.row.theft || state.minted >= self.tokens {
            return;
        }
        for token in 0..thief.tokens.len() {
            for (sent_back, skipped) in [(false, false), (true, false), (true, true)] {
                actions.push(Action::Steal {
                    token,
                    sent_back,
                    skipped,
                });
            }
            let proofs = 0..thief.proofs.len();
            actions.extend(proofs.map(|proof| Action::StealWithProof { token, proof }));
        }
    }
}

/// A minute later. What was not decided or stored by now is lost.
fn tick(state: &mut State) {
    state.now += 1;
    let now = state.now;
    let late = |message: &Message| now - message.sent > ROUND_TRIP;
    while let Some(index) = state.messages.iter().position(late) {
        lose(state, index);
    }
}
