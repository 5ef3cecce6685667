//! The outcome behind type aliases.

use rocket::{Build, Rocket, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(data = Cart)]
struct Claims {
    name: String,
}

type Cart = Vec<u32>;
type LoggedIn = (String, Claims, Cart);
type LoginResult<T = LoggedIn> = Result<T, &'static str>;

#[login]
#[post("/login", data = "<user>")]
async fn login(user: String) -> LoginResult {
    let name = user.clone();
    Ok((user, Claims { name }, vec![]))
}

fn rocket() -> Rocket<Build> {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![login])
}

fn main() {
    // Built, not launched: this program also runs.
    assert_eq!(rocket().routes().count(), 1);
}
