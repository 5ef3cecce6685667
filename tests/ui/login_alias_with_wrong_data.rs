use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

type LoggedIn = (String, Claims, u32);

#[login]
#[post("/login", data = "<user>")]
async fn login(user: String) -> Option<LoggedIn> {
    let name = user.clone();
    Some((user, Claims { name }, 3))
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}
