//! Sign up, log in, read and change the session's data, change the password, refresh, sign out: a
//! small web application.
//!
//! `cargo run`, then open <http://127.0.0.1:8000>. This file puts the application together,
//! `users.rs` knows the users, `passwords.rs` hashes their passwords, `routes.rs` answers the page's requests,
//! `things.rs` those about the session data, `devices.rs` those about other sessions, and
//! `account.rs` and `html.rs` serve browsers without JavaScript. `error.rs` says what went wrong.

mod account;
mod devices;
mod error;
mod html;
mod passwords;
mod routes;
mod things;
mod users;

use rocket::figment::providers::Serialized;
use rocket::{catchers, launch, routes};
use session_runtime::{Sessions, catchers};

use crate::users::Db;

#[launch]
fn rocket() -> _ {
    // Users and sessions share one SQLite file. `join` only fills in what is not set: Rocket.toml
    // and variables such as ROCKET_DATABASES='{app={url="other.db"}}' still win.
    let config = rocket::Config::figment()
        .join(Serialized::default("databases.app.url", "app.db"))
        .join(Serialized::default("sessions.database", "app"));

    rocket::custom(config)
        // Mounts POST /auth/session/refresh and POST /auth/signout. Attached first, because it puts
        // a new file into WAL mode: pooled connections that all try that at once block each other.
        .attach(Sessions::fairing())
        .attach(Db::fairing())
        .attach(users::create_table())
        .attach(routes::write_index())
        .mount(
            "/",
            routes![
                routes::index,
                routes::script,
                routes::session_script,
                routes::back_script,
                routes::sdk,
                routes::style,
                routes::sign_up_json,
                routes::log_in_json,
                routes::me,
                routes::change_password,
                things::data,
                things::set_data,
                things::change_data,
            ],
        )
        .mount(
            "/",
            routes![
                devices::devices,
                devices::sign_out,
                devices::sign_out_everywhere,
                account::login_page,
                account::log_in_form,
                account::sign_up_form,
                account::sign_up_page,
                account::account,
                account::account_form,
                account::change_things,
                account::end_device,
                account::change_password,
                account::sign_out,
                account::sign_out_everywhere,
            ],
        )
        .register("/", catchers::pages("/login"))
        .register("/", catchers![routes::failed])
}
