use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{Sessions, login};

#[derive(Serialize, Deserialize)]
struct Claims {
    name: String,
}

#[login]
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
