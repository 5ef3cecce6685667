//! Which routes a login may be, and who looks at the request before it.
//!
//! What its arguments may be is in `macros/signatures.rs`.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{Route, async_test, delete, patch, put, route, routes};
use serde::Deserialize;
use session_runtime::{Session, login};
use session_tests::Server;
use session_tests::app::{Claims, Notes};
use session_tests::body::{OK, UNAUTHORISED};

type LoggedIn = (String, Claims, Notes);

fn logged_in(user: &str) -> LoggedIn {
    let claims = Claims { name: "Ada".into() };
    (user.into(), claims, Notes::default())
}

async fn server(routes: Vec<Route>) -> Server {
    Server::builder()
        .rocket(|rocket| rocket.mount("/m", routes))
        .start()
        .await
}

#[async_test]
async fn every_method_that_may_change_something_may_log_in() {
    #[login]
    #[put("/login")]
    fn by_put() -> LoggedIn {
        logged_in("put")
    }
    #[login]
    #[patch("/login")]
    async fn by_patch() -> LoggedIn {
        logged_in("patch")
    }
    #[login]
    #[delete("/login")]
    fn by_delete() -> LoggedIn {
        logged_in("delete")
    }
    #[login]
    #[route(POST, uri = "/login")]
    fn by_route() -> LoggedIn {
        logged_in("route")
    }

    let server = server(routes![by_put, by_patch, by_delete, by_route]).await;
    for (method, user) in [
        (Method::Put, "put"),
        (Method::Patch, "patch"),
        (Method::Delete, "delete"),
        (Method::Post, "route"),
    ] {
        let mut browser = server.browser();
        let answer = browser.send(method, "/m/login", None).await;
        answer.expect(200, OK);
        assert_eq!(answer.all("set-cookie").count(), 3, "{method}");
        assert_eq!(browser.get("/me").await.json()["user"], user);
    }
}

#[async_test]
async fn a_login_may_ask_who_is_logged_in() {
    #[login]
    #[put("/name/<name>")]
    fn rename(session: Session<Claims>, name: &str) -> LoggedIn {
        let claims = Claims { name: name.into() };
        (session.user_id().clone(), claims, Notes::default())
    }

    let server = server(routes![rename]).await;
    let stranger = server.browser().send(Method::Put, "/m/name/x", None).await;
    stranger.expect(401, UNAUTHORISED).expect_untouched();
    assert_eq!(server.database().sessions(), 0);

    let mut browser = server.browser();
    browser.log_in("ada").await;
    let old = browser.clone();
    let answer = browser.send(Method::Put, "/m/name/Countess", None).await;
    answer.expect(200, OK);
    let me = browser.get("/me").await.json();
    assert_eq!(
        (&me["user"], &me["name"]),
        (&"ada".into(), &"Countess".into())
    );
    // The guard that read the old session does not keep it from being replaced.
    assert_eq!(old.clone().get("/me").await.status, 401);
    assert_eq!(server.database().sessions(), 1);
}

#[async_test]
async fn a_body_that_does_not_fit_starts_and_ends_nothing() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Credentials {
        user: String,
    }

    #[login]
    #[put("/login", data = "<credentials>")]
    fn log_in(credentials: Json<Credentials>) -> LoggedIn {
        logged_in(&credentials.user)
    }

    let server = server(routes![log_in]).await;
    let mut browser = server.browser();
    browser.log_in("grace").await;
    // Rocket reads the body after all guards, so the hidden one has seen the request by then.
    for (body, status) in [
        (serde_json::json!({ "user": "ada", "admin": true }), 422),
        (serde_json::json!({ "user": 7 }), 422),
        (serde_json::json!([]), 422),
    ] {
        let answer = browser.send(Method::Put, "/m/login", Some(body)).await;
        assert_eq!(answer.status, status);
        answer.expect_untouched();
    }
    assert_eq!(browser.get("/live").await.json()["user"], "grace");
    assert_eq!(server.database().sessions(), 1);
}
