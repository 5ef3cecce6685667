use serde::{Deserialize, Serialize};
use session_runtime::{PublicClaim};

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(rename_all = "snake_case")]
enum Proof {
    Passkey,
    ApiKey(String),
}

fn main() {}
