//! What must hold for any input: properties that the fuzzer hunts counterexamples of (`tests/fuzz`) and
//! that a test replays on the corpus it left. Each says whether the input was accepted.

mod app;
mod configuration;
mod proof;
mod request;
mod tokens;

pub use app::App;

/// A property of any input.
pub type Property = fn(&App, &[u8]) -> bool;

/// Every target, as (folder of its corpus, property).
pub const TARGETS: [(&str, Property); 8] = [
    ("bearer", tokens::bearer),
    ("configuration", configuration::configuration),
    ("cookie", tokens::cookie),
    ("front_token", tokens::front_token),
    ("jws", tokens::jws),
    ("proof", proof::proof),
    ("refresh", tokens::refresh),
    ("request", request::request),
];

/// Runs the target of that name.
pub fn run(app: &App, target: &str, input: &[u8]) -> bool {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, property) = found.expect("the name of a target");
    property(app, input)
}
