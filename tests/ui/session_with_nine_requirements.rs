use rocket::{get, launch, routes};
use serde::{Deserialize, Serialize};
use session_runtime::requirement::{Facts, Requirement, Unmet};
use session_runtime::{JwtPayload, Session, Sessions};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

struct A;

impl Requirement<Claims> for A {
    fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
        facts.value("name").has_value("ada")
    }
}

#[get("/me")]
fn me(session: Session<Claims, (A, A, A, A, A, A, A, A, A)>) -> String {
    session.payload().name.clone()
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![me])
}
