//! A requirement that reads `auth_time`, on a payload whose tokens do not carry it.

use rocket::get;
use serde::{Deserialize, Serialize};
use session_runtime::requirement::Fresh;
use session_runtime::{JwtPayload, Session};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[get("/password")]
fn password(session: Session<Claims, Fresh<300>>) -> String {
    session.payload().name.clone()
}

fn main() {}
