use serde::{Deserialize, Serialize};
use session_runtime::{PublicClaim};

#[derive(Serialize, Deserialize, PublicClaim)]
enum Proof {
    Passkey,
    #[serde(serialize_with = "hex")]
    Machine(String),
}

fn hex<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn main() {}
