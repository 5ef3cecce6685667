//! What `#[login]` and `#[derive(JwtPayload)]` can be put on.

mod payloads;
mod signatures;

use rocket::Route;
use session_tests::app::{Claims, Notes};
use session_tests::{Answer, Server};

type LoggedIn = (String, Claims, Notes);

fn logged_in(user: &str) -> LoggedIn {
    (user.into(), Claims { name: "Ada".into() }, Notes::default())
}

/// A server with these routes below `/m`.
async fn server(routes: Vec<Route>) -> Server {
    Server::builder()
        .rocket(|rocket| rocket.mount("/m", routes))
        .start()
        .await
}

/// Posts to a route that must start the only session, and returns its answer and its user.
async fn started(server: &Server, path: &str) -> (Answer, String) {
    let mut browser = server.browser();
    let answer = browser.post(path).await;
    assert_eq!(answer.all("set-cookie").count(), 3, "{answer:?}");
    assert_eq!(server.database().sessions(), 1);
    let me = browser.get("/me").await;
    assert_eq!(me.status, 200);
    let user = me.json()["user"].as_str().expect("a user").to_owned();
    (answer, user)
}

/// Posts to a route that must not start a session, and returns its answer.
async fn refused(server: &Server, path: &str) -> Answer {
    let answer = server.browser().post(path).await;
    answer.expect_untouched();
    assert_eq!(server.database().sessions(), 0);
    answer
}
