use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    #[serde(flatten)]
    account: Option<Box<Account>>,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Account {
    email: String,
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(rename_all = "camelCase")]
enum Inner {
    SessionHandle(String),
    Other { name: String },
}

fn main() {}
