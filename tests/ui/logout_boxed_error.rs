use rocket::{launch, post, routes};
use session_runtime::{Sessions, logout};

#[logout]
#[post("/logout")]
async fn log_out() -> Result<&'static str, Box<dyn std::error::Error>> {
    Ok("bye")
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![log_out])
}
