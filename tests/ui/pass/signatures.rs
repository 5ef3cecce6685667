//! What a route takes without `#[login]` it takes with it: any name, built by any macro.

#![deny(warnings)]
#![warn(clippy::all)]

use rocket::form::{Form, FromForm};
use rocket::http::{CookieJar, Status};
use rocket::response::{Redirect, Responder};
use rocket::serde::json::Json;
use rocket::{Build, Rocket, post, routes, uri};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, NewSession, Session, Sessions, login, logout};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[derive(FromForm)]
struct Credentials<'r> {
    user: &'r str,
}

type LoggedIn = (String, Claims, ());

fn known(user: &str) -> LoggedIn {
    let name = user.to_owned();
    (user.to_owned(), Claims { name }, ())
}

mod named_like_its_argument {
    use super::*;

    #[login]
    #[post("/named_like_its_argument", data = "<login>")]
    pub(crate) async fn login(login: Form<Credentials<'_>>) -> LoggedIn {
        known(login.user)
    }

    #[logout]
    #[post("/named_like_its_argument/<logout>")]
    pub(super) fn logout(logout: &str) -> String {
        logout.to_owned()
    }
}

/// Names that the expansion might want for itself.
mod taken_names {
    use super::*;

    #[login]
    #[post("/taken/<__session>/<outcome>/<decision>")]
    pub fn taken(__session: &str, outcome: &str, decision: u8, __session_: &CookieJar<'_>) -> LoggedIn {
        let _ = (decision, __session_);
        known(&format!("{__session}{outcome}"))
    }

    #[login]
    #[post("/lifetimes/<user>")]
    pub fn lifetimes<'__session, '__r>(
        user: &'__session str,
        jar: &'__r CookieJar<'__r>,
    ) -> Option<LoggedIn>
    where
        '__r: '__session,
    {
        jar.get(user).map(|_| known(user))
    }

    #[login]
    #[post("/guard")]
    pub fn guard() -> LoggedIn {
        known("ada")
    }
}

/// Values that the expansion might take for patterns.
mod taken_values {
    use super::*;

    #[allow(non_camel_case_types)]
    pub struct outcome;
    #[allow(non_upper_case_globals)]
    pub const decision: u8 = 0;

    #[login]
    #[post("/outcome/<arguments>")]
    pub fn arguments(arguments: &str) -> LoggedIn {
        let _ = (outcome, decision);
        known(arguments)
    }
}

mod raw_identifiers {
    use super::*;

    #[login]
    #[post("/raw/<type>?<match>")]
    pub fn r#move(r#type: &str, r#match: Option<u8>) -> LoggedIn {
        known(&format!("{} {:?}", r#type, r#match))
    }
}

/// Two in one module, one of them called like what a macro would generate.
mod several {
    use super::*;

    #[login]
    #[rocket::post("/several/<_>/first", rank = 2, format = "json", data = "<body>")]
    pub async fn first(body: Json<String>) -> LoggedIn {
        known(&body)
    }

    #[login]
    #[rocket::route(PUT, uri = "/several/<name>", format = "application/json", rank = 3)]
    pub fn second(name: String) -> NewSession<Redirect> {
        let (user, claims, data) = known(&name);
        NewSession::new(user, claims, data).answer(Redirect::to("/"))
    }

    #[login]
    #[post("/several")]
    #[allow(non_snake_case)]
    pub fn Login() -> LoggedIn {
        known("ada")
    }
}

/// Written by `macro_rules!`, with each part from either side.
mod built {
    use super::*;

    macro_rules! by_name {
        ($name:ident, $path:literal) => {
            #[login]
            #[post($path)]
            pub async fn $name() -> LoggedIn {
                known(stringify!($name))
            }
        };
    }
    by_name!(by_name, "/built/name");

    macro_rules! by_type {
        ($name:ident, $path:literal, $outcome:ty) => {
            #[login]
            #[post($path)]
            pub fn $name() -> $outcome {
                known("ada")
            }
        };
    }
    by_type!(by_type, "/built/type", LoggedIn);

    macro_rules! attributes {
        ($(#[$attribute:meta])* fn $name:ident() -> $outcome:ty $body:block) => {
            $(#[$attribute])*
            pub async fn $name() -> $outcome $body
        };
    }
    attributes! {
        /// Documented.
        #[login]
        #[post("/built/attributes")]
        fn attributes() -> Option<LoggedIn> { Some(known("ada")) }
    }

    macro_rules! route_inside {
        ($(#[$attribute:meta])* fn $name:ident() -> $outcome:ty $body:block) => {
            $(#[$attribute])*
            #[post("/built/route_inside")]
            pub fn $name() -> $outcome $body
        };
    }
    route_inside! {
        #[login]
        fn route_inside() -> LoggedIn { known("ada") }
    }

    macro_rules! route_outside {
        ($(#[$attribute:meta])* fn $name:ident() -> $outcome:ty $body:block) => {
            #[login]
            $(#[$attribute])*
            pub fn $name() -> $outcome $body
        };
    }
    route_outside! {
        #[post("/built/route_outside")]
        fn route_outside() -> LoggedIn { known("ada") }
    }

    macro_rules! whole {
        ($function:item) => { #[login] $function };
    }
    whole! {
        #[post("/built/whole/<user>")]
        pub fn whole(user: &str) -> LoggedIn { known(user) }
    }

    macro_rules! tokens {
        ($($function:tt)*) => { #[login] $($function)* };
    }
    tokens! {
        #[post("/built/tokens/<user>")]
        pub fn tokens(user: &str) -> LoggedIn { known(user) }
    }

    macro_rules! passed_on {
        ($function:item) => { $function };
    }
    passed_on! {
        #[login]
        #[post("/built/passed_on/<user>")]
        pub fn passed_on(user: &str) -> LoggedIn { known(user) }
    }

    macro_rules! ends {
        ($name:ident $(, $argument:ident: $ty:ty)*) => {
            #[logout]
            #[post("/built/ends/<_>", data = "<ends>")]
            pub fn $name($($argument: $ty),*) -> &'static str {
                $(let _ = $argument;)*
                "bye"
            }
        };
    }
    ends!(ends, ends: String, jar: &CookieJar<'_>);

    macro_rules! nested {
        ($name:ident, $path:literal, $argument:ident) => {
            by_argument!($name, $path, $argument, &str);
        };
    }
    macro_rules! by_argument {
        ($name:ident, $path:literal, $argument:ident, $ty:ty) => {
            #[login]
            #[post($path)]
            pub fn $name($argument: $ty) -> LoggedIn {
                known($argument)
            }
        };
    }
    nested!(nested, "/built/nested/<nested>", nested);
}

/// Whatever else stands on a function and its arguments.
mod decorated {
    use super::*;

    /// Documented.
    #[login]
    #[post("/decorated/<first>/<second>")]
    #[deprecated = "only to show that it may stand here"]
    #[must_use]
    pub async fn decorated(
        #[allow(unused_variables)] first: &str,
        #[cfg(all())]
        mut second: String,
    ) -> LoggedIn {
        second.push('!');
        known(&second)
    }

    #[login]
    #[post("/decorated/const")]
    pub const fn constant() -> Option<LoggedIn> {
        None
    }

    #[login]
    #[post("/decorated/extern")]
    #[allow(improper_ctypes_definitions)]
    pub extern "C" fn external() -> Option<LoggedIn> {
        None
    }

    #[login]
    #[post("/decorated/where/<user>")]
    pub fn conditions<'a, 'b: 'a>(user: &'b str, jar: &'a CookieJar<'b>) -> Result<LoggedIn, Status>
    where
        &'a str: Copy,
    {
        let _ = jar;
        Ok(known(user))
    }

    #[login]
    #[post("/decorated/unnamed/<known>")]
    pub fn unnamed(known: bool) -> Result<LoggedIn, impl for<'r> Responder<'r, 'static>> {
        let _ = known;
        Err((Status::NotFound, "who is that?"))
    }

    #[login]
    #[post("/decorated/session")]
    pub fn session(session: Option<Session<Claims>>) -> Option<LoggedIn> {
        session.map(|session| known(&session.payload().name))
    }
}

/// Beside names that shadow those of the prelude.
mod shadowed {
    use super::{LoggedIn, known, login, logout, post};

    pub struct Option;
    pub struct Result;
    pub struct Box;
    pub struct String;
    pub fn drop() {}

    #[login]
    #[post("/shadowed")]
    pub fn enter() -> LoggedIn {
        known("ada")
    }

    #[logout]
    #[post("/shadowed/leave")]
    pub fn leave() -> &'static str {
        "bye"
    }
}

#[allow(deprecated)]
fn rocket() -> Rocket<Build> {
    let routes = [
        routes![named_like_its_argument::login, named_like_its_argument::logout],
        routes![
            taken_names::taken,
            taken_names::lifetimes,
            taken_values::arguments,
            taken_names::guard,
            raw_identifiers::r#move,
            several::first,
            several::second,
            several::Login,
        ],
        routes![
            built::by_name,
            built::by_type,
            built::attributes,
            built::route_inside,
            built::route_outside,
            built::whole,
            built::passed_on,
            built::tokens,
            built::ends,
            built::nested,
        ],
        routes![
            decorated::decorated,
            decorated::constant,
            decorated::external,
            decorated::conditions,
            decorated::unnamed,
            decorated::session,
            shadowed::enter,
            shadowed::leave,
        ],
    ];
    let rocket = rocket::build().attach(Sessions::fairing());
    routes.into_iter().fold(rocket, |rocket, routes| rocket.mount("/", routes))
}

fn main() {
    // Built, not launched: this program also runs.
    assert_eq!(rocket().routes().count(), 28);
    let uri = uri!(raw_identifiers::r#move("a", Some(1)));
    assert_eq!(uri.to_string(), "/raw/a?match=1");
}
