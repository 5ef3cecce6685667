//! What a browser asks for beyond [`app`](crate::app): a page for members, a requirement, and a
//! database that somebody else holds.

use std::sync::{Mutex, PoisonError};

use rocket::fairing::{AdHoc, Fairing};
use rocket::form::{Form, FromForm};
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::response::content::RawHtml;
use rocket::{Route, State, get, post, put, routes};
use session_runtime::requirement::{Facts, Requirement, Unmet};
use session_runtime::{Error, LocalUrl, Session, login};

use crate::Database;
use crate::app::{Claims, Notes};

/// The user's name is Root.
#[derive(Debug)]
pub struct IsRoot;

impl Requirement<Claims> for IsRoot {
    fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
        facts.value("name").has_value("Root")
    }
}

/// For Root only.
#[get("/root")]
pub fn root(session: Session<Claims, IsRoot>) -> String {
    session.payload().name.clone()
}

/// Changes the name in the payload.
#[put("/name/<name>")]
pub async fn set_name(mut session: Session<Claims>, name: &str) -> Result<(), Error> {
    let name = name.to_owned();
    session
        .update_payload(move |claims| claims.name.clone_from(&name))
        .await
}

/// A page of the server's own making, for members.
#[get("/member")]
pub fn member(session: Session<Claims>) -> RawHtml<String> {
    let name = &session.payload().name;
    RawHtml(format!(
        "<!doctype html><title>Members</title><p>hello {name}</p>"
    ))
}

/// A hand on the database that keeps the library from writing.
struct Lock(Mutex<Database>);

impl Lock {
    fn execute(&self, sql: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .execute(sql);
    }
}

/// Takes the database away, or gives it back.
#[put("/locked/<locked>")]
fn set_locked(locked: bool, lock: &State<Lock>) {
    lock.execute(if locked {
        "BEGIN IMMEDIATE"
    } else {
        "ROLLBACK"
    });
}

/// What `/locked` needs; attached after the sessions, which make the file.
pub fn lock() -> impl Fairing {
    AdHoc::on_ignite("Lock", |rocket| async {
        let url: String = rocket
            .figment()
            .extract_inner("sessions.database")
            .expect("a database");
        rocket.manage(Lock(Mutex::new(Database::connect(&url))))
    })
}

/// Where a site that renders its own pages sends whoever is not logged in.
#[get("/sign-in?<next>")]
fn sign_in_page(next: LocalUrl) -> RawHtml<String> {
    sign_in_form(&next, "")
}

/// The form, with what was wrong the last time.
fn sign_in_form(next: &LocalUrl, wrong: &str) -> RawHtml<String> {
    let next = next.as_str().replace('&', "&amp;").replace('"', "&quot;");
    RawHtml(format!(
        r#"<!doctype html><html lang="en"><title>Sign in</title><form method="post" action="sign-in"><p role="alert">{wrong}</p>
           <input type="hidden" name="next" value="{next}"><label>Name <input name="user"></label><button>Sign in</button></form>"#
    ))
}

#[derive(FromForm)]
struct SignIn<'r> {
    user: &'r str,
    next: LocalUrl,
}

/// The form again.
type Again = (Status, RawHtml<String>);

#[login]
#[post("/sign-in", data = "<form>")]
fn sign_in(form: Form<SignIn<'_>>) -> Result<(String, Claims, Notes, Redirect), Again> {
    if form.user == "nobody" {
        let again = sign_in_form(&form.next, "Nobody of that name.");
        return Err((Status::UnprocessableEntity, again));
    }
    let claims = Claims { name: "Ada".into() };
    let answer = form.next.to_redirect();
    Ok((form.user.to_owned(), claims, Notes::default(), answer))
}

#[get("/member")]
fn member_with_form(session: Session<Claims>) -> RawHtml<String> {
    let name = &session.payload().name;
    RawHtml(format!(
        r#"<!doctype html><html lang="en"><title>Members</title><p>hello {name}</p>
           <form method="post" action="leave"><button>Leave</button></form>
           <script>addEventListener("pageshow", (event) => event.persisted && location.reload())</script>"#
    ))
}

/// A site that renders its own pages.
pub fn pages() -> Vec<Route> {
    routes![sign_in_page, sign_in, member_with_form]
}

/// What scripts ask for.
pub fn calls() -> Vec<Route> {
    routes![root, set_name, set_locked]
}

/// All that a page with scripts asks for.
pub fn routes() -> Vec<Route> {
    let mut routes = calls();
    routes.extend(routes![member]);
    routes
}
