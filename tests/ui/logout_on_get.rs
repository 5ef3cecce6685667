use rocket::{get, launch, routes};
use session_runtime::{Sessions, logout};

#[logout]
#[get("/logout")]
fn logout() -> &'static str {
    "bye"
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![logout])
}
