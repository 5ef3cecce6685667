use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims<'a> {
    name: &'a str,
}

#[login]
#[post("/login", data = "<user>")]
async fn login(user: String) -> (String, Claims<'static>, ()) {
    (user, Claims { name: "Ada" }, ())
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}
