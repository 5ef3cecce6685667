use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(pending)]
struct AwaitingCode {
    method: String,
}

fn main() {}
