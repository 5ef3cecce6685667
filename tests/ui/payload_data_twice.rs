use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(data = u32, data = u64)]
struct Claims {
    name: String,
}

fn main() {}
