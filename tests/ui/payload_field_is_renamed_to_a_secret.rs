use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    #[serde(rename = "accessToken")]
    key: String,
}

fn main() {}
