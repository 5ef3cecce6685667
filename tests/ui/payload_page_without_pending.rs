use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(page = "/code")]
struct AwaitingCode {
    method: String,
}

fn main() {}
