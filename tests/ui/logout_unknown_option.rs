use rocket::{launch, post, routes};
use session_runtime::{Sessions, logout};

#[logout(everywhere)]
#[post("/logout")]
fn logout() -> &'static str {
    "bye"
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![logout])
}
