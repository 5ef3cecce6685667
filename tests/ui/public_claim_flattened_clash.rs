use serde::{Deserialize, Serialize};
use session_runtime::{PublicClaim};

#[derive(Serialize, Deserialize, PublicClaim)]
struct Account {
    name: String,
    #[serde(flatten)]
    team: Team,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Team {
    name: String,
}

fn main() {}
