//! What the browser of `tests/browser` talks to: `api` has sessions, `website` only serves the
//! page, `pages` renders its own, `neighbours` has others beside it, `bound` has a clock that can be set ahead. Settings come from the
//! environment, as Rocket's do.

use rocket::fs::FileServer;
use rocket::{Build, Rocket};
use session_runtime::{Sessions, catchers};
use session_tests::{app, bound, neighbours, site};

fn build() -> Rocket<Build> {
    let rocket = rocket::build();
    let page: String = rocket.figment().extract_inner("page").expect("a folder");
    let rocket = rocket.mount("/", FileServer::from(page).rank(100));
    match std::env::args().nth(1).as_deref() {
        Some("website") => rocket,
        Some("pages") => rocket
            .attach(Sessions::fairing().any_min_age())
            .mount("/", app::routes())
            .mount("/", site::pages())
            .register("/", catchers::pages("/sign-in")),
        Some("bound") => {
            let (sessions, events) = bound::fairings();
            rocket
                .attach(sessions)
                .attach(Sessions::cors())
                .attach(site::lock())
                .attach(events)
                .attach(bound::network_log())
                .mount("/", app::routes())
                .mount("/", site::pages())
                .mount("/", site::calls())
                .mount("/", bound::routes())
                .register("/", catchers::pages("/sign-in"))
        }
        Some("neighbours") => rocket
            .attach(Sessions::fairing().any_min_age())
            .attach(neighbours::database())
            .attach(neighbours::gate())
            .attach(neighbours::answers())
            .mount("/", app::routes())
            .mount("/app", app::routes())
            .mount("/", site::pages())
            .mount("/", neighbours::routes())
            .register("/", catchers::pages("/sign-in")),
        _ => rocket
            .attach(Sessions::fairing().any_min_age())
            .attach(Sessions::cors())
            .attach(site::lock())
            .mount("/", app::routes())
            .mount("/", site::routes()),
    }
}

#[rocket::main]
async fn main() -> Result<(), Box<rocket::Error>> {
    loop {
        build().launch().await.map_err(Box::new)?;
        // This one was stopped by a scenario that wants it back.
        if std::env::args().nth(1).as_deref() != Some("bound") {
            return Ok(());
        }
    }
}
