use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Clone, Serialize, Deserialize, JwtPayload)]
#[serde(into = "Raw", from = "Raw")]
struct Claims {
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Raw {
    name: String,
    password: String,
}

impl From<Raw> for Claims {
    fn from(raw: Raw) -> Self {
        Self { name: raw.name }
    }
}

impl From<Claims> for Raw {
    fn from(claims: Claims) -> Self {
        Self { name: claims.name, password: String::new() }
    }
}

fn main() {}
