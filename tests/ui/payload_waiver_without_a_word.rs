use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    #[session(reason = "shown on the page")]
    invite_token: String,
}

fn main() {}
