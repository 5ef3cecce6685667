use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[login(cross_site = true)]
#[post("/login", data = "<user>")]
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
