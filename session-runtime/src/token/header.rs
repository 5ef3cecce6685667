//! The header of an access token: which key signed it, and how it travels.

use serde::{Deserialize, Serialize};

use crate::token::Transport;

/// The JOSE header. Members it does not list (`crit`, `jku`, `jwk`, `zip`, ...) make a token
/// invalid, and so do duplicates.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) typ: String,
    pub(crate) kid: String,
    pub(crate) version: String,
    pub(crate) transport: Transport,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) anonymous: bool,
}
