//! Functions that other macros build, and attributes in every place.

use rocket::http::CookieJar;
use rocket::{Route, routes};
use session_runtime::{login, logout};

use super::{LoggedIn, ada};

pub(super) fn all() -> Vec<Route> {
    routes![
        from_tokens,
        from_idents,
        from_body,
        with_argument,
        from_type,
        documented,
        conditional,
        inlined,
        by_path,
        scoped::inner,
        scoped::public,
        attributes_below,
        logout_from_tokens,
        patch_from_tokens
    ]
}

macro_rules! whole {
    ($($tokens:tt)*) => {
        $($tokens)*
    };
}

whole! {
    #[login]
    #[rocket::post("/built/from-tokens?<user>")]
    fn from_tokens(user: &str) -> Option<LoggedIn> {
        (user == "ada").then(ada)
    }
}

macro_rules! named {
    ($name:ident, $path:literal) => {
        #[login]
        #[rocket::post($path)]
        fn $name() -> LoggedIn {
            ada()
        }
    };
}

named!(from_idents, "/built/from-idents");

macro_rules! bodied {
    ($name:ident, $path:literal, $body:expr) => {
        #[login]
        #[rocket::post($path)]
        fn $name() -> Option<LoggedIn> {
            $body
        }
    };
}

bodied!(from_body, "/built/from-body", Some(ada()));

macro_rules! with_argument {
    ($name:ident, $path:literal, $argument:ident: $type:ty) => {
        #[login]
        #[rocket::post($path)]
        fn $name($argument: $type) -> Option<LoggedIn> {
            ($argument.iter().count() == 0).then(ada)
        }
    };
}

with_argument!(with_argument, "/built/with-argument", jar: &CookieJar<'_>);

macro_rules! returning {
    ($name:ident, $path:literal, $outcome:ty) => {
        #[login]
        #[rocket::post($path)]
        fn $name() -> $outcome {
            Ok(ada())
        }
    };
}

returning!(from_type, "/built/from-type", Result<LoggedIn, rocket::http::Status>);

/// What it does.
///
/// And why.
#[login]
#[rocket::post("/built/documented")]
#[allow(clippy::let_and_return)] // a lint level is the shape
fn documented() -> LoggedIn {
    let user = ada();
    user
}

#[cfg_attr(all(), login)]
#[rocket::post("/built/conditional")]
fn conditional() -> LoggedIn {
    ada()
}

#[login]
#[inline]
#[rocket::post("/built/inlined")]
fn inlined() -> LoggedIn {
    ada()
}

#[session_runtime::login]
#[::rocket::post("/built/by-path")]
fn by_path() -> LoggedIn {
    ada()
}

mod scoped {
    use rocket::post;
    use session_runtime::login;

    #[login]
    #[post("/built/inner")]
    pub(super) fn inner() -> crate::LoggedIn {
        crate::ada()
    }

    #[login]
    #[post("/built/public")]
    pub(crate) fn public() -> super::LoggedIn {
        super::ada()
    }
}

#[rocket::post("/built/attributes-below")]
#[must_use]
fn attributes_below() -> &'static str {
    "no login"
}

macro_rules! leaving {
    ($name:ident, $path:literal) => {
        #[logout]
        #[rocket::post($path)]
        fn $name() -> &'static str {
            "bye"
        }
    };
}

leaving!(logout_from_tokens, "/built/logout-from-tokens");

whole! {
    #[login]
    #[rocket::patch("/built/patch-from-tokens")]
    async fn patch_from_tokens() -> LoggedIn {
        rocket::tokio::task::yield_now().await;
        ada()
    }
}
