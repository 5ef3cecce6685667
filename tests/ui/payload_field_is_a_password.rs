use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    password_hash: String,
}

fn main() {}
