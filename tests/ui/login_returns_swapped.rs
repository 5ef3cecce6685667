use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(data = Vec<u32>)]
struct Claims {
    name: String,
}

#[login]
#[post("/login", data = "<user>")]
async fn login(user: String) -> (String, Vec<u32>, Claims) {
    let name = user.clone();
    (user, vec![], Claims { name })
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}
