use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Sessions, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[login]
#[post("/login", data = "<form>")]
async fn log_in(form: impl AsRef<str>) -> (String, Claims, ()) {
    let name = form.as_ref().to_owned();
    ("ada".into(), Claims { name }, ())
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![log_in])
}
