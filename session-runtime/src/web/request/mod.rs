//! What is read from a request: where it comes from, the tokens it presents, and what they prove.

pub(in crate::web) mod caller;
pub(in crate::web) mod cookies;
pub(in crate::web) mod csrf;
pub(in crate::web) mod evidence;
pub(in crate::web) mod presented;
pub(in crate::web) mod verify;
pub(in crate::web) mod wants_html;
