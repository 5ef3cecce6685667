use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(name = "staff members")]
struct Staff {
    level: u8,
}

fn main() {}
