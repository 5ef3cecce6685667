//! The header of an access token: which key signed it, and how it travels.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::payload::once::EachOnce;
use crate::token::Transport;

/// Registered header parameters that say how else to read a token, or where else to find its key
/// (RFC 7515 section 4.1, RFC 7516 section 4.1, RFC 7797 section 3). Our tokens never have them, and
/// nobody may come to believe them; what `crit` lists must not be ignored.
const REFUSED: [&str; 12] = [
    "b64", "crit", "cty", "enc", "epk", "jku", "jwk", "x5c", "x5t", "x5t#S256", "x5u", "zip",
];

/// The JOSE header. Parameters that it does not list are ignored, so that later versions can add some
/// while this one still runs; [`REFUSED`] ones make a token invalid, and so do duplicates.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header<'h> {
    pub(crate) alg: Cow<'h, str>,
    pub(crate) typ: Cow<'h, str>,
    pub(crate) kid: Cow<'h, str>,
    pub(crate) version: Cow<'h, str>,
    pub(crate) transport: Transport,
    /// The name of the session's payload type.
    #[serde(default)]
    pub(crate) payload_type: Cow<'h, str>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) anonymous: bool,
}

impl Header<'static> {
    /// Reads the JSON of a header; `None` for one that no token of ours has.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let _: EachOnce = serde_json::from_slice(json).ok()?;
        let members: Map<String, Value> = serde_json::from_slice(json).ok()?;
        if REFUSED.iter().any(|name| members.contains_key(*name)) {
            return None;
        }
        serde_json::from_value(Value::Object(members)).ok()
    }
}
