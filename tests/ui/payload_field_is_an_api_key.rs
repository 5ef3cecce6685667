use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[serde(rename_all = "camelCase")]
struct Claims {
    name: String,
    api_key: String,
}

fn main() {}
