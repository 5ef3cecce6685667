//! Sessions that are bound to a key of the browser's device, as Chromium speaks it over the wire.

mod attacks;
mod launches;
mod life;
mod offers;
mod ordinary;
mod routes;
mod switched_off;
mod told;

use std::time::Duration;

use rocket::http::Method;
use rocket::{Route, get, routes};
use session_runtime::Session;
use session_runtime::requirement::DeviceBound;
use session_tests::app::Claims;
use session_tests::browser::Answer;
use session_tests::device::{Device, parameter};
use session_tests::{Browser, Server};

const REGISTER: &str = "/auth/session/refresh/device/register";
const REFRESH: &str = "/auth/session/refresh/device";
const ORIGIN: &str = "https://shop.test";
const REGISTRATION: &str = "secure-session-registration";
const CHALLENGE: &str = "secure-session-challenge";
const MARKER: &str = "__Host-sBound.";

/// `device_bound_validity`
const VALIDITY: Duration = Duration::from_secs(10 * 60);
/// `rotation_min_age`
const M: Duration = Duration::from_secs(120);
const SECOND: Duration = Duration::from_secs(1);

#[get("/bound")]
fn bound(session: Session<Claims>) -> String {
    session.is_device_bound().to_string()
}

#[get("/vault")]
fn vault(_session: Session<Claims, DeviceBound>) -> &'static str {
    "gold"
}

fn own_routes() -> Vec<Route> {
    routes![bound, vault]
}

/// Over https, with the setting on.
async fn server() -> Server {
    Server::builder()
        .set("api_origin", ORIGIN)
        .set("device_bound", "when-supported")
        .rocket(|rocket| rocket.mount("/", own_routes()))
        .start()
        .await
}

/// A browser that can bind its session, and the device that it runs on.
struct Chromium<'s> {
    browser: Browser<'s>,
    device: Device,
    /// The session that it knows of.
    session: String,
    /// What it signs next.
    challenge: String,
}

impl<'s> Chromium<'s> {
    /// Logs in and registers.
    async fn bound(server: &'s Server) -> Self {
        let mut browser = server.browser();
        let login = browser.log_in("ada").await;
        let mut this = Self::new(browser, &login);
        let answer = this.register().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        this
    }

    /// That has just got this answer to a login, with its challenge.
    fn new(browser: Browser<'s>, login: &Answer) -> Self {
        Self {
            browser,
            device: Device::new(),
            session: String::new(),
            challenge: challenge_of(login),
        }
    }

    /// Registers its key, and keeps what it is answered.
    async fn register(&mut self) -> Answer {
        let proof = self.device.registration(&self.challenge);
        let answer = call(
            &self.browser,
            REGISTER,
            &[("Secure-Session-Response", &proof)],
        )
        .await;
        self.keep(&answer);
        if answer.status == 200 {
            let session = answer.json()["session_identifier"].clone();
            session
                .as_str()
                .expect("a session")
                .clone_into(&mut self.session);
        }
        answer
    }

    /// Refreshes, signing new challenges while it is asked to.
    async fn refresh(&mut self) -> Answer {
        for _ in 0..4 {
            let answer = self.prove().await;
            self.keep(&answer);
            if answer.status != 403 {
                return answer;
            }
        }
        panic!("it is asked again and again");
    }

    /// One request of a refresh, whose answer is lost.
    async fn prove(&self) -> Answer {
        let proof = self.device.proof(&self.challenge);
        self.send(&proof).await
    }

    /// The same with this proof.
    async fn send(&self, proof: &str) -> Answer {
        let headers = [
            ("Sec-Secure-Session-Id", &*self.session),
            ("Secure-Session-Response", proof),
        ];
        call(&self.browser, REFRESH, &headers).await
    }

    fn keep(&mut self, answer: &Answer) {
        self.browser.keep(answer);
        if let Some(next) = answer.header(CHALLENGE) {
            let challenge = next.split('"').nth(1).expect("a string");
            challenge.clone_into(&mut self.challenge);
        }
    }

    /// Whether it believes that it need not refresh.
    fn has_marker(&self) -> bool {
        let cookies = self.browser.cookie_header("/").unwrap_or_default();
        cookies.contains(MARKER)
    }

    /// A copy of its cookies, without its key.
    fn thief(&self) -> Browser<'s> {
        self.browser.clone()
    }
}

/// What a login asks to be signed.
fn challenge_of(login: &Answer) -> String {
    let header = login.header(REGISTRATION).expect("a registration");
    parameter(header, "challenge")
        .expect("a challenge")
        .to_owned()
}

/// A request of the browser's own.
async fn call(browser: &Browser<'_>, path: &str, headers: &[(&'static str, &str)]) -> Answer {
    let mut all = vec![
        ("Sec-Fetch-Site", "same-origin".to_owned()),
        ("Origin", ORIGIN.to_owned()),
    ];
    let more = headers.iter();
    all.extend(more.map(|(name, value)| (*name, (*value).to_owned())));
    if let Some(cookies) = browser.cookie_header(path) {
        all.push(("Cookie", cookies));
    }
    browser.send_raw(Method::Post, path, all, None).await
}

/// The names of the cookies that an answer sets or removes, without the letters of the session.
fn cookies_of(answer: &Answer) -> Vec<&str> {
    let lines = answer.all("set-cookie");
    let mut names: Vec<&str> = lines
        .map(|line| line.split(['.', '=']).next().unwrap_or_default())
        .collect();
    names.sort_unstable();
    names
}
