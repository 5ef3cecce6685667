use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
#[session("claims")]
struct Claims {
    name: String,
}

fn main() {}
