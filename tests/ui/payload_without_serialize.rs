use serde::Deserialize;
use session_runtime::JwtPayload;

#[derive(Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

fn main() {}
