//! The contract of the store, through the interface of `Sessions`.

mod concurrency;
mod contract;
mod machine;
mod upkeep;
