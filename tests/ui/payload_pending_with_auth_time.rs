use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(pending, page = "/code", auth_time)]
struct AwaitingCode {
    method: String,
}

fn main() {}
