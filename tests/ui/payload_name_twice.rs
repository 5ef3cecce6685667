use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    #[serde(rename = "name")]
    nickname: String,
}

fn main() {}
