use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    #[serde(flatten)]
    roles: Vec<String>,
}

fn main() {}
