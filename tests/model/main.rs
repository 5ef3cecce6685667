//! The production rule of refresh-token rotation under an explicit-state model checker.
//!
//! `cargo test -p session-tests --test model -- --nocapture` prints the figures, and for each bad rule
//! the shortest story that breaks it. `MODEL_BOUND=large` checks a larger world.

mod actions;
mod books;
mod bound;
mod jar;
mod known_bad;
mod lineage;
mod production;
mod properties;
mod report;
mod rules;
mod server;
mod setup;
mod standby;
mod state;
mod story;
