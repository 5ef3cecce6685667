use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

struct Welcome;

#[login]
#[post("/login", data = "<user>")]
async fn login(user: String) -> (String, Claims, (), Welcome) {
    let name = user.clone();
    (user, Claims { name }, (), Welcome)
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}
