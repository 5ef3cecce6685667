use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(crate = session_runtime)]
struct Claims {
    name: String,
}

fn main() {}
