use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    #[serde(rename = "exp")]
    experience: u32,
}

fn main() {}
