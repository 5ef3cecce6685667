use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    #[serde(flatten)]
    email: Option<Email>,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Email(String);

fn main() {}
