//! Runs the checker, prints what it did, and tells a counterexample as a story.

use std::num::NonZeroUsize;
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model, Path};

use crate::actions::Action;
use crate::properties::is_promise;
use crate::setup::Setup;
use crate::state::State;
use crate::story;

type Trace = Path<State, Action>;

#[expect(
    clippy::print_stdout,
    reason = "the figures and traces are for people who run the checker"
)]
fn say(text: &str) {
    println!("{text}");
}

/// Visits every world that the setup can come to; every promise holds in all of them, and every sign is seen.
#[track_caller]
pub(crate) fn holds(what: &str, setup: Setup) {
    let (figures, found) = explore(setup, None, None);
    say(&format!("\n{what}: {figures}"));
    for (name, trace) in &found {
        if is_promise(name) {
            say(&format!("BROKEN: {name}\n{}", story::tell(&setup, trace)));
        }
    }
    for property in setup.properties() {
        let seen = found.iter().any(|(name, _)| *name == property.name);
        assert_eq!(
            seen,
            !is_promise(property.name),
            "{what}: {}",
            property.name
        );
    }
}

/// Looks for the shortest way to break a promise, tells it, and fails if there is none.
#[track_caller]
pub(crate) fn breaks(what: &str, setup: Setup, promise: &'static str) {
    let (figures, mut found) = explore(setup, Some(promise), None);
    let mut shortest = None;
    // The checker overwrites what it found first, so it is asked again for less until there is nothing.
    while let Some((_, trace)) = found.into_iter().find(|(name, _)| *name == promise) {
        let states = NonZeroUsize::new(trace.clone().into_states().len()).expect("a first state");
        shortest = Some(trace);
        (_, found) = explore(setup, Some(promise), Some(states));
    }
    let Some(trace) = shortest else {
        panic!("{what}: nothing breaks {promise}: {figures}");
    };
    say(&format!(
        "\n{what} breaks {promise}\n({figures})\n{}",
        story::tell(&setup, &trace)
    ));
}

/// The figures, and a trace for each promise broken and each sign seen. With a `goal` it stops there.
fn explore(
    setup: Setup,
    goal: Option<&'static str>,
    shorter_than: Option<NonZeroUsize>,
) -> (String, Vec<(&'static str, Trace)>) {
    let start = Instant::now();
    let mut builder = setup.checker();
    if let Some(goal) = goal {
        builder = builder.finish_when(HasDiscoveries::AnyOf([goal].into()));
    }
    if let Some(states) = shorter_than {
        builder = builder.target_max_depth(states.get());
    }
    let checker = builder.spawn_bfs().join();
    let figures = format!(
        "{} states, {} steps, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        start.elapsed().as_secs_f32()
    );
    (figures, checker.discoveries().into_iter().collect())
}
