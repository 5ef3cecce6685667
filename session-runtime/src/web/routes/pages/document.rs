//! The few small pages that the library shows itself, each with a content security policy.

use std::io::Cursor;
use std::time::Duration;

use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder};
use rocket::{Request, Response};

use crate::web::local_url::LocalUrl;
use crate::web::response::headers;
use crate::web::state;

/// A whole page.
#[derive(Debug)]
pub(in crate::web) struct Document {
    pub(in crate::web) status: Status,
    pub(in crate::web) title: &'static str,
    pub(in crate::web) text: &'static str,
    pub(in crate::web) body: Body,
}

/// What the user can do on it.
#[derive(Debug)]
pub(in crate::web) enum Body {
    Nothing,
    /// Links, with their words.
    Links(Vec<(String, &'static str)>),
    /// A button that refreshes the session and continues.
    Refresh {
        action: LocalUrl,
        next: LocalUrl,
        login: LocalUrl,
        /// Whether a script presses it, but at most once per tab within this time.
        by_itself: Option<Duration>,
    },
}

impl Body {
    pub(in crate::web) fn link(to: impl ToString, words: &'static str) -> Self {
        Self::Links(vec![(to.to_string(), words)])
    }
}

/// No cache may store it.
pub(super) fn finish(response: &mut Response<'_>) {
    headers::forbid_caching(response);
    headers::append(response, "Vary", "Accept");
    headers::append(response, "Vary", "HX-Request");
}

/// The nonce of one answer's policy, so that only that answer's script runs.
fn nonce(request: &Request<'_>) -> Option<String> {
    state::managed(request).ok()?.nonce().ok()
}

impl Document {
    /// For a user whose session must be refreshed, or has ended.
    pub(in crate::web) fn lost(status: Status, reads: bool, body: Body) -> Self {
        let goes_on = matches!(body, Body::Refresh { .. });
        let (title, text) = match (reads, goes_on) {
            (true, true) => (
                "One moment",
                "Your session has to be renewed. Continue where you were.",
            ),
            (true, false) => PLEASE_LOG_IN,
            (false, true) => (
                "Nothing was sent",
                "Your session has to be renewed first, so your form was not sent. Continue, then send it again. \
                 If you go back before you continue, your browser may still have what you typed.",
            ),
            (false, false) => (
                "Nothing was sent",
                "Your session has ended, so your form was not sent. Log in, then send it again.",
            ),
        };
        Self {
            status,
            title,
            text,
            body,
        }
    }

    /// For a request that the application itself refused, such as a wrong password.
    pub(in crate::web) fn refused(login: LocalUrl) -> Self {
        Self {
            status: Status::Unauthorized,
            title: "Not accepted",
            text: "What you sent was not accepted, so you are not logged in. Go back and try again.",
            body: Body::link(login, "Log in"),
        }
    }

    /// For a form that was sent with a session of another payload type; no session has ended.
    pub(in crate::web) fn of_another_session(
        status: Status,
        root: LocalUrl,
        log_in: LocalUrl,
    ) -> Self {
        Self {
            status,
            title: "Nothing was sent",
            text: "You are logged in, but not for this form, so it was not sent. Perhaps you have finished it in \
                   another tab.",
            body: Body::Links(vec![
                (root.to_string(), "Continue"),
                (log_in.to_string(), "Log in again"),
            ]),
        }
    }

    /// For a form of a session that a later login of the same browser replaced: a second click, or
    /// another tab.
    pub(in crate::web) fn replaced(status: Status, body: Body) -> Self {
        Self {
            status,
            title: "Sent twice?",
            text: "Your session was renewed a moment ago, by this very form or in another tab, so this was not done \
                   again. See what has changed before you repeat it.",
            body,
        }
    }

    /// For a browser with the sessions of two people.
    pub(in crate::web) fn several_users(status: Status, log_in: LocalUrl) -> Self {
        Self {
            status,
            title: "Who is it?",
            text: "Two people have logged in with this browser, so nobody can say whose page this is. Log in again as \
                   one of them.",
            body: Body::link(log_in, "Log in"),
        }
    }

    /// For any other error, with a link to try again if that may help.
    pub(in crate::web) fn of_status(
        status: Status,
        again: Option<(LocalUrl, &'static str)>,
    ) -> Self {
        let (title, text) = text_of(status);
        let body = match again {
            Some((page, words)) if status == Status::ServiceUnavailable => Body::link(page, words),
            _ => Body::Nothing,
        };
        Self {
            status,
            title,
            text,
            body,
        }
    }

    /// For any error, with a link to the login.
    pub(in crate::web) fn with_login(status: Status, login: String) -> Self {
        Self {
            body: Body::link(login, "Log in"),
            ..Self::of_status(status, None)
        }
    }

    /// For a request of another site.
    pub(in crate::web) fn not_from_here() -> Self {
        Self {
            title: "Not from here",
            text: "A page of another site asked for this. Nothing was changed.",
            ..Self::of_status(Status::Forbidden, None)
        }
    }

    fn html(&self, nonce: Option<&str>) -> String {
        let Self {
            title, text, body, ..
        } = self;
        let nonce = nonce.unwrap_or_default();
        let body = match body {
            Body::Nothing => String::new(),
            Body::Links(links) => links
                .iter()
                .map(|(to, words)| (escape(to), words))
                .map(|(to, words)| format!("<p><a href=\"{to}\">{words}</a></p>\n"))
                .collect(),
            Body::Refresh {
                action,
                next,
                login,
                by_itself,
            } => {
                let instead = escape(login.with("next", next).as_str());
                let [action, next, login] = [action, next, login].map(|url| escape(url.as_str()));
                let script = match by_itself {
                    Some(pause) if !nonce.is_empty() => script(nonce, *pause),
                    _ => String::new(),
                };
                format!(
                    "<p id=\"again\" hidden>It did not continue by itself just now, so press the button. If this page comes back again and again, this \
                     browser may keep no cookies.</p>\n\
                     <form id=\"refresh\" method=\"post\" action=\"{action}\">\n\
                     <input type=\"hidden\" name=\"next\" value=\"{next}\">\n\
                     <input type=\"hidden\" name=\"login\" value=\"{login}\">\n\
                     <button autofocus>Continue</button>\n</form>\n\
                     <p><a href=\"{instead}\">Log in instead</a></p>\n{script}"
                )
            }
        };
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <style nonce=\"{nonce}\">{STYLE}</style>\n\
             <main>\n<h1>{title}</h1>\n<p>{text}</p>\n{body}</main>\n</html>\n"
        )
    }
}

impl<'r> Responder<'r, 'static> for Document {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let nonce = nonce(request);
        let html = self.html(nonce.as_deref());
        let mut response = Response::new();
        response.set_status(self.status);
        response.set_header(ContentType::HTML);
        response.set_header(Header::new(
            "Content-Security-Policy",
            policy(nonce.as_deref()),
        ));
        if self.status == Status::ServiceUnavailable {
            headers::ask_to_retry(&mut response);
        }
        response.set_sized_body(html.len(), Cursor::new(html));
        finish(&mut response);
        Ok(response)
    }
}

/// A policy that allows only this answer's own script and style.
fn policy(nonce: Option<&str>) -> String {
    let own = nonce.map_or("'none'".to_owned(), |nonce| format!("'nonce-{nonce}'"));
    format!(
        "default-src 'none'; script-src {own}; style-src {own}; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )
}

/// Presses the button once. A browser that loses its new cookies would otherwise come back here for
/// ever, so a tab does it again only after `pause`. Otherwise, or if the tab cannot remember it,
/// the user has to press the button.
fn script(nonce: &str, pause: Duration) -> String {
    let pause = pause.as_millis();
    format!(
        "<script nonce=\"{nonce}\">\n\
         const again = document.getElementById(\"again\");\n\
         try {{\n  \
           const now = Date.now();\n  \
           const recent = Math.abs(now - Number(sessionStorage.getItem(\"session-refresh\"))) < {pause};\n  \
           sessionStorage.setItem(\"session-refresh\", now);\n  \
           if (recent) again.hidden = false;\n  \
           else document.getElementById(\"refresh\").submit();\n\
         }} catch {{\n  again.hidden = false;\n}}\n</script>\n"
    )
}

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:0}main{max-width:32rem;margin:15vh auto;padding:0 1.5rem}a{color:inherit}\
button{font:inherit;padding:.5rem 1.25rem}";

const PLEASE_LOG_IN: (&str, &str) = (
    "Please log in",
    "This page is for members, or your session has ended.",
);

/// A status in words for a user.
fn text_of(status: Status) -> (&'static str, &'static str) {
    match status.code {
        401 => PLEASE_LOG_IN,
        403 => ("Not allowed", "Your session does not allow this."),
        409 => (
            "Changed meanwhile",
            "Somebody else has changed this. Load it again.",
        ),
        503 => (
            "Try again",
            "The server cannot answer now, and nothing has changed. Try again in a moment.",
        ),
        _ => ("Something went wrong", "The server could not do this."),
    }
}

/// For text and for attributes in double quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}
