use serde::{Deserialize, Serialize};
use session_runtime::{PublicClaim};

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(rename_all_fields = "kebab-case")]
enum Proof {
    Passkey,
    Machine { api_key: String },
}

fn main() {}
