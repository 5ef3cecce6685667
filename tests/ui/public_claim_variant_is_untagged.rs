use serde::{Deserialize, Serialize};
use session_runtime::{PublicClaim};

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(untagged)]
enum Proof {
    Passkey,
    Password(String),
}

fn main() {}
