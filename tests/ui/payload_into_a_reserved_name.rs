use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim};

#[derive(Clone, Serialize, Deserialize, JwtPayload)]
#[serde(into = "Raw", from = "Raw")]
struct Claims {
    name: String,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Raw {
    sub: String,
}

impl From<Raw> for Claims {
    fn from(raw: Raw) -> Self {
        Self { name: raw.sub }
    }
}

impl From<Claims> for Raw {
    fn from(claims: Claims) -> Self {
        Self { sub: claims.name }
    }
}

fn main() {}
