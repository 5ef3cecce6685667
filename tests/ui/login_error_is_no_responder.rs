use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

struct WrongPassword;

#[login]
#[post("/login", data = "<user>")]
async fn login(user: String) -> Result<(String, Claims, ()), WrongPassword> {
    let name = user.clone();
    Ok((user, Claims { name }, ()))
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}
