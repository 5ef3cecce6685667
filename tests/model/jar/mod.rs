//! A browser's cookie jar, with the production choice among the sessions in it: tabs whose requests
//! leave with the cookies of the moment, and answers that arrive in any order or never.
//!
//! Not modelled: planted cookies but the refresh token of a copy, header mode, keys and settings that change, the second that a
//! revocation may take to be known, and what a front-end SDK remembers beside the cookies.

mod cookies;
mod properties;
mod server;
mod ways;
mod world;

use std::fmt::Write;

use stateright::Path;

use self::cookies::Names;
use self::properties::{LAST_LOGIN, NO_COPY};
use self::server::Needs;
use self::world::{Action, State, World};
use crate::report::{Reported, breaks, holds};

const THREE_LOGINS: World = World {
    names: Names::OfTheSession,
    tabs: 2,
    logins: 3,
    requests: 1,
    ends: 1,
    drops: 0,
    plants: 0,
    needs: Needs::Hash,
};

const TWO_LOGINS: World = World {
    logins: 2,
    requests: 2,
    ..THREE_LOGINS
};

#[test]
fn no_answer_loses_a_login_and_no_way_runs_in_circles() {
    holds("three logins", THREE_LOGINS);
    if is_large() {
        let requests = THREE_LOGINS.requests + 1;
        holds(
            "three logins, more requests",
            World {
                requests,
                ..THREE_LOGINS
            },
        );
    }
}

#[test]
fn fewer_logins_and_more_requests_change_nothing() {
    holds("two logins", TWO_LOGINS);
    if is_large() {
        let requests = TWO_LOGINS.requests + 1;
        holds(
            "two logins, more requests",
            World {
                requests,
                ..TWO_LOGINS
            },
        );
    }
}

#[test]
fn one_name_for_all_sessions_loses_a_login() {
    let world = World {
        names: Names::OneForAll,
        ..TWO_LOGINS
    };
    breaks("one name for all sessions", world, LAST_LOGIN);
}

/// Somebody deletes an access cookie.
const WITH_A_LOST_COOKIE: World = World {
    logins: 2,
    requests: 1,
    drops: 1,
    ..THREE_LOGINS
};

#[test]
fn a_lost_access_cookie_comes_back_and_nothing_runs_in_circles() {
    holds("a lost access cookie", WITH_A_LOST_COOKIE);
}

/// A sibling host has the newest refresh token of a copy, and has the browser drop its own.
const BESIDE_A_SIBLING: World = World {
    logins: 2,
    requests: 2,
    ends: 0,
    plants: 1,
    ..THREE_LOGINS
};

#[test]
fn no_browser_goes_on_with_a_copy_that_a_sibling_planted() {
    holds("beside a sibling host", BESIDE_A_SIBLING);
}

#[test]
fn without_the_hash_a_browser_goes_on_with_a_copy() {
    let world = World {
        needs: Needs::Access,
        ..BESIDE_A_SIBLING
    };
    breaks("without the hash", world, NO_COPY);
}

/// Whether the larger bound was asked for.
fn is_large() -> bool {
    std::env::var("MODEL_BOUND").is_ok_and(|bound| bound == "large")
}

impl Reported for World {
    fn is_promise(name: &str) -> bool {
        properties::is_promise(name)
    }

    fn tell(&self, trace: &Path<State, Action>) -> String {
        let mut text = String::new();
        for (state, action) in trace.clone().into_vec() {
            let _ = writeln!(text, "  {:?}\n    {:?}", state.jar, state.server.fates);
            if let Some(action) = action {
                let _ = writeln!(text, "  {action:?}");
            }
        }
        text
    }
}
