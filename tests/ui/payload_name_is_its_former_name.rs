use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(was = "Employee", name = "Employee")]
struct Staff {
    level: u8,
}

fn main() {}
