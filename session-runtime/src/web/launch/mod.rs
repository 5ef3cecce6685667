//! What runs at launch and in the background: fairings and tasks.

pub(in crate::web) mod cors;
pub(in crate::web) mod default_catchers;
pub(in crate::web) mod fairing;
pub(in crate::web) mod tasks;
