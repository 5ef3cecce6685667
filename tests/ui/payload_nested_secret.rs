use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    profile: Profile,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Profile {
    name: String,
    ssn: String,
}

fn main() {}
