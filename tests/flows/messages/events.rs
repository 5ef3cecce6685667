//! What happens at run time: the line of each event.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta};
use rocket::async_test;
use rocket::http::Method;
use session_runtime::event::RevokedBy;
use session_runtime::{Event, SessionHandle};
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
        Event::DeviceBound { handle: handle() },
        Event::DeviceNotBound { handle: handle() },
        Event::DeviceRefused {
            handle: handle(),
            cause: "its signature is not one of the key".into(),
        },
        Event::DeviceBindingDropped { handle: handle() },
        Event::DeviceProofSkipped {
            reason: "quota_exceeded".into(),
        },
        Event::UnprovedRefresh { handle: handle() },
        Event::RevokedEverything { sessions: 7 },
        Event::KeyRotated { kid: kid() },
        Event::KeyRemoved { kid: kid() },
        Event::SecureCookiesOverHttp { handle: handle() },
        Event::SilentRequests {
            count: 7,
            path: "/login".into(),
        },
        Event::LargeResponseHead { bytes: 4500 },
        Event::LargeRequestHead { bytes: 6500 },
        Event::RefreshCookieMissing {
            handle: handle(),
            cookie_path: "/auth/session/refresh".into(),
            remedy: "as its field says",
        },
        Event::SeveralUsers {
            handles: vec![handle()],
        },
        Event::ClockSkew {
            difference: TimeDelta::milliseconds(10_799_999),
            found: "this machine's clock is 3 h behind the database server's".into(),
            consequence: "the database server's time is used; run NTP on both machines",
        },
        Event::ClocksAgree,
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
        Event::TaskFailed {
            task: "read the revocations",
            cause: "database is locked".into(),
        },
        Event::TaskRecovered {
            task: "read the revocations",
        },
        Event::WrongDatabase {
            found: "the SQLite file `/srv/old.db`".into(),
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
        session_runtime::internals::emit(server.sessions(), &event);
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
    let chapter = " see=\"session_runtime::guide::troubleshooting\"";
    for line in text.lines() {
        let is_bad_news = line.starts_with("> WARN") || line.starts_with("> ERROR");
        assert_eq!(line.contains(chapter), is_bad_news, "{line}");
    }
    compare("events", &text);
}

/// The names of events that are logged anywhere in a folder of Rust files.
pub(super) fn logged_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the library") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            logged_in(&path, names);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(path).expect("a source file");
            let logged = text.split("event = \"").skip(1);
            names.extend(logged.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
}

#[test]
fn the_guide_says_what_each_event_means() {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../session-runtime");
    let mut logged = BTreeSet::new();
    logged_in(&library.join("src"), &mut logged);
    let guide = fs::read_to_string(library.join("docs/troubleshooting.md")).expect("the chapter");
    let (_, table) = guide
        .split_once("# What each event means")
        .expect("the section");
    let first_cells = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let explained: BTreeSet<String> = first_cells
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`').to_owned())
        .collect();
    assert_eq!(explained, logged);
}
