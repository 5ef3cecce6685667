//! A code is tried five times, however many browsers and requests try.

use rocket::async_test;
use rocket::futures::future::join_all;
use rocket::http::Method;
use rocket::serde::json::json;
use session_tests::Log;
use session_tests::body::{OK, UNAUTHORISED};
use session_tests::browser::ACCESS;

use super::{Looked, RIGHT, awaiting, give_code, give_password, rows, start};
use std::sync::atomic::Ordering;

#[async_test]
async fn the_fifth_refusal_ends_what_awaits() {
    let server = start().await;
    let log = Log::start();
    let mut browser = awaiting(&server, "ada").await;
    for _ in 0..4 {
        let refused = give_code(&mut browser, "000000").await;
        refused.expect(401, UNAUTHORISED).expect_untouched();
    }
    let last = give_code(&mut browser, "000000").await;
    last.expect(401, UNAUTHORISED).expect_removed();
    log.expect(&["WARN", "second_factor_failed"]);
    assert_eq!(rows(&server), 0);
    // The password is asked for again, and then there are five more.
    give_code(&mut browser, RIGHT)
        .await
        .expect(401, UNAUTHORISED);
    give_password(&mut browser, "ada").await.expect(200, OK);
    give_code(&mut browser, "000000")
        .await
        .expect(401, UNAUTHORISED);
    give_code(&mut browser, RIGHT).await.expect(200, OK);
}

#[async_test]
async fn the_fifth_try_may_still_be_right() {
    let server = start().await;
    let mut browser = awaiting(&server, "ada").await;
    for _ in 0..4 {
        give_code(&mut browser, "000000")
            .await
            .expect(401, UNAUTHORISED);
    }
    give_code(&mut browser, RIGHT).await.expect(200, OK);
    assert_eq!(browser.get("/me").await.status, 200);
}

#[async_test]
async fn all_that_await_for_a_user_count_together() {
    let server = start().await;
    let (mut laptop, mut phone) = (
        awaiting(&server, "ada").await,
        awaiting(&server, "ada").await,
    );
    let mut bob = awaiting(&server, "bob").await;
    for _ in 0..2 {
        for browser in [&mut laptop, &mut phone] {
            let refused = give_code(browser, "000000").await;
            refused.expect(401, UNAUTHORISED);
        }
    }
    // A new one begins where the others are, also in the place of one of them.
    give_password(&mut laptop, "ada").await.expect(200, OK);
    give_code(&mut laptop, "000000")
        .await
        .expect(401, UNAUTHORISED);
    for browser in [&mut laptop, &mut phone] {
        give_code(browser, RIGHT).await.expect(401, UNAUTHORISED);
        assert_eq!(browser.cookie(ACCESS), None);
    }
    give_code(&mut bob, RIGHT).await.expect(200, OK);
}

#[async_test]
async fn a_right_code_costs_the_others_nothing() {
    let server = start().await;
    let mut waiting = awaiting(&server, "ada").await;
    for _ in 0..8 {
        let mut browser = awaiting(&server, "ada").await;
        give_code(&mut browser, RIGHT).await.expect(200, OK);
    }
    give_code(&mut waiting, RIGHT).await.expect(200, OK);
}

#[async_test]
async fn guesses_beside_each_other_count() {
    for path in ["/code", "/code-by-hand"] {
        let server = start().await;
        let browser = awaiting(&server, "ada").await;
        let guesses = (0..20).map(|_| {
            let wrong = json!({ "code": "000000" });
            browser.send_only(Method::Post, path, Some(wrong))
        });
        let answers = join_all(guesses).await;
        assert!(answers.iter().all(|answer| answer.status != 200));
        let looked = server.state::<Looked>().0.load(Ordering::Relaxed);
        assert!(
            (1..=5).contains(&looked),
            "{path}: looked at {looked} codes"
        );
        assert_eq!(rows(&server), 0);
    }
}

#[async_test]
async fn a_user_has_five_of_them_and_the_oldest_makes_room() {
    let server = start().await;
    let mut browsers = Vec::new();
    for _ in 0..6 {
        browsers.push(awaiting(&server, "ada").await);
    }
    assert_eq!(rows(&server), 5);
    let mut statuses = Vec::new();
    for browser in &mut browsers {
        statuses.push(browser.get("/code").await.status);
    }
    assert_eq!(statuses, [401, 200, 200, 200, 200, 200]);
}
