//! One expansion of each macro, pretty-printed and kept in `expected/`, so that reviewers read
//! changes of the generated code.
//!
//! `UPDATE_EXPECTED=1 cargo test -p session-macros` rewrites them.

use std::path::Path;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;

fn check(name: &str, expansion: &TokenStream) {
    let file = syn2::parse2(expansion.clone()).expect("an expansion that is Rust");
    let printed = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("expected")
        .join(name)
        .with_extension("rs");
    if env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, &printed).expect("a file that can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        printed, expected,
        "{name} expands to something else: read it, then set UPDATE_EXPECTED=1"
    );
}

#[test]
fn login() {
    let route = quote! {
        /// The login of the README.
        #[post("/login", data = "<credentials>")]
        async fn login(
            credentials: Json<Credentials>,
            users: Users,
        ) -> Result<(String, Claims, Preferences), LoginError> {
            let user = users.verify(&credentials).await?;
            Ok((user.id, Claims { name: user.name }, Preferences { awesome_things: vec![] }))
        }
    };
    check(
        "login",
        &crate::login::LOGIN.expand(&TokenStream::new(), &route),
    );
}

#[test]
fn login_with_lifetimes() {
    let route = quote! {
        #[allow(clippy::needless_pass_by_value)]
        #[rocket::put("/login/<user>")]
        pub(crate) fn login<'r>(user: &'r str, mut jar: &CookieJar<'_>) -> Option<Outcome> {
            None
        }
    };
    check(
        "login_with_lifetimes",
        &crate::login::LOGIN.expand(&TokenStream::new(), &route),
    );
}

#[test]
fn login_cross_site() {
    let route = quote! {
        #[get("/oauth/callback?<code>&<state>")]
        async fn callback(code: &str, state: &str) -> Result<NewSession<Redirect>, Status> {
            exchange(code, state).await
        }
    };
    check(
        "login_cross_site",
        &crate::login::LOGIN.expand(&quote!(cross_site), &route),
    );
}

#[test]
fn logout() {
    let route = quote! {
        #[post("/logout")]
        fn logout() -> Redirect {
            Redirect::to("/")
        }
    };
    check(
        "logout",
        &crate::logout::LOGOUT.expand(&TokenStream::new(), &route),
    );
}

#[test]
fn jwt_payload() {
    let item = quote! {
        #[session(user_id = u64, data = Preferences, name = "Claims", was = "OldClaims")]
        #[serde(rename_all = "camelCase")]
        struct Claims<T> {
            name: String,
            plan: Vec<T>,
            #[session(public, reason = "shown on the page")]
            invite_token: String,
        }
    };
    check("jwt_payload", &crate::payload::expand(item));
}

#[test]
fn public_claim() {
    let item = quote! {
        enum Plan {
            Free,
            Paid { seats: u32, since: NaiveDate },
        }
    };
    check("public_claim", &crate::public_claim::expand(item));
}

#[test]
fn user_id() {
    check(
        "user_id",
        &crate::user_id::expand(quote!(
            struct AccountNumber(u64);
        )),
    );
}

#[test]
fn a_mistake_still_expands_to_a_function_and_a_route() {
    let route = quote! {
        async fn login(user: String) -> (String, Claims, ()) {
            (user, Claims, ())
        }
    };
    check(
        "mistake",
        &crate::login::LOGIN.expand(&TokenStream::new(), &route),
    );
}
