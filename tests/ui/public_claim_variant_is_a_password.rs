use serde::{Deserialize, Serialize};
use session_runtime::{PublicClaim};

#[derive(Serialize, Deserialize, PublicClaim)]
enum Proof {
    Passkey,
    Password(String),
}

fn main() {}
