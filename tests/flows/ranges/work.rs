//! What a person does with a session, over the origin and the paths that the settings say.

use rocket::figment::Figment;
use rocket::http::Method;
use rocket::{post, routes};
use session_runtime::config::TransferMethod;
use session_runtime::{Error, Refresh, SessionConfig};
use session_tests::jar::{Person, Place};
use session_tests::{Answer, Server, app};

use super::Setting;

/// The route of an application that says `refresh_route = false`.
#[post("/session/refresh")]
async fn own_refresh(refresh: Refresh) -> Result<(), Error> {
    refresh.exchange().await.map(|_| ())
}

/// The settings as the library reads them.
fn read(settings: &[Setting]) -> SessionConfig {
    let merge = |figment: Figment, (name, value): &Setting| {
        figment.merge((format!("sessions.{name}"), value.clone()))
    };
    let figment = settings.iter().fold(Figment::new(), merge);
    figment
        .extract_inner("sessions")
        .expect("settings that launched")
}

fn bare(path: &str) -> &str {
    path.trim_end_matches('/')
}

/// Checks that a browser, or the front end of an app, can log in, read, write, refresh and sign out.
pub(crate) async fn check(profile: &'static str, settings: &[Setting]) {
    let config = read(settings);
    let own = if config.refresh_route {
        Vec::new()
    } else {
        routes![own_refresh]
    };
    let mount_at = format!("{}/", bare(&config.api_base_path));
    let pages_at = bare(&config.access_token_path).to_owned();
    let server = Server::builder()
        .profile(profile)
        .settings(settings)
        .rocket(move |rocket| {
            let rocket = rocket.mount(mount_at, own);
            if pages_at.is_empty() {
                rocket
            } else {
                rocket.mount(pages_at, app::routes())
            }
        })
        .start()
        .await;
    let visit = Visit {
        server: &server,
        config: &config,
        settings,
    };
    if config.transfer != TransferMethod::Header {
        visit.in_cookies().await;
    }
    if config.transfer != TransferMethod::Cookie {
        visit.in_headers().await;
    }
}

/// A person's visit.
struct Visit<'s> {
    server: &'s Server,
    config: &'s SessionConfig,
    settings: &'s [Setting],
}

impl Visit<'_> {
    /// Where the browser finds the server, as it writes it.
    fn origin(&self) -> &'static str {
        match self.config.api_origin.as_deref() {
            None => "http://127.0.0.1:8000",
            Some("https://api.example.com" | "https://API.example.com:443/") => {
                "https://api.example.com"
            }
            Some("http://localhost:8000") => "http://localhost:8000",
            Some("http://127.0.0.1:3000") => "http://127.0.0.1:3000",
            Some(other) => panic!("which browser finds {other}?"),
        }
    }

    fn refresh_route(&self) -> String {
        format!("{}/session/refresh", bare(&self.config.api_base_path))
    }

    async fn in_cookies(&self) {
        let outer_path = self.config.outer_path.as_deref().map_or("", bare);
        let place = Place::below(self.server, self.origin(), outer_path.to_owned().leak());
        let mut person = Person::new(&self.server.clock);
        person.say("rid", "session");
        let pages = bare(&self.config.access_token_path);
        let (me, notes) = (format!("{pages}/me"), format!("{pages}/notes"));

        let answer = person.log_in(&place, "ada").await;
        self.expect("login", &answer, 200);
        keep_token(&mut person, &answer);
        self.expect("page", &person.get(&place, &me).await, 200);
        let body = Some(r#"{"text":"more"}"#.to_owned());
        let answer = person.send(&place, Method::Put, &notes, body).await;
        self.expect("write", &answer, 200);

        if !self.access_token_expires().await {
            return;
        }
        let over = self.config.session_expired_status;
        self.expect("late page", &person.get(&place, &me).await, over);
        if !self.config.refresh_route && self.config.refresh_token_path.is_some() {
            // The application says where its own route is, and sends the cookie there.
            return;
        }
        let answer = person.post(&place, &self.refresh_route()).await;
        self.expect("refresh", &answer, 200);
        keep_token(&mut person, &answer);
        self.expect("refreshed page", &person.get(&place, &me).await, 200);
        let sign_out = if self.config.sign_out_route {
            format!("{}/signout", bare(&self.config.api_base_path))
        } else {
            format!("{pages}/leave")
        };
        let answer = person.post(&place, &sign_out).await;
        self.expect("sign-out", &answer, 200);
        self.expect("signed out", &person.get(&place, &me).await, over);
    }

    async fn in_headers(&self) {
        let place = Place::new(self.server, self.origin());
        let mut person = Person::new(&self.server.clock);
        person.say("st-auth-mode", "header");
        let answer = person.log_in(&place, "ada").await;
        self.expect("login in headers", &answer, 200);
        let [access, refresh] = self.bearer_tokens(&answer);
        person.say("Authorization", &access);
        self.expect("page", &person.get(&place, "/me").await, 200);
        if !self.access_token_expires().await {
            return;
        }
        person.say("Authorization", &refresh);
        let answer = person.post(&place, &self.refresh_route()).await;
        self.expect("refresh in headers", &answer, 200);
        let [access, _] = self.bearer_tokens(&answer);
        person.say("Authorization", &access);
        self.expect("refreshed page", &person.get(&place, "/me").await, 200);
        let answer = person.post(&place, "/leave").await;
        self.expect("sign-out in headers", &answer, 200);
    }

    fn bearer_tokens(&self, answer: &Answer) -> [String; 2] {
        let config = self.config;
        [&config.access_token_header, &config.refresh_token_header].map(|name| {
            let name = name.to_ascii_lowercase();
            let token = answer.header(&name);
            format!("Bearer {}", token.unwrap_or_default())
        })
    }

    /// Waits until the access token has expired; says whether the session goes on.
    async fn access_token_expires(&self) -> bool {
        let access = self.config.access_token_validity;
        self.server.clock.advance(access);
        // As the process does by itself meanwhile.
        let sessions = self.server.sessions();
        sessions.read_revocations_now().await.expect("a feed");
        sessions.rotate_keys_now().await.expect("keys");
        self.config
            .absolute_lifetime
            .is_none_or(|lives| lives > access)
    }

    #[track_caller]
    fn expect(&self, what: &str, answer: &Answer, status: u16) {
        let settings = self.settings;
        assert_eq!(
            answer.status, status,
            "{what} with {settings:?}: {answer:?}"
        );
    }
}

/// A front end repeats the token that it got.
fn keep_token(person: &mut Person, answer: &Answer) {
    if let Some(token) = answer.header("anti-csrf") {
        person.say("anti-csrf", token);
    }
}
