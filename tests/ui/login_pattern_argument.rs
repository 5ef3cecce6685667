use rocket::{launch, post, routes, serde::json::Json};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[login]
#[post("/login", data = "<form>")]
async fn login(Json(user): Json<String>) -> (String, Claims, ()) {
    let name = user.clone();
    (user, Claims { name }, ())
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}
