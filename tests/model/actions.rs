//! What can happen next, and what it leads to.

use crate::server::{Caller, Reply, forge, refresh, tear, unwritten};
use crate::setup::{Server, Setup};
use crate::standby;
use crate::state::{Content, Loot, Message, Revoked, State, Token};

/// Messages and loot are meant by their place in the state, replicas by how far their clock is
/// ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Tick,
    /// A tab refreshes with what the jar holds.
    Send,
    /// A server that looks first looks.
    Look {
        message: usize,
    },
    Serve {
        message: usize,
        ahead: i8,
    },
    /// A replica dies: after its commit, or, if it is one that cuts a step in two, between the
    /// halves.
    Crash {
        message: usize,
        ahead: i8,
    },
    /// The jar stores an answer.
    Store {
        message: usize,
    },
    Lose {
        message: usize,
    },
    Duplicate {
        message: usize,
    },
    CopyJar,
    /// The thief refreshes. Nothing of it is lost.
    Steal {
        loot: usize,
        ahead: i8,
    },
    Revoke,
    /// The standby no longer gets what is committed.
    Cut,
    /// The standby becomes the store.
    FailOver,
    /// Someone who knows the handle makes a token up, of this generation after the row's.
    Forge {
        generation: i8,
    },
}

pub(crate) fn possible(setup: &Setup, state: &State, actions: &mut Vec<Action>) {
    // The first broken promise ends the story.
    if state.broken.is_some() {
        return;
    }
    for (index, message) in state.messages.iter().enumerate() {
        // Of two messages that are the same, either may come first.
        if index == 0 || state.messages[index - 1] != *message {
            on_the_way(setup, state, index, message, actions);
        }
    }
    let copies = state.messages.iter().filter(|message| message.copy).count();
    if state.messages.len() - copies < setup.tabs && state.fresh == 0 {
        actions.push(Action::Send);
    }
    if setup.thief && state.loot.is_none() && state.revoked.is_none() {
        actions.push(Action::CopyJar);
    }
    for loot in 0..state.thiefs().count() {
        actions.extend(setup.clocks().map(|ahead| Action::Steal { loot, ahead }));
    }
    if setup.revocation && state.revoked.is_none() {
        actions.push(Action::Revoke);
    }
    if setup.lost_commits > 0 && !state.failed_over && state.revoked.is_none() {
        actions.push(match state.standby {
            None => Action::Cut,
            Some(_) => Action::FailOver,
        });
    }
    actions.extend([-1, 0, 1].map(|generation| Action::Forge { generation }));
    let late = |message: &Message| message.age == setup.round_trip;
    if setup.losses || !state.messages.iter().any(late) {
        actions.push(Action::Tick);
    }
}

fn on_the_way(
    setup: &Setup,
    state: &State,
    index: usize,
    message: &Message,
    actions: &mut Vec<Action>,
) {
    match message.content {
        Content::Request { looked: false, .. } if setup.server == Server::LooksThenWrites => {
            actions.push(Action::Look { message: index });
        }
        Content::Request { .. } => {
            for ahead in setup.clocks() {
                let message = index;
                actions.push(Action::Serve { message, ahead });
                if setup.losses {
                    actions.push(Action::Crash { message, ahead });
                }
            }
        }
        Content::Answer(_) => actions.push(Action::Store { message: index }),
    }
    if setup.losses {
        actions.push(Action::Lose { message: index });
    }
    let copies = state.messages.iter().filter(|message| message.copy).count();
    if copies < setup.copies {
        actions.push(Action::Duplicate { message: index });
    }
}

/// Changes the state, and says what the server answered if it was asked.
pub(crate) fn perform(setup: &Setup, state: &mut State, action: Action) -> Option<Reply> {
    let reply = match action {
        Action::Tick => {
            state.tick(setup);
            None
        }
        Action::Send => {
            let content = Content::Request {
                token: state.jar,
                before_theft: setup.thief && state.loot.is_none(),
                looked: false,
            };
            state.messages.push(Message {
                age: 0,
                content,
                copy: false,
            });
            None
        }
        Action::Look { message } => {
            look(state, message);
            None
        }
        Action::Serve { message, ahead } => serve(setup, state, message, ahead, Fate::Answered),
        Action::Crash { message, ahead } => serve(setup, state, message, ahead, Fate::Crashed),
        Action::Store { message } => {
            if let Content::Answer(token) = state.messages.remove(message).content {
                state.jar = token;
                state.fresh = setup.patience();
            }
            None
        }
        Action::Lose { message } => {
            state.messages.remove(message);
            None
        }
        Action::Duplicate { message } => {
            let copy = Message {
                copy: true,
                ..state.messages[message]
            };
            state.messages.push(copy);
            None
        }
        Action::CopyJar => {
            state.loot = Some(Loot::new(state.jar));
            None
        }
        Action::Steal { loot, ahead } => steal(setup, state, loot, ahead),
        Action::Revoke => {
            state.revoke(setup, Revoked::ByTheApplication);
            None
        }
        Action::Cut => {
            standby::cut(state);
            None
        }
        Action::FailOver => {
            standby::fail_over(state);
            None
        }
        Action::Forge { generation } => Some(forge(setup, state, generation)),
    };
    state.tidy();
    reply
}

fn look(state: &mut State, message: usize) {
    if state.revoked.is_some() {
        state.messages.remove(message);
    } else if let Content::Request { looked, .. } = &mut state.messages[message].content {
        *looked = true;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    Crashed,
}

/// A replica takes a request off the network and puts its answer there, unless it dies.
fn serve(setup: &Setup, state: &mut State, message: usize, ahead: i8, fate: Fate) -> Option<Reply> {
    let message = state.messages.remove(message);
    let Content::Request {
        token,
        before_theft,
        looked,
    } = message.content
    else {
        return None;
    };
    let caller = Caller::Owner { before_theft };
    let mut after = state.clone();
    let reply = refresh(setup, &mut after, token, caller, ahead, looked);
    let cut = fate == Fate::Crashed && matches!(reply, Reply::New { .. });
    match setup.server {
        Server::WritesTwice if cut => {
            tear(setup, state, token, ahead);
            return None;
        }
        Server::AnswersThenCommits if cut => {
            let content = Content::Answer(unwritten(state, token));
            state.messages.push(Message { content, ..message });
            return None;
        }
        _ => *state = after,
    }
    if fate == Fate::Crashed {
        return None;
    }
    match reply {
        Reply::New { token, .. } | Reply::Again(token) => {
            let content = Content::Answer(token);
            state.messages.push(Message { content, ..message });
        }
        // Nothing to reorder or to lose: the tab has its access token at once, or it does not.
        Reply::AccessOnly(_) => state.fresh = setup.patience(),
        Reply::Refused | Reply::Theft => {}
    }
    Some(reply)
}

fn steal(setup: &Setup, state: &mut State, loot: usize, ahead: i8) -> Option<Reply> {
    let token: Token = state.thiefs().nth(loot).copied()?;
    let reply = refresh(setup, state, token, Caller::Thief, ahead, false);
    if let (Reply::New { token, .. } | Reply::Again(token), Some(loot)) = (reply, &mut state.loot) {
        loot.tokens.push(token);
    }
    Some(reply)
}
