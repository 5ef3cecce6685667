use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    #[serde(flatten)]
    plan: Plan,
}

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(tag = "sub")]
enum Plan {
    Free,
    Paid { seats: u32 },
}

fn main() {}
