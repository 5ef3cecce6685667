//! What the pages without a script look like.

use rocket::http::Status;
use session_runtime::LocalUrl;

use crate::devices::Device;
use crate::routes::Page;

/// Who is logged in, the list, the devices, and what to do about them.
pub fn account(
    user_id: &str,
    name: &str,
    things: &[String],
    devices: &[Device],
    message: &str,
    bad: bool,
) -> Page {
    let (name, message) = (escape(name), escape(message));
    let class = if bad { "bad" } else { "" };
    let list: String = things
        .iter()
        .map(|thing| thing_row(user_id, thing))
        .collect();
    let rows: String = devices
        .iter()
        .map(|device| device_row(user_id, device))
        .collect();
    document(
        "Your account",
        &format!(
            r#"<h1>Hello {name}</h1>
<p id="message" role="status" class="{class}">{message}</p>
<p><a href="/">The page with a script</a></p>
<div id="member" data-user="{user_id}">
<section class="card" aria-labelledby="things-title"><h2 id="things-title">Your list</h2>
<ul id="things" class="rows" role="list">{list}</ul>
<form class="row" method="post" action="/account/things?user={user_id}">
<label for="add" class="unseen">Another awesome thing</label>
<input id="add" name="add" required maxlength="100" autocomplete="off" placeholder="Something awesome">
<button class="primary">Add</button></form></section>
<section class="card" aria-labelledby="devices-title"><h2 id="devices-title">Your devices</h2>
<ul class="rows" role="list">{rows}</ul>
<div class="row">
<form method="post" action="/account/signout"><button>Sign out</button></form>
<form method="post" action="/account/signout-everywhere?user={user_id}"><button>Sign out everywhere</button></form>
</div></section>
<section class="card" aria-labelledby="change-title"><h2 id="change-title">Change password</h2>
<p class="hint">Ends all your other sessions, in the same commit.</p>
<form id="change" method="post" action="/account/password?user={user_id}">
<label for="current">Current password</label>
<input id="current" name="current" type="password" required maxlength="128" autocomplete="current-password">
<label for="new">New password</label>
<input id="new" name="new" type="password" required minlength="8" maxlength="128" autocomplete="new-password" aria-describedby="rule-new">
<p id="rule-new" class="hint">At least 8 characters.</p>
<div class="row"><button class="primary">Change</button></div></form></section>
</div>
<script src="/back.js"></script>"#
        ),
    )
}

/// The form, for whoever wants to see `next`.
pub fn login_form(next: &LocalUrl, message: &str, bad: bool) -> Page {
    let next = encode(next);
    let message = escape(message);
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

/// For an error that nothing else explains.
pub fn failed(status: Status) -> Page {
    let (title, text) = match status.code {
        404 => ("Not found", "There is no such page."),
        400 | 413 | 415 | 422 => (
            "Nothing was done",
            "The server could not read what was sent.",
        ),
        _ => ("Something went wrong", "The server could not do this."),
    };
    document(
        title,
        &format!(r#"<h1>{title}</h1><p>{text} <a href="/">Start again</a></p>"#),
    )
}

fn thing_row(user_id: &str, thing: &str) -> String {
    let thing = escape(thing);
    format!(
        r#"<li><span>{thing}</span><form method="post" action="/account/things?user={user_id}"><button name="remove" value="{thing}" aria-label="Remove {thing}">Remove</button></form></li>"#
    )
}

fn device_row(user_id: &str, device: &Device) -> String {
    let Device { handle, ip, .. } = device;
    let name = escape(&device.name);
    // This one signs out as by the button below the list, which takes a session that has expired.
    let (here, action) = match device.current {
        true => ("<b>this one</b>", "/account/signout".to_owned()),
        false => ("", format!("/account/devices?user={user_id}")),
    };
    let bound = if device.bound {
        ", bound to the device"
    } else {
        ""
    };
    let since = device.since.get(..16).unwrap_or_default().replace('T', " ");
    format!(
        r#"<li><span>{name} {here}<small>since {since} UTC, {ip}{bound}</small></span><form method="post" action="{action}"><button name="handle" value="{handle}" aria-label="Sign out {name}">Sign out</button></form></li>"#
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

/// For a query.
pub fn encode(url: &LocalUrl) -> String {
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
