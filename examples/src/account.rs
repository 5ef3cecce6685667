//! The same without a script: pages that the server renders, plain forms, and a redirect after each.

use std::sync::Arc;

use rocket::form::Form;
use rocket::http::Status;
use rocket::request::FlashMessage;
use rocket::response::{self, Flash, Redirect, Responder};
use rocket::{FromForm, Request, get, post};
use session_runtime::{Error, LocalUrl, Login, Session, SessionHandle, Sessions, logout};

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
#[get("/login?<next>")]
pub fn login_page(next: LocalUrl, flash: Option<FlashMessage<'_>>) -> Page {
    match flash.map(FlashMessage::into_inner) {
        Some((kind, message)) if kind == "success" => login_form(&next, &message, false),
        // An error is about a button of a session that has ended since.
        Some(_) | None => login_form(&next, "", false),
    }
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

/// Adds a user from an HTML form. `Login` refuses forms of other sites, as it does for a login.
#[post("/signup?<next>", format = "form", data = "<form>")]
pub async fn sign_up_form(
    next: LocalUrl,
    _not_from_another_site: Login,
    form: Form<Credentials>,
    db: Db,
) -> Result<Flash<Redirect>, Refused> {
    match db.sign_up(form.into_inner()).await {
        Ok(()) => Ok(Flash::success(
            login_page_for(&next),
            "Welcome. Now log in.",
        )),
        Err(error) => Err(Refused(error, next)),
    }
}

/// For whoever asks for the address that a refused sign-up has left in the browser.
#[get("/signup?<next>")]
pub fn sign_up_page(next: LocalUrl) -> Redirect {
    login_page_for(&next)
}

fn login_page_for(next: &LocalUrl) -> Redirect {
    Redirect::to(format!("/login?next={}", encode(next)))
}

/// Who is logged in, the list, and the devices. A message of the last form is shown once.
#[get("/account")]
pub async fn account(
    session: Session<Claims>,
    flash: Option<FlashMessage<'_>>,
) -> Result<Page, Error> {
    match flash.map(FlashMessage::into_inner) {
        Some((kind, message)) => page_of(&session, &message, kind != "success").await,
        None => page_of(&session, "", false).await,
    }
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

/// Why a form of the account page was not done.
#[derive(Responder)]
pub enum FormError {
    /// The page again, with the reason.
    Refused((Status, Page)),
    /// The library answers these itself.
    Session(Error),
}

impl From<Error> for FormError {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

/// The page again, with the reason why a form was refused.
async fn refuse<T>(session: &Session<Claims>, error: AppError) -> Result<T, FormError> {
    let (status, message) = error.answer()?;
    let page = page_of(session, message, true).await?;
    Err(FormError::Refused((status, page)))
}

/// Changes the list of `user`, for whom the page was made: another tab may have logged in somebody else.
#[post("/account/things?<user>", data = "<change>")]
pub async fn change_things(
    session: Session<Claims>,
    user: &str,
    change: Form<Change>,
) -> Result<Redirect, FormError> {
    let changed = if user == session.user_id() {
        change_list(&session, change.into_inner()).await
    } else {
        Err(AppError::OtherUser)
    };
    match changed {
        Ok(_) => Ok(Redirect::to("/account")),
        Err(error) => refuse(&session, error).await,
    }
}

/// Changes the password of `user`, for whom the page was made, replaces this session and ends all others.
#[post("/account/password?<user>", data = "<change>")]
pub async fn change_password(
    session: Session<Claims>,
    user: &str,
    sessions: Sessions,
    change: Form<PasswordChange>,
    db: Db,
) -> Result<Flash<Redirect>, FormError> {
    if user != session.user_id() {
        return refuse(&session, AppError::OtherUser).await;
    }
    let session = Arc::new(session);
    let changed = db.change_password(Arc::clone(&session), change.into_inner(), sessions);
    match changed.await {
        Ok(committed) => {
            if let Err(error) = session.attach(committed) {
                return refuse(&session, error.into()).await;
            }
            let changed = "Changed. All other sessions have ended.";
            Ok(Flash::success(Redirect::to("/account"), changed))
        }
        Err(error) => refuse(&session, error).await,
    }
}

#[derive(FromForm)]
pub struct Ended {
    handle: SessionHandle,
}

/// Signs out another device of `user`. One that is signed out already, by a first click, is as good.
#[post("/account/devices?<user>", data = "<ended>")]
pub async fn end_device(
    session: Result<Session<Claims>, Error>,
    user: &str,
    ended: Form<Ended>,
) -> Result<Flash<Redirect>, Error> {
    match session {
        Ok(session) if user != session.user_id() => Ok(other_user()),
        Ok(session) => {
            session.revoke_device(ended.handle).await?;
            let done = "That device is signed out.";
            Ok(Flash::success(Redirect::to("/account"), done))
        }
        Err(error) => press_again(
            error,
            "Your session had to be renewed first, so that device is not signed out yet. Press its button again.",
        ),
    }
}

/// Signs out this device; fine also for a session that has expired or ended.
#[logout]
#[post("/account/signout")]
pub fn sign_out() -> Redirect {
    Redirect::to(LOG_IN)
}

#[post("/account/signout-everywhere?<user>")]
pub async fn sign_out_everywhere(
    session: Result<Session<Claims>, Error>,
    user: &str,
) -> Result<Flash<Redirect>, Error> {
    match session {
        Ok(session) if user != session.user_id() => Ok(other_user()),
        Ok(session) => {
            devices::end_all(session).await?;
            let done = "You are signed out everywhere.";
            Ok(Flash::success(Redirect::to(LOG_IN), done))
        }
        Err(error) => press_again(
            error,
            "Your session had to be renewed first, so no device is signed out yet. Press \"Sign out everywhere\" again.",
        ),
    }
}

const LOG_IN: &str = "/login?next=/account";

fn other_user() -> Flash<Redirect> {
    Flash::error(Redirect::to("/account"), crate::error::OTHER_USER)
}

/// The answer to a button that needs a live session. `/account` refreshes one that has expired and shows
/// the button again; if it has ended, by a first click say, it leads to the login page.
fn press_again(error: Error, message: &str) -> Result<Flash<Redirect>, Error> {
    match error {
        Error::NoToken => Ok(Flash::success(Redirect::to(LOG_IN), "You are signed out.")),
        Error::TryRefreshToken | Error::Unauthorised => {
            Ok(Flash::error(Redirect::to("/account"), message))
        }
        other => Err(other),
    }
}
