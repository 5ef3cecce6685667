//! What runs before the first request and beside the requests: fairings and background tasks.

pub(in crate::web) mod answers;
pub(in crate::web) mod cors;
pub(in crate::web) mod fairing;
pub(in crate::web) mod tasks;
