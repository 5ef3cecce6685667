use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(pending, page = "https://other.test/code")]
struct AwaitingCode {
    method: String,
}

fn main() {}
