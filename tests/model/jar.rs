//! A browser's cookie jar, with the production choice among the sessions in it: tabs whose requests
//! leave with the cookies of the moment, and answers that arrive in any order or never.
//!
//! Not modelled: planted cookies, header mode, keys and settings that change, the second that a
//! revocation may take to be known, and what a front-end SDK remembers beside the cookies.

mod cookies;
mod properties;
mod server;
mod ways;
mod world;

use std::fmt::Write;
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model, Path};

use self::cookies::Names;
use self::properties::{LAST_LOGIN, is_promise};
use self::world::{Action, State, World};

const THREE_LOGINS: World = World {
    names: Names::OfTheSession,
    tabs: 2,
    logins: 3,
    requests: 1,
    ends: 1,
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
    let start = Instant::now();
    let checker = world
        .checker()
        .finish_when(HasDiscoveries::AnyOf([LAST_LOGIN].into()))
        .spawn_bfs()
        .join();
    let trace = checker.discovery(LAST_LOGIN).expect("a login that is lost");
    let states = checker.unique_state_count();
    say(&format!(
        "\none name for all sessions: {states} states, {:.1} s\nBROKEN: {LAST_LOGIN}\n{}",
        start.elapsed().as_secs_f32(),
        tell(trace)
    ));
}

/// Whether the larger bound was asked for.
fn is_large() -> bool {
    std::env::var("MODEL_BOUND").is_ok_and(|bound| bound == "large")
}

/// Visits every state; every promise holds in all of them, and every sign is seen.
#[track_caller]
fn holds(what: &str, world: World) {
    let start = Instant::now();
    let checker = world.checker().spawn_bfs().join();
    say(&format!(
        "\n{what}: {} states, {} steps, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        start.elapsed().as_secs_f32()
    ));
    let found = checker.discoveries();
    for (name, trace) in &found {
        if is_promise(name) {
            say(&format!("BROKEN: {name}\n{}", tell(trace.clone())));
        }
    }
    for property in properties::all() {
        let seen = found.contains_key(property.name);
        assert_eq!(
            seen,
            !is_promise(property.name),
            "{what}: {}",
            property.name
        );
    }
}

fn tell(trace: Path<State, Action>) -> String {
    let mut text = String::new();
    for (state, action) in trace.into_vec() {
        let _ = writeln!(text, "  {:?}\n    {:?}", state.jar, state.server.fates);
        if let Some(action) = action {
            let _ = writeln!(text, "  {action:?}");
        }
    }
    text
}

#[expect(
    clippy::print_stdout,
    reason = "the figures and traces are for people who run the checker"
)]
fn say(text: &str) {
    println!("{text}");
}
