//! The test application as a process of its own, to be killed and starved. Settings come from the
//! environment, as Rocket's do.

use rocket::launch;
use session_runtime::Sessions;
use session_tests::app;

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing().any_min_age())
        .mount("/", app::routes())
}
