//! `audience`: whom tokens are for.

use rocket::async_test;
use serde_json::{Value, json};
use session_tests::Server;
use session_tests::body::TRY_REFRESH;

use super::{fresh_token, present, signed_like, token};

/// `token` with another `aud`, signed by the server's own key; `Null` removes it.
async fn readdressed(server: &Server, token: &str, audience: Value) -> String {
    let mut payload = token::payload(token);
    payload["aud"] = audience;
    if payload["aud"].is_null() {
        payload.as_object_mut().expect("an object").remove("aud");
    }
    signed_like(server, token, &token::header(token), &payload).await
}

#[async_test]
async fn tokens_name_the_audience_and_verifying_demands_it() {
    let server = Server::builder().set("audience", "shop").start().await;
    let good = fresh_token(&server).await;
    assert_eq!(token::payload(&good)["aud"], "shop");
    for audience in [json!("shop"), json!(["shop"])] {
        let token = readdressed(&server, &good, audience.clone()).await;
        assert_eq!(present(&server, &token).await.status, 200, "{audience}");
    }
    for audience in [
        Value::Null,
        json!("bank"),
        json!("Shop"),
        json!("shop "),
        json!(""),
        json!([]),
        json!(["bank"]),
        json!(["bank", "shop"]),
        json!(["shop", "shop"]),
        json!([["shop"]]),
        json!(["shop", 5]),
        json!(5),
        json!({}),
        json!({ "shop": true }),
    ] {
        let token = readdressed(&server, &good, audience.clone()).await;
        let answer = present(&server, &token).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (401, TRY_REFRESH),
            "{audience}"
        );
    }
}

/// RFC 7519 section 4.1.3: who does not find itself in a token's audience must refuse it.
#[async_test]
async fn without_an_audience_a_token_that_names_one_is_refused() {
    let server = Server::start().await;
    let good = fresh_token(&server).await;
    assert!(token::payload(&good).get("aud").is_none());
    for audience in [json!("shop"), json!(["shop"]), json!([]), json!(5)] {
        let token = readdressed(&server, &good, audience.clone()).await;
        let answer = present(&server, &token).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (401, TRY_REFRESH),
            "{audience}"
        );
    }
}

#[async_test]
async fn after_a_change_of_audience_a_refresh_helps() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let jar = browser.jar();
    let server = server.restart().set("audience", "shop").start().await;
    let mut browser = server.browser().with_jar(jar);
    browser.get("/me").await.expect(401, TRY_REFRESH);
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/me").await.status, 200);
    assert_eq!(token::payload(&token(&browser))["aud"], "shop");
}
