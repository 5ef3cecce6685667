//! What the application is told of bound sessions.

use std::sync::{Arc, Mutex};

use rocket::async_test;
use rocket::http::Method;
use session_runtime::Event;
use session_tests::Server;
use session_tests::device::Device;

use super::{Chromium, M, ORIGIN, VALIDITY};

/// The names of the events about devices, as they come.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn note(&self, event: &Event) {
        let name = match event {
            Event::DeviceBound { .. } => "bound",
            Event::DeviceNotBound { .. } => "not bound",
            Event::DeviceBindingDropped { .. } => "dropped",
            Event::UnprovedRefresh { .. } => "unproved",
            Event::DeviceRefused { cause, .. } => cause,
            Event::DeviceProofSkipped { reason } => reason,
            _ => return,
        };
        self.0.lock().expect("no panic").push(name.to_owned());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

async fn start() -> (Server, Told) {
    let told = Told::default();
    let noting = told.clone();
    let server = Server::builder()
        .set("api_origin", ORIGIN)
        .set("device_bound", "when-supported")
        .fairing(|fairing| fairing.on_event(move |event| noting.note(event)));
    (server.start().await, told)
}

#[async_test]
async fn every_turn_of_a_bound_session_is_an_event() {
    let (server, told) = start().await;
    let mut unable = server.browser();
    unable.log_in("bob").await;
    unable.refresh().await;
    server.clock.advance(M);
    unable.refresh().await;
    assert_eq!(told.take(), ["not bound"]);

    let mut chromium = Chromium::bound(&server).await;
    assert_eq!(told.take(), ["bound"]);
    let stranger = Device::new().proof(&chromium.challenge);
    chromium.send(&stranger).await.expect(401, "");
    chromium.send("nonsense").await.expect(401, "");
    assert_eq!(
        told.take(),
        [
            "its signature is not one of the key",
            "it is not `header.payload.signature` in base64url, with JSON objects that name each member once"
        ]
    );
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
    assert_eq!(told.take(), [""; 0]);

    server.clock.advance(VALIDITY);
    for (reason, told_of) in [
        ("quota_exceeded;x=1", "quota_exceeded"),
        ("A\tforged line", "unknown"),
    ] {
        let path = "/auth/session/refresh";
        let headers = vec![
            (
                "Cookie",
                chromium.browser.cookie_header(path).expect("cookies"),
            ),
            ("Secure-Session-Skipped", reason.to_owned()),
        ];
        let answer = chromium
            .browser
            .send_raw(Method::Post, path, headers, None)
            .await;
        assert_eq!(answer.status, 307);
        assert_eq!(told.take(), [told_of]);
    }
    let sent_back = format!("/auth/session/refresh?device={}", i64::MAX);
    let path = &sent_back[..];
    chromium.browser.send_only(Method::Post, path, None).await;
    assert_eq!(
        told.take(),
        [""; 0],
        "a time that is none was not sent by us"
    );

    let sent_back = chromium.browser.refresh().await;
    let path = sent_back.header("location").expect("a location");
    chromium.browser.send_only(Method::Post, path, None).await;
    assert_eq!(told.take(), ["unproved"]);
}

#[async_test]
async fn a_binding_that_is_dropped_is_an_event() {
    let (server, told) = start().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    told.take();
    let sent_back = chromium.browser.refresh().await;
    let path = sent_back.header("location").expect("a location");
    chromium.browser.send_only(Method::Post, path, None).await;
    assert_eq!(told.take(), ["dropped"]);
}
