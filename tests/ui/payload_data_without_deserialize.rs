use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(data = Cart)]
struct Claims {
    name: String,
}

#[derive(Serialize)]
struct Cart {
    items: Vec<u32>,
}

fn main() {}
