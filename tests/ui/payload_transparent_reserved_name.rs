use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim};

#[derive(Serialize, Deserialize, JwtPayload)]
#[serde(transparent)]
struct Claims {
    account: Account,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Account {
    exp: u64,
}

fn main() {}
