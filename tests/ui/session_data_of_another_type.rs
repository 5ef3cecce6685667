use rocket::{launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{Error, JwtPayload, Session, Sessions};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[post("/data")]
async fn save(session: Session<Claims>) -> Result<(), Error> {
    session.set_data(&vec![1, 2, 3]).await
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![save])
}
