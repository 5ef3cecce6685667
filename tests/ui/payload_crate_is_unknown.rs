use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(crate = "sessions")]
struct Claims {
    name: String,
}

fn main() {}
