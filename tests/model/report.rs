//! Runs the checker, prints what it did, and tells a counterexample as a story.

use std::fmt::Debug;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model, Path};

/// A model whose promises are checked and whose counterexamples are told.
pub(crate) trait Reported:
    Model<State: Clone + Debug + Hash + PartialEq + Send + Sync, Action: Clone + Debug + PartialEq>
    + Clone
    + Send
    + Sync
    + 'static
{
    /// Whether a property of this name has to hold; the others are signs that the check is not idle.
    fn is_promise(name: &str) -> bool;

    /// A way through the model in words.
    fn tell(&self, trace: &TraceOf<Self>) -> String;
}

type TraceOf<M> = Path<<M as Model>::State, <M as Model>::Action>;

#[expect(
    clippy::print_stdout,
    reason = "the figures and traces are for people who run the checker"
)]
fn say(text: &str) {
    println!("{text}");
}

/// Visits every state that the model can come to; every promise holds in all of them, and every
/// sign is seen.
#[track_caller]
pub(crate) fn holds<M: Reported>(what: &str, model: M) {
    let (figures, found) = explore(&model, None, None);
    say(&format!("\n{what}: {figures}"));
    for (name, trace) in &found {
        if M::is_promise(name) {
            say(&format!("BROKEN: {name}\n{}", model.tell(trace)));
        }
    }
    for property in model.properties() {
        let seen = found.iter().any(|(name, _)| *name == property.name);
        assert_eq!(
            seen,
            !M::is_promise(property.name),
            "{what}: {}",
            property.name
        );
    }
}

/// Looks for the shortest way to break a promise, tells it, and fails if there is none.
#[track_caller]
pub(crate) fn breaks<M: Reported>(what: &str, model: M, promise: &'static str) {
    let (figures, mut found) = explore(&model, Some(promise), None);
    let mut shortest = None;
    // The checker overwrites what it found first, so it is asked again for less until there is
    // nothing.
    while let Some((_, trace)) = found.into_iter().find(|(name, _)| *name == promise) {
        let states = NonZeroUsize::new(trace.clone().into_states().len()).expect("a first state");
        shortest = Some(trace);
        (_, found) = explore(&model, Some(promise), Some(states));
    }
    let Some(trace) = shortest else {
        panic!("{what}: nothing breaks {promise}: {figures}");
    };
    say(&format!(
        "\n{what} breaks {promise}\n({figures})\n{}",
        model.tell(&trace)
    ));
}

/// The figures, and a trace for each promise broken and each sign seen. With a `goal` it stops
/// there.
fn explore<M: Reported>(
    model: &M,
    goal: Option<&'static str>,
    shorter_than: Option<NonZeroUsize>,
) -> (String, Vec<(&'static str, TraceOf<M>)>) {
    let start = Instant::now();
    let mut builder = model.clone().checker();
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
