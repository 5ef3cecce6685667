//! A start with a clock that is wrong: the keys change in time all the same, and the log says so.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rocket::async_test;
use session_runtime::clock::{Clock, SystemClock};
use session_tests::body::TRY_REFRESH;
use session_tests::{Log, Server, server};

use super::{fresh_token, kid, present, rotate, signer};

const YEAR: TimeDelta = TimeDelta::days(365);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const AHEAD: &[&str] = &[
    "clock_skew",
    "a signing key was made by a clock that was ahead",
];

#[async_test]
async fn one_start_with_a_clock_that_is_ahead_stops_no_rotation() {
    let clock = server::clock();
    clock.jump(YEAR);
    let server = Server::builder().clock(clock.clone()).start().await;
    let first = signer(&server);
    let token = fresh_token(&server).await;
    clock.jump(-YEAR);

    let log = Log::start();
    let server = server.restart().start().await;
    log.expect(AHEAD);
    let second = signer(&server);
    assert_ne!(second, first);
    present(&server, &token).await.expect(401, TRY_REFRESH);
    server.clock.advance(WEEK);
    rotate(&server).await;
    let third = signer(&server);
    assert!(third != first && third != second);
    assert_eq!(kid(&fresh_token(&server).await), third);
}

#[async_test]
async fn a_clock_that_is_set_back_while_it_runs_stops_no_rotation() {
    let clock = server::clock();
    clock.jump(YEAR);
    let server = Server::builder().clock(clock.clone()).start().await;
    let first = signer(&server);
    clock.jump(-YEAR);
    let log = Log::start();
    rotate(&server).await;
    log.expect(AHEAD);
    assert_ne!(signer(&server), first);
    // Said once.
    let said = |log: &Log| log.text().matches("clock_skew").count();
    let before = said(&log);
    rotate(&server).await;
    assert_eq!(said(&log), before);
}

/// Shows the time of day, wrongly.
#[derive(Debug)]
struct Shows(DateTime<Utc>);

impl Clock for Shows {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// A server's database has a clock of its own, which counts.
#[async_test]
async fn sqlite_a_start_before_this_version_was_written_is_told() {
    let early: &[&str] = &["clock_skew", "before this version was written"];
    let new_year_1971 = DateTime::from_timestamp(31_536_000, 0).expect("a time");
    let log = Log::start();
    let builder = Server::builder().fairing(|fairing| fairing.clock(Shows(new_year_1971)));
    drop(builder.start().await);
    log.expect(early);
    drop(log);
    let log = Log::start();
    let now = SystemClock::default().now();
    let builder = Server::builder().fairing(|fairing| fairing.clock(Shows(now)));
    drop(builder.start().await);
    assert!(!log.text().contains("clock_skew"), "{}", log.text());
}
