//! An application whose `Cargo.toml` calls the library `sessions`.

use rocket::{get, launch, post, routes};
use serde::{Deserialize, Serialize};
use sessions::{JwtPayload, PublicClaim, Session, Sessions, UserId, login, logout};

#[derive(Clone, UserId)]
struct AccountNumber(u64);

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(user_id = AccountNumber)]
struct Claims {
    #[serde(flatten)]
    plan: Plan,
}

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(tag = "plan")]
enum Plan {
    Free,
    Paid { seats: u32 },
}

#[login]
#[post("/login")]
fn log_in() -> Option<(AccountNumber, Claims, ())> {
    Some((AccountNumber(7), Claims { plan: Plan::Free }, ()))
}

/// As a library would have it that re-exports ours.
mod library {
    pub(crate) use sessions as ours;
}

#[login(crate = "crate::library::ours")]
#[post("/login/named")]
async fn log_in_named() -> (AccountNumber, Claims, ()) {
    (AccountNumber(7), Claims { plan: Plan::Paid { seats: 2 } }, ())
}

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(crate = "library::ours", name = "named")]
struct Named {
    plan: NamedPlan,
}

#[derive(Serialize, Deserialize, PublicClaim)]
#[session(crate = "library::ours")]
struct NamedPlan(String);

#[derive(Clone, UserId)]
#[session(crate = "library::ours")]
struct NamedNumber(u64);

#[logout(cross_site, crate = "library::ours")]
#[get("/logout")]
fn log_out() -> &'static str {
    "bye"
}

#[get("/me")]
fn me(session: Session<Claims>, named: Option<Session<Named>>) -> String {
    let AccountNumber(number) = session.user_id();
    let plan = named.map(|named| named.payload().plan.0.clone());
    let NamedNumber(other) = NamedNumber(*number);
    format!("{number} {other} {plan:?}")
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![log_in, log_in_named, log_out, me])
}
