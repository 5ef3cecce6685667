//! What may be derived and declared as a payload.

use rocket::serde::json::{Value, json};
use rocket::{async_test, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Session, login};

use session_tests::body::BROKEN;

use super::server;

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(user_id = u64)]
struct Account {
    name: String,
}

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(data = Option<u8>, name = "Labelled")]
struct Labelled<T> {
    label: T,
}

#[async_test]
async fn an_integer_names_the_user() {
    #[login]
    #[post("/login")]
    fn login() -> (u64, Account, ()) {
        let name = "Ada".into();
        (u64::MAX, Account { name }, ())
    }

    #[get("/me")]
    fn me(session: Session<Account>) -> Value {
        let user: u64 = *session.user_id();
        json!({ "user": user, "name": session.payload().name })
    }

    let server = server(routes![login, me]).await;
    let mut browser = server.browser();
    browser.post("/m/login").await;
    let answer = browser.get("/m/me").await;
    answer.expect(200, r#"{"name":"Ada","user":18446744073709551615}"#);
}

#[async_test]
async fn a_payload_is_generic() {
    #[login]
    #[post("/numbers")]
    fn numbers() -> (String, Labelled<Vec<u32>>, Option<u8>) {
        let label = vec![1, 2];
        ("ada".into(), Labelled { label }, Some(3))
    }

    #[get("/numbers")]
    fn read(session: Session<Labelled<Vec<u32>>>) -> Value {
        json!(session.payload().label)
    }

    let server = server(routes![numbers, read]).await;
    let mut browser = server.browser();
    browser.post("/m/numbers").await;
    browser.get("/m/numbers").await.expect(200, "[1,2]");
}

/// One name means one type: a generic payload has one set of arguments.
#[async_test]
async fn a_generic_payload_has_one_set_of_arguments() {
    #[login]
    #[post("/text")]
    fn text() -> (String, Labelled<String>, Option<u8>) {
        let label = "text".into();
        ("ada".into(), Labelled { label }, None)
    }

    #[get("/numbers")]
    fn read(session: Session<Labelled<Vec<u32>>>) -> Value {
        json!(session.payload().label)
    }

    let server = server(routes![text, read]).await;
    let mut browser = server.browser();
    let answer = browser.post("/m/text").await;
    answer.expect(500, BROKEN).expect_untouched();
}
