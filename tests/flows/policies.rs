//! How many sessions, for how long, from where.

use std::time::Duration;

use rocket::http::Method;
use rocket::serde::json::{Value, json};
use rocket::{async_test, get, post, routes};
use session_runtime::event::RevokedBy;
use session_runtime::{Error, Session, SessionHandle, Sessions};
use session_tests::app::Claims;
use session_tests::body::{OK, UNAUTHORISED};
use session_tests::browser::{REFRESH, REFRESH_PATH};
use session_tests::{Log, Server};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[get("/devices")]
async fn devices(session: Session<Claims>) -> Result<Value, Error> {
    Ok(json!(session.devices(None).await?))
}

#[post("/others")]
async fn others(session: Session<Claims>) -> Result<Value, Error> {
    Ok(json!(session.revoke_others().await?.len()))
}

#[async_test]
async fn a_session_has_an_end_that_no_refresh_moves() {
    let server = Server::builder()
        .set("absolute_lifetime", "10d")
        .set("refresh_token_validity", "4d")
        .set("access_token_jitter", 0)
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for _ in 0..3 {
        server.clock.advance(3 * DAY);
        browser.refresh().await.expect(200, "{}");
    }
    // Nine days have passed; the cookie and the access token end with the session.
    server.clock.advance(DAY - Duration::from_secs(60));
    let answer = browser.refresh().await;
    answer.expect(200, "{}");
    let kept = browser.cookie(REFRESH).expect("a token");
    server.clock.advance(Duration::from_secs(59));
    assert_eq!(browser.get("/me").await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(browser.get("/me").await.status, 401);
    // A browser has dropped the cookie by now; whoever kept it gets no further.
    browser.plant(REFRESH, &kept, REFRESH_PATH);
    browser.refresh().await.expect(401, UNAUTHORISED);
    assert_eq!(server.sessions().handles("ada").await, Ok(vec![]));
}

#[async_test]
async fn a_session_that_idles_ends() {
    let server = Server::builder()
        .set("absolute_lifetime", "100d")
        .set("refresh_token_validity", "4d")
        .start()
        .await;
    let (mut browser, mut in_time) = (server.browser(), server.browser());
    browser.log_in("ada").await;
    in_time.log_in("ada").await;
    let kept = browser.cookie(REFRESH).expect("a token");
    server.clock.advance(4 * DAY - Duration::from_secs(1));
    in_time.refresh().await.expect(200, "{}");
    server.clock.advance(Duration::from_secs(1));
    // A browser has dropped the cookie by now; whoever kept it gets no further.
    browser.plant(REFRESH, &kept, REFRESH_PATH);
    browser.refresh().await.expect(401, UNAUTHORISED);
}

#[async_test]
async fn the_oldest_session_makes_room() {
    let server = Server::builder()
        .set("max_sessions_per_user", 2)
        .start()
        .await;
    let log = Log::start();
    let mut browsers = Vec::new();
    for _ in 0..4 {
        let mut browser = server.browser();
        browser.log_in("ada").await.expect(200, OK);
        server.clock.advance(Duration::from_secs(1));
        browsers.push(browser);
    }
    server.browser().log_in("eve").await.expect(200, OK);
    let statuses: Vec<u16> = {
        let mut statuses = Vec::new();
        for browser in &mut browsers {
            statuses.push(browser.get("/me").await.status);
        }
        statuses
    };
    assert_eq!(statuses, [401, 401, 200, 200]);
    log.expect(&["sessions_revoked", &format!("{:?}", RevokedBy::Limit)]);
    // A login on a browser that has one takes its own place.
    browsers[3].log_in("ada").await.expect(200, OK);
    assert_eq!(browsers[2].get("/me").await.status, 200);
}

#[async_test]
async fn one_more_session_may_be_refused_instead() {
    let server = Server::builder()
        .set("max_sessions_per_user", 1)
        .set("session_limit", "refuse")
        .start()
        .await;
    let mut first = server.browser();
    first.log_in("ada").await;
    let answer = server.browser().log_in("ada").await;
    answer
        .expect(403, r#"{"message":"too many sessions"}"#)
        .expect_untouched();
    assert_eq!(first.get("/live").await.status, 200);
    first.log_in("ada").await.expect(200, OK);
    first.sign_out().await;
    server.browser().log_in("ada").await.expect(200, OK);
}

#[async_test]
async fn ten_logins_at_once_never_exceed_the_limit() {
    for (limit, kept) in [("end-oldest", 10), ("refuse", 3)] {
        let server = Server::builder()
            .set("max_sessions_per_user", 3)
            .set("session_limit", limit)
            .start()
            .await;
        let beside = server
            .beside()
            .set("max_sessions_per_user", 3)
            .set("session_limit", limit)
            .start()
            .await;
        let logins = (0..10).map(|number| {
            let mut browser = if number % 2 == 0 {
                server.browser()
            } else {
                beside.browser()
            };
            async move { browser.log_in("ada").await.status }
        });
        let statuses = rocket::futures::future::join_all(logins).await;
        assert_eq!(
            statuses.iter().filter(|status| **status == 200).count(),
            kept,
            "{limit}"
        );
        assert_eq!(server.database().sessions(), 3, "{limit}");
    }
}

#[async_test]
async fn sessions_are_listed_with_where_they_began_and_ended_one_by_one() {
    let server = Server::builder()
        .set("trusted_proxies", vec!["10.0.0.0/8"])
        .rocket(|rocket| rocket.mount("/", routes![devices, others]))
        .start()
        .await;
    let mut here = server.browser();
    here.log_in("ada").await;
    server.clock.advance(Duration::from_secs(60));
    let body = Some(json!({ "user": "ada" }).to_string());
    let headers = vec![
        ("User-Agent", "Phone\u{202e}/1.0".to_owned()),
        ("X-Forwarded-For", "203.0.113.7".to_owned()),
    ];
    let mut phone = server.browser();
    let answer = phone.send_raw(Method::Post, "/login", headers, body).await;
    phone.keep(&answer);
    server.clock.advance(Duration::from_secs(60));
    phone.refresh().await;
    server.browser().log_in("eve").await;

    let list = here.get("/devices").await.json();
    let list = list.as_array().expect("a list");
    assert_eq!(list.len(), 2);
    assert_eq!(
        (&list[0]["current"], &list[1]["current"]),
        (&json!(false), &json!(true))
    );
    // The local client has no address, so nobody vouches for the header.
    assert_eq!(
        list[0]["device"],
        json!({ "userAgent": "Phone/1.0", "ip": "" })
    );
    assert_ne!(list[0]["createdAt"], list[0]["refreshedAt"]);
    assert_eq!(list[1]["createdAt"], list[1]["refreshedAt"]);

    let phones: SessionHandle = list[0]["handle"]
        .as_str()
        .expect("one")
        .parse()
        .expect("a handle");
    let unknown: SessionHandle = "01890a5d-ac96-774b-bcce-b302099a8057"
        .parse()
        .expect("a handle");
    let sessions = server.sessions();
    let info = sessions
        .info(phones)
        .await
        .expect("an answer")
        .expect("a session");
    assert_eq!(
        (info.user_id.as_str(), info.expires_at - info.refreshed_at),
        ("ada", chrono::TimeDelta::days(100))
    );
    assert_eq!(
        sessions.revoke_many([phones, unknown]).await,
        Ok(vec![phones])
    );
    assert_eq!(phone.get("/me").await.status, 401);
    assert_eq!(here.get("/me").await.status, 200);

    let mut third = server.browser();
    third.log_in("ada").await;
    assert_eq!(here.post("/others").await.json(), 1);
    assert_eq!(third.get("/me").await.status, 401);
    assert_eq!(here.get("/live").await.status, 200);
    assert_eq!(sessions.list("eve", None).await.map(|all| all.len()), Ok(1));
    assert_eq!(sessions.list("nobody", None).await, Ok(vec![]));
}

/// The address is that of the peer, unless a proxy of ours says whose it is.
#[async_test]
async fn the_address_of_a_device_is_what_a_trusted_hop_says() {
    for (setting, peer, forwarded, ip) in [
        (
            "truncated",
            "198.51.100.9",
            "203.0.113.7",
            "198.51.100.0/24",
        ),
        ("truncated", "10.0.0.1", "203.0.113.7", "203.0.113.0/24"),
        (
            "truncated",
            "::ffff:10.0.0.1",
            "6.6.6.6, 2001:DB8:1:2::3",
            "2001:db8:1::/48",
        ),
        ("full", "10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("none", "10.0.0.1", "203.0.113.7", ""),
    ] {
        // The same network, and written as one of IPv6.
        for network in ["10.0.0.0/8", "::ffff:10.0.0.0/104"] {
            let settings = [
                ("trusted_proxies", vec![network].into()),
                ("device_ip", setting.into()),
            ];
            let server = Server::builder().settings(&settings).start().await;
            let headers = vec![("X-Forwarded-For", forwarded.to_owned())];
            let body = Some(json!({ "user": "ada" }).to_string());
            let browser = server.browser().at(peer);
            browser
                .send_raw(Method::Post, "/login", headers, body)
                .await;
            let list = server
                .sessions()
                .list("ada", None)
                .await
                .expect("an answer");
            assert_eq!(
                list[0].device.ip, ip,
                "{setting} {network} {peer} {forwarded}"
            );
        }
    }
}

/// Looking up by user and by handle goes through an index, so a million rows cost no more than ten.
#[async_test]
async fn sqlite_no_lookup_scans() {
    let server = Server::start().await;
    for (what, wanted) in [
        (
            "SELECT * FROM session_info WHERE user_id = 'a' AND expires_at > 0 ORDER BY handle DESC",
            "USING INDEX session_info_user",
        ),
        (
            "SELECT * FROM session_info WHERE handle = x'00'",
            "USING PRIMARY KEY",
        ),
        (
            "SELECT handle FROM session_info WHERE expires_at < 0 ORDER BY expires_at LIMIT 200",
            "USING COVERING INDEX session_info_expiry",
        ),
    ] {
        let plan = server.database().plan(what);
        assert!(
            plan.contains(wanted) && !plan.contains("SCAN"),
            "{what}: {plan}"
        );
    }
}

#[async_test]
async fn handles_of_strangers_are_nobodys() {
    let server = Server::start().await;
    let sessions: Sessions = server.sessions().clone();
    let unknown: SessionHandle = "01890a5d-ac96-774b-bcce-b302099a8057"
        .parse()
        .expect("a handle");
    assert_eq!(sessions.info(unknown).await, Ok(None));
    assert_eq!(sessions.revoke(unknown).await, Ok(false));
    assert_eq!(sessions.revoke_many([]).await, Ok(vec![]));
}
