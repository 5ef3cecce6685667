use rocket::{launch, route, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[login]
#[route(GET, uri = "/login?<user>")]
async fn login(user: String) -> (String, Claims, ()) {
    let name = user.clone();
    (user, Claims { name }, ())
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}
