use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    profiles: Vec<Option<Profile>>,
}

#[derive(Serialize, Deserialize)]
struct Profile {
    name: String,
}

fn main() {}
