//! The same without a script: pages that the server renders, plain forms, and a redirect after each.

use std::sync::Arc;

use rocket::form::Form;
use rocket::http::Status;
use rocket::response::{self, Redirect, Responder};
use rocket::{FromForm, Request, get, post};
use session_runtime::{Error, LocalUrl, Session, Sessions, login, logout};

use crate::devices;
use crate::html::{self, encode, login_form};
use crate::routes::{Change, Claims, Page, Things, log_in, sign_up};
use crate::users::{Credentials, Db, PasswordChange, UserError};

/// Credentials that were refused: the form again, with the reason.
pub struct Refused(UserError, LocalUrl);

impl<'r> Responder<'r, 'static> for Refused {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Self(error, next) = self;
        let (status, message) = error.answer();
        (status, login_form(&next, message, true)).respond_to(request)
    }
}

/// Where expired and missing sessions end; what was wanted stands in `next`.
#[get("/login?<next>&<welcome>")]
pub fn login_page(next: LocalUrl, welcome: bool) -> Page {
    let message = if welcome { "Welcome. Now log in." } else { "" };
    login_form(&next, message, false)
}

/// Opens a session for the user in an HTML form, and goes on to what was wanted.
#[login]
#[post("/login?<next>", format = "form", data = "<form>")]
pub async fn log_in_form(
    next: LocalUrl,
    form: Form<Credentials>,
    db: Db,
) -> Result<(String, Claims, Things, Redirect), Refused> {
    let (user, claims, things) = log_in(form.into_inner(), db)
        .await
        .map_err(|error| Refused(error, next.clone()))?;
    Ok((user, claims, things, next.to_redirect()))
}

/// Adds a user from an HTML form.
#[post("/signup?<next>", format = "form", data = "<form>")]
pub async fn sign_up_form(
    next: LocalUrl,
    form: Form<Credentials>,
    db: Db,
) -> Result<Redirect, Refused> {
    sign_up(form.into_inner(), db)
        .await
        .map_err(|error| Refused(error, next.clone()))?;
    Ok(Redirect::to(format!(
        "/login?welcome=true&next={}",
        encode(&next)
    )))
}

/// Who is logged in, the list, and the devices.
#[get("/account?<changed>")]
pub async fn account(session: Session<Claims>, changed: bool) -> Result<Page, Error> {
    let message = if changed {
        "Changed. All other sessions have ended."
    } else {
        ""
    };
    page_of(&session, message, false).await
}

async fn page_of(session: &Session<Claims>, message: &str, bad: bool) -> Result<Page, Error> {
    let things = session.data().await?.awesome_things;
    let devices = devices::of(session).await?;
    Ok(html::account(
        &session.payload().name,
        &things,
        &devices,
        message,
        bad,
    ))
}

#[derive(FromForm)]
pub struct ThingsChange {
    add: Option<String>,
    remove: Option<String>,
}

#[post("/account/things", data = "<change>")]
pub async fn change_things(
    session: Session<Claims>,
    change: Form<ThingsChange>,
) -> Result<Redirect, Error> {
    let ThingsChange { add, remove } = change.into_inner();
    let change = Change::new(add, remove);
    session
        .update_data(move |things| change.apply(things))
        .await?;
    Ok(Redirect::to("/account"))
}

#[derive(FromForm)]
pub struct Ended {
    handle: String,
}

#[post("/account/devices", data = "<ended>")]
pub async fn end_device(
    session: Session<Claims>,
    sessions: Sessions,
    ended: Form<Ended>,
) -> Result<Result<Redirect, Status>, Error> {
    let found = devices::end(session, &sessions, &ended.handle).await?;
    Ok(found
        .map(|()| Redirect::to("/account"))
        .ok_or(Status::NotFound))
}

/// Changes the password, replaces this session and ends all others of the user.
#[post("/account/password", data = "<change>")]
pub async fn change_password(
    session: Session<Claims>,
    sessions: Sessions,
    change: Form<PasswordChange>,
    db: Db,
) -> Result<Result<Redirect, (Status, Page)>, Error> {
    let session = Arc::new(session);
    let changed = db.change_password(Arc::clone(&session), change.into_inner(), sessions);
    match changed.await {
        Ok(committed) => {
            session.attach_committed(committed);
            Ok(Ok(Redirect::to("/account?changed=true")))
        }
        Err(error) => {
            let (status, message) = error.answer();
            Ok(Err((status, page_of(&session, message, true).await?)))
        }
    }
}

#[logout]
#[post("/account/signout")]
pub fn sign_out() -> Redirect {
    Redirect::to("/login?next=/account")
}

#[post("/account/signout-everywhere")]
pub async fn sign_out_everywhere(session: Session<Claims>) -> Result<Redirect, Error> {
    devices::end_all(session).await?;
    Ok(Redirect::to("/login?next=/account"))
}
