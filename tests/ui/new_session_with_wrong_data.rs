use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, NewSession, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[login]
#[post("/login", data = "<user>")]
async fn login(user: String) -> NewSession {
    let name = user.clone();
    NewSession::new(user, Claims { name }, 3)
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}
