use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[derive(rocket::Responder)]
struct Refusal(String, #[response(ignore)] std::rc::Rc<u8>);

#[login]
#[post("/login")]
fn log_in() -> Result<(String, Claims, ()), Refusal> {
    unreachable!()
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![log_in])
}
