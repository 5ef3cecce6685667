//! What happens at run time: the line of each event.

use chrono::{DateTime, TimeDelta};
use rocket::async_test;
use rocket::http::Method;
use session_runtime::{Event, RevokedBy, SessionHandle};
use session_tests::{Log, Server};

use super::{block, compare};

/// Where each line is made, to see that none is left out.
const SOURCE: &str = include_str!("../../../session-runtime/src/event/log.rs");

fn events() -> Vec<Event> {
    let handle = || -> SessionHandle {
        let text = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
        text.parse().expect("a UUID")
    };
    let user_id = || "ada".to_owned();
    let kid = || "2026-11".to_owned();
    vec![
        Event::Created {
            handle: handle(),
            user_id: user_id(),
        },
        Event::Refreshed { handle: handle() },
        Event::Updated { handle: handle() },
        Event::Revoked {
            handles: vec![handle()],
            by: RevokedBy::SignOut,
        },
        Event::SecondFactorAwaited {
            handle: handle(),
            user_id: user_id(),
        },
        Event::SecondFactorFailed { user_id: user_id() },
        Event::TokenTheft {
            handle: handle(),
            user_id: user_id(),
        },
        Event::LateParentUse { handle: handle() },
        Event::RotationStopped {
            handle: handle(),
            ends_at: DateTime::UNIX_EPOCH,
        },
        Event::StoreRollbackSuspected { handle: handle() },
        Event::PayloadMismatch {
            handle: handle(),
            expected: "Claims",
            found: "Member".into(),
            reason: "missing field `role`".into(),
        },
        Event::PayloadNameShared {
            name: "Claims",
            types: ["shop::Claims", "staff::Claims"],
        },
        Event::RevokedEverything { sessions: 7 },
        Event::KeyRotated { kid: kid() },
        Event::KeyRemoved { kid: kid() },
        Event::SecureCookiesOverHttp { handle: handle() },
        Event::SilentRequests {
            count: 7,
            path: "/login".into(),
        },
        Event::LargeResponseHead { bytes: 4500 },
        Event::SeveralUsers {
            handles: vec![handle()],
        },
        Event::ClockSkew {
            difference: TimeDelta::seconds(7),
            consequence: "the database's time is used; set the clock of this machine right",
        },
        Event::RevocationsRestored {
            handles: vec![handle()],
        },
        Event::RevocationMemoryFull {
            remembered: 100_000,
        },
        Event::RevocationFeedStalled,
        Event::StoreUnavailable {
            cause: "database is locked".into(),
        },
        Event::SessionMissing { handle: handle() },
        Event::RequestFailed {
            cause: "the payload nests deeper than 16 levels".into(),
        },
        Event::DatabaseHangs,
        Event::DatabaseAnswers,
        Event::ConnectionRefused {
            cause: "too many connections".into(),
            setting: "write_connections",
            open: 1,
        },
        Event::WorkerRestarted {
            cause: "a panic".into(),
        },
    ]
}

/// Headers of requests that are refused.
const FOREIGN: [(&str, &[(&str, &str)]); 3] = [
    (
        "a form on another site",
        &[
            ("Sec-Fetch-Site", "cross-site"),
            ("Origin", "https://other.test"),
        ],
    ),
    (
        "a page with `Referrer-Policy: no-referrer` over http",
        &[("Origin", "null")],
    ),
    (
        "a proxy that takes `Origin` away",
        &[("Sec-Fetch-Site", "cross-site")],
    ),
];

#[async_test]
async fn every_event_has_a_line_that_was_read_aloud() {
    let server = Server::start().await;
    let mut blocks = Vec::new();
    for event in events() {
        let log = Log::start();
        session_runtime::testing::emit(server.sessions(), &event);
        let name = format!("{event:?}");
        let name = name.split([' ', '{']).next().unwrap_or_default();
        blocks.push(block(name, &log.text()));
    }
    for (what, headers) in FOREIGN {
        let log = Log::start();
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let body = Some(r#"{"user":"ada"}"#.to_owned());
        let browser = server.browser();
        let answer = browser.send_raw(Method::Post, "/login", headers, body);
        assert_eq!(answer.await.status, 403);
        blocks.push(block(what, &log.text()));
    }
    let text = blocks.join("\n");
    for name in SOURCE.split("event = \"").skip(1) {
        let name = name.split('"').next().unwrap_or_default();
        let line = format!("event=\"{name}\"");
        assert!(text.contains(&line), "no line of `{name}`");
    }
    compare("events", &text);
}
