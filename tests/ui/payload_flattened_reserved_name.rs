use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    #[serde(flatten)]
    account: Account,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Account {
    exp: u64,
}

fn main() {}
