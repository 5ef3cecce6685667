use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    #[serde(serialize_with = "hex")]
    name: String,
}

fn hex<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn main() {}
