//! A trace of the checker in words.

use std::fmt::Write;

use session_runtime::internals::rotation::Withheld;
use stateright::Path;

use crate::actions::{Action, perform};
use crate::properties;
use crate::report::Reported;
use crate::server::Reply;
use crate::setup::Setup;
use crate::state::{Content, Place, State, Token};

impl Reported for Setup {
    fn is_promise(name: &str) -> bool {
        properties::is_promise(name)
    }

    fn tell(&self, trace: &Path<State, Action>) -> String {
        let mut text = String::new();
        for (state, action) in trace.clone().into_vec() {
            let Some(action) = action else {
                if let Some(broken) = state.broken {
                    let _ = writeln!(text, "        {broken:?}");
                }
                continue;
            };
            let mut after = state.clone();
            let reply = perform(self, &mut after, action);
            if action != Action::Tick {
                let line = line(&state, &after, action, reply);
                let _ = writeln!(text, "  t={:<3} {line}", state.tick.0);
            }
        }
        text
    }
}

fn line(state: &State, after: &State, action: Action, reply: Option<Reply>) -> String {
    let mut line = match action {
        Action::Tick => "time passes".to_owned(),
        Action::Send => format!("a tab asks with {}", token(state, state.jar)),
        Action::Look { message } => {
            format!(
                "a replica sees that the session of {} is there",
                content(state, message)
            )
        }
        Action::Serve { message, ahead } => {
            format!("{} decides on {}", replica(ahead), content(state, message))
        }
        Action::Crash { message, ahead } => {
            let held = after.tokens().any(|token| token.place == Place::Unwritten);
            let answered = if held { ", its answer is out" } else { "" };
            format!(
                "{} crashes on {}{answered}",
                replica(ahead),
                content(state, message)
            )
        }
        Action::Store { message } => format!("{} is stored in the jar", content(state, message)),
        Action::Lose { message } => format!("{} is lost", content(state, message)),
        Action::Duplicate { message } => format!("the network copies {}", content(state, message)),
        Action::CopyJar => format!("the thief copies the jar: {}", token(state, state.jar)),
        Action::Steal { loot, ahead } => match state.thiefs().nth(loot) {
            Some(held) => format!(
                "{} decides on the thief's {}",
                replica(ahead),
                token(state, *held)
            ),
            None => "the thief has nothing".to_owned(),
        },
        Action::Revoke => "the application revokes the session".to_owned(),
        Action::Cut => "the standby no longer follows".to_owned(),
        Action::FailOver => "the standby takes over".to_owned(),
        Action::Forge { generation } => {
            format!("a forged token of generation {generation:+} comes")
        }
    };
    if let Some(reply) = reply {
        let _ = write!(line, ": {}", answer(reply));
    }
    line
}

fn replica(ahead: i8) -> &'static str {
    if ahead == 0 {
        "replica 1"
    } else {
        "replica 2 (clock ahead)"
    }
}

fn content(state: &State, message: usize) -> String {
    match state.messages[message].content {
        Content::Request { token: held, .. } => format!("the request with {}", token(state, held)),
        Content::Answer(held) => format!("the answer {}", token(state, held)),
    }
}

fn answer(reply: Reply) -> String {
    match reply {
        Reply::New { token, late_parent } => {
            let late = if late_parent {
                " for a late parent"
            } else {
                ""
            };
            format!("new pair{late}, R{}", token.name.0)
        }
        Reply::Again(token) => format!("R{} again", token.name.0),
        Reply::AccessOnly(reason) => {
            let reason = match reason {
                Withheld::Capped => "the cap is reached",
                Withheld::YoungChild => "the child is young",
                Withheld::StoreRolledBack => "the token is newer than the row",
            };
            format!("access token only, {reason}")
        }
        Reply::Refused => "no session".to_owned(),
        Reply::Theft => "THEFT".to_owned(),
    }
}

fn token(state: &State, token: Token) -> String {
    let part = match token.place {
        Place::Live(0) => "the parent".to_owned(),
        Place::Live(part) => {
            let minted = state.row.children[usize::from(part) - 1];
            format!("a child, {} old", -i16::from(minted))
        }
        Place::Lost(_) => format!("lost, {:+} generations", token.generation),
        Place::Dead => "dead".to_owned(),
        Place::Unwritten => "never written".to_owned(),
    };
    format!("R{} ({part})", token.name.0)
}
