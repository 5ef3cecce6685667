use serde::{Deserialize, Serialize};
use session_runtime::{PublicClaim};

#[derive(Serialize, Deserialize, PublicClaim)]
enum Proof {
    Passkey,
    #[serde(rename = "api_token")]
    Machine { id: u32 },
}

fn main() {}
