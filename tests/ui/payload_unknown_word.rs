use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(user = u64)]
struct Claims {
    name: String,
}

fn main() {}
