use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
    #[serde(default, with = "chrono::serde::ts_seconds")]
    since: chrono::DateTime<chrono::Utc>,
}

fn main() {}
