//! What a refresh by a device costs beyond an ordinary one, in processor time of this process:
//! `cargo bench -p session-tests --all-features --bench device_refresh`.
//!
//! Both are sent in turn, over Rocket's local client, and each of them rotates its session's tokens.
//! What is the browser's part, such as the signature of a proof, is made beforehand.

#![allow(clippy::print_stdout, reason = "the figures")]

use std::fs;
use std::time::Duration;

use rocket::http::Method;
use session_tests::browser::{Answer, REFRESH_PATH};
use session_tests::device::{Device, parameter};
use session_tests::server::MASTER_KEY;
use session_tests::{Browser, Server};

const ORIGIN: &str = "https://shop.test";
const REGISTER: &str = "/auth/session/refresh/device/register";
const REFRESH: &str = "/auth/session/refresh/device";

/// How often each is sent; without optimisation nothing is measured.
const TIMES: u32 = if cfg!(debug_assertions) { 20 } else { 2_000 };

/// Longer than `rotation_min_age`, so that each refresh rotates.
const PAUSE: Duration = Duration::from_secs(130);

/// How long the threads of this process have run.
fn processor_time() -> Duration {
    let threads = fs::read_dir("/proc/self/task").expect("Linux");
    let nanoseconds = threads.map(|thread| {
        let path = thread.expect("a thread").path().join("schedstat");
        let text = fs::read_to_string(path).unwrap_or_default();
        let first = text.split(' ').next().and_then(|text| text.parse().ok());
        first.unwrap_or(0)
    });
    Duration::from_nanos(nanoseconds.sum())
}

async fn call(browser: &Browser<'_>, path: &'static str, more: &[(&'static str, &str)]) -> Answer {
    let mut headers = vec![
        ("Sec-Fetch-Site", "same-origin".to_owned()),
        ("Origin", ORIGIN.to_owned()),
    ];
    headers.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    headers.extend(
        browser
            .cookie_header(path)
            .map(|cookies| ("Cookie", cookies)),
    );
    browser.send_raw(Method::Post, path, headers, None).await
}

/// The challenge that an answer brings for the next proof.
fn next_challenge(answer: &Answer) -> String {
    let header = answer.header("secure-session-challenge");
    let quoted = header.and_then(|header| header.split('"').nth(1));
    quoted.expect("a challenge").to_owned()
}

#[rocket::main]
async fn main() {
    let server = Server::builder()
        .set("api_origin", ORIGIN)
        .set("device_bound", "when-supported")
        .set("master_key", MASTER_KEY)
        .start()
        .await;
    let mut ordinary = server.logged_in("ada").await;

    let device = Device::new();
    let mut bound = server.browser();
    let login = bound.log_in("bob").await;
    let offer = login.header("secure-session-registration");
    let challenge = offer.and_then(|offer| parameter(offer, "challenge"));
    let proof = device.registration(challenge.expect("a challenge"));
    let registered = call(&bound, REGISTER, &[("Secure-Session-Response", &proof)]).await;
    assert_eq!(registered.status, 200, "{}", registered.body);
    bound.keep(&registered);
    let session = registered.json()["session_identifier"].clone();
    let session = session.as_str().expect("an identifier");
    let mut challenge = next_challenge(&registered);

    let mut spent = [Duration::ZERO; 2];
    for _ in 0..TIMES {
        server.clock.advance(PAUSE);
        server
            .sessions()
            .read_revocations_now()
            .await
            .expect("a store");
        let before = processor_time();
        let answer = call(&ordinary, REFRESH_PATH, &[]).await;
        spent[0] += processor_time().saturating_sub(before);
        assert_eq!(answer.status, 200, "{}", answer.body);
        ordinary.keep(&answer);

        // An old challenge is answered with a new one, as after any pause in a browser.
        loop {
            let proof = device.proof(&challenge);
            let headers = [
                ("Sec-Secure-Session-Id", session),
                ("Secure-Session-Response", &*proof),
            ];
            let before = processor_time();
            let answer = call(&bound, REFRESH, &headers).await;
            let needed = processor_time().saturating_sub(before);
            bound.keep(&answer);
            challenge = next_challenge(&answer);
            if answer.status == 200 {
                spent[1] += needed;
                break;
            }
            assert_eq!(answer.status, 403, "{}", answer.body);
        }
    }
    let [ordinary, bound] = spent.map(|spent| spent / TIMES);
    println!("an ordinary refresh:  {ordinary:?} of processor time");
    println!("one by a device:      {bound:?}");
    println!("more:                 {:?}", bound.saturating_sub(ordinary));
}
