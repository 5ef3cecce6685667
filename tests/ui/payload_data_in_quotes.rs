use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(data = "Preferences")]
struct Claims {
    name: String,
}

fn main() {}
