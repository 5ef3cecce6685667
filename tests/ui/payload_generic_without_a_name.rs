use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

#[derive(Serialize, Deserialize, JwtPayload)]
struct Labelled<T> {
    label: T,
}

fn main() {}
