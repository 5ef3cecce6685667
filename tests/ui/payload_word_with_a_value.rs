use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(auth_time = true)]
struct Claims {
    name: String,
}

fn main() {}
