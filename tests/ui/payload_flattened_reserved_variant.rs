use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    #[serde(flatten)]
    plan: Plan,
}

#[derive(Serialize, Deserialize, PublicClaim)]
enum Plan {
    Free,
    #[serde(rename = "aud")]
    Paid { seats: u32 },
}

fn main() {}
