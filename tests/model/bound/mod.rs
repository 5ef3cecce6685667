//! A session that is bound to a device, with the production rule: a browser that proves its key, tabs
//! that refresh without it, answers that are lost or late, and a thief with a copy of the jar.
//!
//! Time is counted in minutes from the login and ends at a horizon. Not modelled: clocks that differ,
//! a database that loses commits, and keys that change.

mod browser;
mod known_bad;
mod properties;
mod rules;
mod server;
mod steps;
mod world;

use std::fmt::Write;

use session_runtime::internals::rotation::bound::{decide_bound, is_just_refreshed};
use stateright::Path;

use self::rules::{Rule, Window};
use self::steps::Action;
use self::world::State;
use crate::report::{Reported, holds};

/// The size of the world, the rule in it, and what may go wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    rule: Rule,
    window: Window,
    /// So many requests without a proof can be under way or wait.
    tabs: usize,
    /// So many are made in all.
    requests: u8,
    /// Requests and answers get lost, servers crash after the commit, the store is away.
    losses: bool,
    /// The browser refuses the configuration of the registration.
    refuses: bool,
    /// Somebody copies the jar.
    thief: bool,
    /// And signs one challenge with the key, or copies a proof.
    key_for_a_moment: bool,
    /// The last minute.
    horizon: u8,
    /// So many refresh tokens are handed out.
    tokens: u8,
}

impl Setup {
    const HONEST: Self = Self {
        rule: decide_bound,
        window: is_just_refreshed,
        tabs: 1,
        requests: 1,
        losses: true,
        refuses: false,
        thief: false,
        key_for_a_moment: false,
        horizon: 4,
        tokens: 2,
    };
}

#[test]
fn an_honest_browser_stays_logged_in() {
    holds("one tab", Setup::HONEST);
    let tabs = Setup {
        tabs: 2,
        requests: 2,
        losses: false,
        tokens: 3,
        ..Setup::HONEST
    };
    holds("two tabs", tabs);
}

#[test]
fn a_browser_that_refuses_the_configuration_stays_logged_in() {
    let refuses = Setup {
        refuses: true,
        tabs: 2,
        requests: 3,
        horizon: 6,
        ..Setup::HONEST
    };
    holds("a browser that refuses", refuses);
}

#[test]
fn a_thief_without_the_key_gets_nothing_and_ends_nothing() {
    let thief = Setup {
        thief: true,
        losses: false,
        horizon: 5,
        tokens: 3,
        ..Setup::HONEST
    };
    holds("a thief", thief);
}

#[test]
fn a_copied_proof_is_good_for_its_minutes_only() {
    let key = Setup {
        thief: true,
        key_for_a_moment: true,
        losses: false,
        horizon: 4,
        ..Setup::HONEST
    };
    holds("a thief with the key for a moment", key);
}

impl Reported for Setup {
    fn is_promise(name: &str) -> bool {
        properties::is_promise(name)
    }

    fn tell(&self, trace: &Path<State, Action>) -> String {
        let mut text = String::new();
        for (state, action) in trace.clone().into_vec() {
            if let Some(broken) = state.broken {
                let _ = writeln!(text, "        {broken:?}");
            }
            if let Some(action) = action.filter(|action| *action != Action::Tick) {
                let about = state.message(action);
                let _ = writeln!(text, "  t={} {action:?} {about}", state.now);
            }
        }
        text
    }
}
