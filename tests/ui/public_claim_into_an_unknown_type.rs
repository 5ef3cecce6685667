use serde::{Deserialize, Serialize};
use session_runtime::{PublicClaim};

#[derive(Clone, Serialize, Deserialize, PublicClaim)]
#[serde(into = "Raw", try_from = "Raw")]
enum Plan {
    Free,
}

#[derive(Serialize, Deserialize)]
struct Raw {
    password: String,
}

impl TryFrom<Raw> for Plan {
    type Error = &'static str;

    fn try_from(_: Raw) -> Result<Self, Self::Error> {
        Ok(Self::Free)
    }
}

impl From<Plan> for Raw {
    fn from(_: Plan) -> Self {
        Self { password: String::new() }
    }
}

fn main() {}
