//! Revoking: one, all of a user, from this process and from another.

use std::time::Duration;

use rocket::async_test;
use rocket::http::Method;
use session_runtime::{Error, SessionHandle};
use session_tests::Server;
use session_tests::app::{Claims, OtherClaims};
use session_tests::body::UNAUTHORISED;

#[async_test]
async fn a_revoked_session_is_refused_at_once() {
    let server = Server::start().await;
    let (mut laptop, mut phone) = (server.browser(), server.browser());
    laptop.log_in("ada").await;
    phone.log_in("ada").await;
    let stolen = phone.handle().await;

    assert_eq!(server.sessions().revoke(stolen).await, Ok(true));
    assert_eq!(server.sessions().revoke(stolen).await, Ok(false));
    for path in ["/me", "/live", "/maybe"] {
        phone
            .clone()
            .get(path)
            .await
            .expect(401, UNAUTHORISED)
            .expect_removed();
    }
    phone
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
    assert_eq!(laptop.get("/me").await.status, 200);
}

#[async_test]
async fn all_sessions_of_a_user_end_and_those_of_others_go_on() {
    let server = Server::start().await;
    let (mut laptop, mut phone, mut bob) = (server.browser(), server.browser(), server.browser());
    laptop.log_in("ada").await;
    server.clock.advance(Duration::from_millis(1));
    phone.log_in("ada").await;
    bob.log_in("bob").await;
    let expected = [laptop.handle().await, phone.handle().await];

    let listed = server.sessions().handles(&"ada".to_owned()).await;
    let ended = bob.post("/ban/ada").await;
    assert_eq!(listed.as_deref(), Ok(expected.as_slice()));
    assert_eq!(ended.json(), serde_json::json!(expected));
    assert_eq!(laptop.get("/me").await.status, 401);
    assert_eq!(phone.get("/me").await.status, 401);
    assert_eq!(bob.get("/me").await.status, 200);
    bob.post("/ban/nobody").await.expect(200, "[]");
}

#[async_test]
async fn user_ids_compare_byte_for_byte() {
    let server = Server::start().await;
    for user in ["ada", "Ada", "ada ", "ad\u{e1}", "ada\u{301}"] {
        server.browser().log_in(user).await;
    }
    assert_eq!(
        server
            .sessions()
            .handles(&"ada".to_owned())
            .await
            .map(|handles| handles.len()),
        Ok(1)
    );
    assert_eq!(
        server.sessions().revoke_all(&"ADA".to_owned()).await,
        Ok(vec![])
    );
    server
        .sessions()
        .revoke_all(&"ada".to_owned())
        .await
        .expect("an answer");
    assert_eq!(server.database().sessions(), 4);
}

#[async_test]
async fn another_process_refuses_a_revoked_session_within_the_bound() {
    let here = Server::start().await;
    let there = here.beside().start().await;
    let mut browser = here.browser();
    browser.log_in("ada").await;
    let revoked = browser.handle().await;

    // The other process knows the token, so its signature is not even looked at again.
    let mut elsewhere = there.browser();
    elsewhere.plant(
        "sAccessToken",
        &browser.cookie("sAccessToken").expect("a token"),
        "/",
    );
    assert_eq!(elsewhere.get("/me").await.status, 200);

    here.sessions().revoke(revoked).await.expect("an answer");
    // Nobody calls anything there: the feed is read four times within the bound.
    for _ in 0..100 {
        let answer = elsewhere.clone().get("/me").await;
        if answer.status == 401 {
            answer.expect(401, UNAUTHORISED).expect_removed();
            return;
        }
        rocket::tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the session was not refused for five seconds");
}

#[async_test]
async fn an_entry_committed_late_is_not_missed() {
    // Two revocations, of which the second commits first: numbers are given after the commit.
    let server = Server::start().await;
    let (mut slow, mut fast) = (server.browser(), server.browser());
    slow.log_in("slow").await;
    fast.log_in("fast").await;
    let (slow_handle, fast_handle) = (slow.handle().await, fast.handle().await);
    let insert = |handle: SessionHandle| {
        let handle = server.database().handle(handle);
        format!("INSERT INTO session_revocation (handle, until) VALUES ({handle}, 9999999999999)")
    };
    for (browser, handle) in [(&mut fast, fast_handle), (&mut slow, slow_handle)] {
        assert_eq!(browser.get("/me").await.status, 200);
        server.database().execute(&insert(handle));
        server
            .sessions()
            .read_revocations_now()
            .await
            .expect("an answer");
        browser.get("/me").await.expect(401, UNAUTHORISED);
    }
}

#[async_test]
async fn a_feed_that_went_back_in_time_is_read_again_from_its_start() {
    let server = Server::start().await;
    let (mut first, mut second) = (server.browser(), server.browser());
    first.log_in("ada").await;
    second.log_in("bob").await;
    let (first_handle, second_handle) = (first.handle().await, second.handle().await);
    server
        .sessions()
        .revoke(first_handle)
        .await
        .expect("an answer");
    server
        .sessions()
        .read_revocations_now()
        .await
        .expect("an answer");

    // A restored backup: the entry that was read last is gone and its number names another one.
    let handle = server.database().handle(second_handle);
    server.database().execute(&format!(
        "DELETE FROM session_revocation;
         INSERT INTO session_revocation (handle, number, until) VALUES ({handle}, 1, 9999999999999)"
    ));
    server
        .sessions()
        .read_revocations_now()
        .await
        .expect("an answer");
    second.get("/me").await.expect(401, UNAUTHORISED);
}

#[async_test]
async fn while_the_feed_is_stale_the_database_is_asked() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    // Reading fails from here on, so the feed can only grow stale.
    server
        .database()
        .execute("ALTER TABLE session_revocation RENAME TO hidden");
    server.clock.advance(Duration::from_secs(20));
    assert_eq!(browser.get("/me").await.status, 200);
    server.database().execute("DELETE FROM session_info");
    browser.get("/me").await.expect(401, UNAUTHORISED);
}

#[async_test]
async fn a_stale_feed_can_be_refused_or_accepted_instead() {
    for (choice, status) in [("refuse", 503), ("accept", 200)] {
        let server = Server::builder()
            .set("revocation_on_stall", choice)
            .start()
            .await;
        let mut browser = server.browser();
        browser.log_in("ada").await;
        server
            .database()
            .execute("ALTER TABLE session_revocation RENAME TO hidden");
        server.clock.advance(Duration::from_secs(2));
        let answer = browser.get("/me").await;
        assert_eq!(answer.status, status, "{choice}");
        answer.expect_untouched();
    }
}

#[async_test]
async fn info_tells_what_the_row_knows() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let handle = browser.handle().await;
    let info = server
        .sessions()
        .info(handle)
        .await
        .expect("an answer")
        .expect("a session");
    assert_eq!((info.handle, info.user_id.as_str()), (handle, "ada"));
    assert_eq!(info.payload["name"], "Ada");
    assert_eq!(
        info.expires_at - info.created_at,
        chrono::TimeDelta::days(100)
    );
    server.sessions().revoke(handle).await.expect("an answer");
    assert_eq!(server.sessions().info(handle).await, Ok(None));
}

/// For a WebSocket's first message, say.
#[async_test]
async fn a_token_that_came_another_way_is_verified_by_hand() {
    let server = Server::start().await;
    let sessions = server.sessions();
    let mut app = server.browser().in_header_mode();
    app.log_in("ada").await;
    let (access, refresh) = app.bearer_tokens().expect("tokens");
    let verified = sessions.verify::<Claims>(access).await.expect("a session");
    assert_eq!(
        (verified.user_id.as_str(), verified.payload.name.as_str()),
        ("ada", "Ada")
    );
    let gone = || Some(Error::Unauthorised);
    let other = sessions.verify::<OtherClaims>(access).await.err();
    assert_eq!(other, Some(Error::SignInAgain));
    for junk in [refresh, "", "junk"] {
        let refused = sessions.verify::<Claims>(junk).await.err();
        assert_eq!(refused, Some(Error::TryRefreshToken));
    }
    sessions.revoke(verified.handle).await.expect("an answer");
    assert_eq!(sessions.verify::<Claims>(access).await.err(), gone());
}

#[async_test]
async fn verifying_can_ask_the_database_or_nobody() {
    for (choice, status) in [("live", 401), ("none", 200)] {
        let server = Server::builder().set("revocation", choice).start().await;
        let mut browser = server.browser();
        browser.log_in("ada").await;
        assert_eq!(browser.get("/me").await.status, 200);
        // Behind the server's back, so only the database knows.
        server.database().execute("DELETE FROM session_info");
        assert_eq!(browser.clone().get("/me").await.status, status, "{choice}");
        assert_eq!(browser.clone().get("/live").await.status, 401);
        assert_eq!(browser.clone().refresh().await.status, 401);
    }
}

/// A page of another site removes nothing, not even the cookies of a session that has ended.
#[async_test]
async fn an_ended_session_that_a_foreign_page_finds_out_keeps_its_cookies() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    // As another process does it, a moment before this one hears of it.
    server.database().execute("DELETE FROM session_info");
    for path in ["/notes", "/live"] {
        let send = async |site: &str| {
            let headers = vec![
                ("Cookie", browser.cookie_header(path).expect("cookies")),
                ("Sec-Fetch-Site", site.to_owned()),
            ];
            browser.send_raw(Method::Get, path, headers, None).await
        };
        send("cross-site")
            .await
            .expect(401, UNAUTHORISED)
            .expect_untouched();
        let answer = send("same-origin").await;
        answer.expect(401, UNAUTHORISED);
        assert_eq!(answer.all("set-cookie").count(), 3, "removed");
    }
}
