use serde::{Deserialize, Serialize};
use session_runtime::PublicClaim;

#[derive(Serialize, Deserialize, PublicClaim)]
enum Contact {
    Mail(String),
    Phone { number: String, pin: String },
}

fn main() {}
