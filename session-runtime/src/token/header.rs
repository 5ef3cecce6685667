//! The header of an access token: the key that signed it, and how it is sent.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::payload::unique_members::UniqueMembers;
use crate::token::Transport;

/// Registered header parameters that change how a token must be read or where its key is found (RFC
/// 7515 section 4.1, RFC 7516 section 4.1, RFC 7797 section 3). Our tokens never have them, and no
/// service may rely on them; parameters listed in `crit` must not be ignored.
pub(super) const REFUSED: [&str; 12] = [
    "b64", "crit", "cty", "enc", "epk", "jku", "jwk", "x5c", "x5t", "x5t#S256", "x5u", "zip",
];

/// The JOSE header. Unknown parameters are ignored, so that later versions can add some while this
/// one still runs. The parameters in [`REFUSED`], and duplicates, make a token invalid.
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
    /// Whether the session is bound to a device.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) device_bound: bool,
}

impl Header<'static> {
    /// Parses the JSON of a header; `None` if no token of ours has such a header.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let _: UniqueMembers = serde_json::from_slice(json).ok()?;
        let members: Map<String, Value> = serde_json::from_slice(json).ok()?;
        if REFUSED.iter().any(|name| members.contains_key(*name)) {
            return None;
        }
        serde_json::from_value(Value::Object(members)).ok()
    }
}
