//! A second parameter that is no requirement on this payload.

use rocket::get;
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Session};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

struct Admin;

#[get("/admin")]
fn admin(session: Session<Claims, Admin>) -> String {
    session.payload().name.clone()
}

fn main() {}
