//! The contract of the store, through the interface of `Sessions`.

mod concurrency;
mod contract;
mod machine;
mod panics;
mod upkeep;
