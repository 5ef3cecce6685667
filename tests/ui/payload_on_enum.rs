use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
enum Claims {
    Member { name: String },
    Guest,
}

fn main() {}
