use rocket::{get, launch, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Session, Sessions};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[get("/me")]
fn me(session: Session<Claims>) -> String {
    let id: &u64 = session.user_id();
    format!("user {id}")
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![me])
}
