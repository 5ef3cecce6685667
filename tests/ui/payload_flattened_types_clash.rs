use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    #[serde(flatten)]
    account: Account,
    #[serde(flatten)]
    team: Team,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Account {
    name: String,
}

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(untagged)]
enum Team {
    Unknown { id: u32 },
    Known { name: String },
}

fn main() {}
