use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[login]
#[post("/login", data = "<user>")]
async fn login(user: String) -> Option<(u64, Claims, ())> {
    let id = if user == "ada" { 7 } else { return None };
    Some((id, Claims { name: user }, ()))
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}
