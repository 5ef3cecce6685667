use serde::{Deserialize, Serialize};
use session_runtime::PublicClaim;

#[derive(Serialize, Deserialize, PublicClaim)]
struct Profile {
    name: String,
    address: Address,
}

#[derive(Serialize, Deserialize)]
struct Address {
    city: String,
}

fn main() {}
