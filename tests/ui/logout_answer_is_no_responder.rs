use rocket::{launch, post, routes};
use session_runtime::{Sessions, logout};

struct Bye;

#[logout]
#[post("/logout")]
fn logout() -> Bye {
    Bye
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![logout])
}
