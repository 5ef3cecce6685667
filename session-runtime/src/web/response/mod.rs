//! What is written onto a response: cookies, headers, and the answer to an error.

pub(in crate::web) mod answer;
pub(in crate::web) mod device;
pub(in crate::web) mod error;
pub(in crate::web) mod headers;
pub(in crate::web) mod wire;
