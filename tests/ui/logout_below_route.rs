use rocket::{launch, post, routes};
use session_runtime::{Sessions, logout};

#[post("/logout")]
#[logout]
fn logout() -> &'static str {
    "bye"
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![logout])
}
