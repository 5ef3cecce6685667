use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[login]
#[post("/login/<user>")]
async fn log_in(user: &str) -> Option<(&str, Claims, ())> {
    let name = user.to_owned();
    Some((user, Claims { name }, ()))
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![log_in])
}
