use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    profile: Profile,
}

#[derive(Serialize, Deserialize)]
struct Profile {
    name: String,
}

fn main() {}
