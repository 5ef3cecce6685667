use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(name = claims)]
struct Claims {
    name: String,
}

fn main() {}
