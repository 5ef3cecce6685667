//! The same without a script: pages that the server renders, plain forms, and a redirect after each.

use std::sync::Arc;

use rocket::form::Form;
use rocket::http::Status;
use rocket::response::{self, Redirect, Responder};
use rocket::{FromForm, Request, get, post};
use session_runtime::{Error, LocalUrl, Login, Session, Sessions, logout};

use crate::devices;
use crate::error::AppError;
use crate::html::{self, encode, login_form};
use crate::routes::{Claims, Page, log_in};
use crate::things::{Change, change_list};
use crate::users::{Credentials, Db, PasswordChange};

/// Credentials that were refused: the form again, with the reason.
pub struct Refused(AppError, LocalUrl);

impl<'r> Responder<'r, 'static> for Refused {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Self(error, next) = self;
        match error.answer() {
            Ok((status, message)) => (status, login_form(&next, message, true)).respond_to(request),
            Err(error) => error.respond_to(request),
        }
    }
}

/// Where expired and missing sessions end; what was wanted stands in `next`.
#[get("/login?<next>&<welcome>")]
pub fn login_page(next: LocalUrl, welcome: bool) -> Page {
    let message = if welcome { "Welcome. Now log in." } else { "" };
    login_form(&next, message, false)
}

/// Opens a session for the user in an HTML form, and goes on to what was wanted.
#[post("/login?<next>", format = "form", data = "<form>")]
pub async fn log_in_form(
    next: LocalUrl,
    login: Login,
    sessions: Sessions,
    form: Form<Credentials>,
    db: Db,
) -> Result<Redirect, Refused> {
    match log_in(login, sessions, form.into_inner(), db).await {
        Ok(()) => Ok(next.to_redirect()),
        Err(error) => Err(Refused(error, next)),
    }
}

/// Adds a user from an HTML form.
#[post("/signup?<next>", format = "form", data = "<form>")]
pub async fn sign_up_form(
    next: LocalUrl,
    form: Form<Credentials>,
    db: Db,
) -> Result<Redirect, Refused> {
    match db.sign_up(form.into_inner()).await {
        Ok(()) => Ok(login_page_for(&next, "welcome=true&")),
        Err(error) => Err(Refused(error, next)),
    }
}

/// For whoever asks for the address that a refused sign-up has left in the browser.
#[get("/signup?<next>")]
pub fn sign_up_page(next: LocalUrl) -> Redirect {
    login_page_for(&next, "")
}

fn login_page_for(next: &LocalUrl, query: &str) -> Redirect {
    Redirect::to(format!("/login?{query}next={}", encode(next)))
}

/// Who is logged in, the list, and the devices.
#[get("/account?<message>")]
pub async fn account(session: Session<Claims>, message: Option<&str>) -> Result<Page, Error> {
    let (message, bad) = match message {
        Some("changed") => ("Changed. All other sessions have ended.", false),
        Some("again") => (
            "You have been away for a while. If a device below should be signed out, press the button again.",
            true,
        ),
        Some("other") => (crate::error::OTHER_USER, true),
        _ => ("", false),
    };
    page_of(&session, message, bad).await
}

/// For whoever asks for the address that a refused form has left in the browser.
#[get("/account/<_>")]
pub fn account_form() -> Redirect {
    Redirect::to("/account")
}

async fn page_of(session: &Session<Claims>, message: &str, bad: bool) -> Result<Page, Error> {
    let things = session.data().await?.awesome_things;
    let devices = devices::of(session).await?;
    let (id, name) = (session.user_id(), &session.payload().name);
    Ok(html::account(id, name, &things, &devices, message, bad))
}

/// The page again, with the reason why a form was refused.
async fn refused(session: &Session<Claims>, error: AppError) -> Result<(Status, Page), Error> {
    let (status, message) = error.answer()?;
    Ok((status, page_of(session, message, true).await?))
}

/// Changes the list of `user`, for whom the page was made: another tab may have logged in somebody else.
#[post("/account/things?<user>", data = "<change>")]
pub async fn change_things(
    session: Session<Claims>,
    user: &str,
    change: Form<Change>,
) -> Result<Result<Redirect, (Status, Page)>, Error> {
    let changed = if user == session.user_id() {
        change_list(&session, change.into_inner()).await
    } else {
        Err(AppError::OtherUser)
    };
    Ok(match changed {
        Ok(_) => Ok(Redirect::to("/account")),
        Err(error) => Err(refused(&session, error).await?),
    })
}

/// Changes the password of `user`, for whom the page was made, replaces this session and ends all others.
#[post("/account/password?<user>", data = "<change>")]
pub async fn change_password(
    session: Session<Claims>,
    user: &str,
    sessions: Sessions,
    change: Form<PasswordChange>,
    db: Db,
) -> Result<Result<Redirect, (Status, Page)>, Error> {
    if user != session.user_id() {
        return Ok(Err(refused(&session, AppError::OtherUser).await?));
    }
    let session = Arc::new(session);
    let changed = db.change_password(Arc::clone(&session), change.into_inner(), sessions);
    match changed.await {
        Ok(committed) => {
            session.attach_committed(committed);
            Ok(Ok(Redirect::to("/account?message=changed")))
        }
        Err(error) => Ok(Err(refused(&session, error).await?)),
    }
}

#[derive(FromForm)]
pub struct Ended {
    handle: String,
}

/// Signs out another device of `user`. One that is signed out already, by a first click, is as good.
#[post("/account/devices?<user>", data = "<ended>")]
pub async fn end_device(
    session: Result<Session<Claims>, Error>,
    user: &str,
    sessions: Sessions,
    ended: Form<Ended>,
) -> Result<Redirect, Error> {
    match session {
        Ok(session) if user != session.user_id() => Ok(Redirect::to("/account?message=other")),
        Ok(session) => devices::end(session, &sessions, &ended.handle)
            .await
            .map(|_found| Redirect::to("/account")),
        Err(error) => press_again(error),
    }
}

/// Signs out this device; fine also for a session that has expired or ended.
#[logout]
#[post("/account/signout")]
pub fn sign_out() -> Redirect {
    Redirect::to("/login?next=/account")
}

#[post("/account/signout-everywhere?<user>")]
pub async fn sign_out_everywhere(
    session: Result<Session<Claims>, Error>,
    user: &str,
) -> Result<Redirect, Error> {
    match session {
        Ok(session) if user != session.user_id() => Ok(Redirect::to("/account?message=other")),
        Ok(session) => {
            devices::end_all(session).await?;
            Ok(Redirect::to("/login?next=/account"))
        }
        Err(error) => press_again(error),
    }
}

/// The answer to a button that needs a live session. `/account` refreshes one that has expired and shows
/// the button again; if it has ended, by a first click say, it leads to the login page.
fn press_again(error: Error) -> Result<Redirect, Error> {
    match error {
        Error::NoToken => Ok(Redirect::to("/login?next=/account")),
        Error::TryRefreshToken | Error::Unauthorised => Ok(Redirect::to("/account?message=again")),
        other => Err(other),
    }
}
