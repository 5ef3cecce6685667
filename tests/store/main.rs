//! The contract of the store, through the interface of `Sessions`.

mod altered;
mod concurrency;
mod contract;
mod files;
mod kept;
mod machine;
mod panics;
mod schemas;
mod swallowed;
mod upkeep;
