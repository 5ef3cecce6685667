//! The same without a script: pages that the server renders, plain forms, and a redirect after each.

use rocket::form::Form;
use rocket::http::Status;
use rocket::response::{self, Redirect, Responder};
use rocket::{FromForm, Request, get, post};
use session_runtime::{Error, LocalUrl, Session, Sessions, login, logout};

use crate::devices::{self, Device};
use crate::routes::{Claims, Page, Things, log_in, sign_up};
use crate::users::{Credentials, Db, UserError};

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
#[get("/account")]
pub async fn account(session: Session<Claims>) -> Result<Page, Error> {
    let things = session.data().await?.awesome_things;
    let devices = devices::of(&session).await?;
    let name = escape(&session.payload().name);
    let list: String = things.iter().map(|thing| thing_row(thing)).collect();
    let rows: String = devices.iter().map(device_row).collect();
    let main = format!(
        r#"<h1>Hello {name}</h1>
<p><a href="/">The page with a script</a></p>
<div id="member">
<section class="card" aria-labelledby="things-title"><h2 id="things-title">Your list</h2>
<ul id="things" class="rows" role="list">{list}</ul>
<form class="row" method="post" action="/account/things">
<label for="add" class="unseen">Another awesome thing</label>
<input id="add" name="add" required maxlength="100" autocomplete="off" placeholder="Something awesome">
<button class="primary">Add</button></form></section>
<section class="card" aria-labelledby="devices-title"><h2 id="devices-title">Your devices</h2>
<ul class="rows" role="list">{rows}</ul>
<div class="row">
<form method="post" action="/account/signout"><button>Sign out</button></form>
<form method="post" action="/account/signout-everywhere"><button>Sign out everywhere</button></form>
</div></section>
</div>"#
    );
    Ok(document("Your account", &main))
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
    let add = add.map(|thing| thing.trim().to_owned());
    session
        .update_data(move |Things { awesome_things }| {
            awesome_things
                .retain(|thing| Some(thing) != remove.as_ref() && Some(thing) != add.as_ref());
            awesome_things.extend(add.clone().filter(|thing| !thing.is_empty()));
        })
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

fn login_form(next: &LocalUrl, message: &str, bad: bool) -> Page {
    let next = encode(next);
    let class = if bad { "bad" } else { "" };
    document(
        "Log in",
        &format!(
            r#"<h1>Awesome things</h1>
<p id="message" role="status" class="{class}">{message}</p>
<form id="guest" class="card" method="post" action="/login?next={next}">
<h2>Log in or sign up</h2>
<label for="user">User name</label>
<input id="user" name="user" required maxlength="64" autocomplete="username" autocapitalize="none" spellcheck="false" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" required minlength="8" maxlength="128" autocomplete="current-password" aria-describedby="rule">
<p id="rule" class="hint">At least 8 characters.</p>
<div class="row"><button class="primary">Log in</button><button formaction="/signup?next={next}">Sign up</button></div>
</form>"#
        ),
    )
}

fn thing_row(thing: &str) -> String {
    let thing = escape(thing);
    format!(
        r#"<li><span>{thing}</span><form method="post" action="/account/things"><button name="remove" value="{thing}" aria-label="Remove {thing}">Remove</button></form></li>"#
    )
}

fn device_row(device: &Device) -> String {
    let Device { handle, ip, .. } = device;
    let name = escape(&device.name);
    let here = if device.current {
        "<b>this one</b>"
    } else {
        ""
    };
    let since = device.since.get(..16).unwrap_or_default().replace('T', " ");
    format!(
        r#"<li><span>{name} {here}<small>since {since} UTC, {ip}</small></span><form method="post" action="/account/devices"><button name="handle" value="{handle}" aria-label="Sign out {name}">Sign out</button></form></li>"#
    )
}

fn document(title: &str, main: &str) -> Page {
    Page::new(format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body class="plain">
<main>
{main}
</main>
</body>
</html>
"#
    ))
}

fn encode(url: &LocalUrl) -> String {
    rocket::http::RawStr::new(url.as_str())
        .percent_encode()
        .to_string()
}

/// For text and for attributes in double quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}
