use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[serde(tag = "aud")]
struct Claims {
    name: String,
}

fn main() {}
