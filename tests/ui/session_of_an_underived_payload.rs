use rocket::{get, launch, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{Session, Sessions};

#[derive(Serialize, Deserialize)]
struct Claims {
    name: String,
}

#[get("/me")]
fn me(session: Session<Claims>) -> String {
    session.payload().name.clone()
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![me])
}
