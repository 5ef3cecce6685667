use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(user_id = f64)]
struct Claims {
    name: String,
}

fn main() {}
