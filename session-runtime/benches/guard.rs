//! What a guard costs, in process and without a network: `cargo bench`. Allocations are counted too.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use divan::{AllocProfiler, Bencher};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey};
use rocket::figment::value::Value;
use rocket::futures::future::join_all;
use rocket::http::{ContentType, Cookie, Header};
use rocket::local::blocking::{Client, LocalRequest};
use rocket::request::FromRequest;
use rocket::serde::json::Json;
use rocket::{post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::token::Transport;
use session_runtime::{JwtPayload, MaybeSession, NewSession, Session, Sessions, login};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

#[derive(Deserialize)]
struct Who {
    user: String,
}

#[login]
#[post("/login", data = "<who>")]
fn log_in(who: Json<Who>) -> (String, Claims, ()) {
    let user = who.into_inner().user;
    (user.clone(), Claims { name: user }, ())
}

/// The guard, the token known to be good.
#[divan::bench(sample_count = 200, sample_size = 100)]
fn session_warm(bencher: Bencher<'_, '_>) {
    Server::start(&[]).bench_guard::<Session<Claims>>(bencher);
}

#[divan::bench(sample_count = 200, sample_size = 100)]
fn maybe_session_warm(bencher: Bencher<'_, '_>) {
    Server::start(&[]).bench_guard::<MaybeSession<Claims>>(bencher);
}

/// Ten thousand open streams, of a hundred sessions: `max alloc` is what they hold in memory.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn ten_thousand_streams(bencher: Bencher<'_, '_>) {
    let server = Server::start(&[]);
    let sessions = server.sessions();
    let verified: Vec<_> = (0..100)
        .map(|_| {
            let created = rocket::execute(sessions.create(bob(), Transport::Header));
            let tokens = created.expect("a store");
            let verified = sessions.verify::<Claims>(tokens.access_token());
            rocket::execute(verified).expect("a session")
        })
        .collect();
    bencher.bench_local(|| {
        let streams: Vec<_> = (0..100)
            .flat_map(|_| verified.iter().map(|session| session.ended()))
            .collect();
        assert_eq!(streams.len(), 10_000);
        streams
    });
}

/// As many as the feed keeps on a bad day; where nothing is measured, a few.
const REVOKED: usize = if cfg!(debug_assertions) {
    1_000
} else {
    100_000
};

/// A login of one user.
fn bob() -> NewSession {
    NewSession::new("bob".to_owned(), Claims { name: "bob".into() }, ())
}

/// The guard while very many sessions are known to be revoked.
#[divan::bench(sample_count = 200, sample_size = 100)]
fn session_warm_among_revoked(bencher: Bencher<'_, '_>) {
    // The feed of so many is read for longer than a second.
    let server = Server::start(&[("revocation_bound", Value::from("10m"))]);
    let sessions = server.sessions();
    for _ in 0..REVOKED / 500 {
        let logins = (0..500).map(|_| sessions.create(bob(), Transport::Header));
        rocket::execute(join_all(logins));
    }
    let ended = rocket::execute(sessions.revoke_all("bob")).expect("a store");
    assert_eq!(ended.len(), REVOKED);
    server.bench_guard::<Session<Claims>>(bencher);
}

/// The guard, every token new to it.
#[divan::bench]
fn session_cold(bencher: Bencher<'_, '_>) {
    let nothing_remembered = [("verified_token_cache", Value::from(0))];
    Server::start(&nothing_remembered).bench_guard::<Session<Claims>>(bencher);
}

/// What of that is the signature.
#[divan::bench]
fn signature_alone(bencher: Bencher<'_, '_>) {
    let server = Server::start(&[]);
    let cookie = server.log_in("alice");
    let (_, token) = cookie.split_once('=').expect("a cookie");
    let keys = server.client.get("/auth/jwt/jwks.json").dispatch();
    let keys: JwkSet = keys.into_json().expect("published keys");
    let key = DecodingKey::from_jwk(&keys.keys[0]).expect("a key");
    let (signed, signature) = token.rsplit_once('.').expect("a JWT");
    bencher.bench_local(|| {
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, Algorithm::ES256)
    });
}

/// Sixty-four logins that come at once, each durable when it returns.
#[divan::bench]
fn logins_at_once(bencher: Bencher<'_, '_>) {
    let server = Server::start(&[]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    bencher.bench_local(|| {
        let logins = (0..64).map(|_| server.sessions().create(bob(), Transport::Header));
        runtime.block_on(join_all(logins))
    });
}

/// What a login returns, written, read back and compared before it is stored.
#[divan::bench]
fn values_of_a_login(bencher: Bencher<'_, '_>) {
    let values = || ("bob".to_owned(), Claims { name: "bob".into() });
    bencher
        .with_inputs(values)
        .bench_values(|(user, claims)| NewSession::new(user, claims, ()));
}

struct Server {
    client: Client,
    _folder: TempDir,
}

impl Server {
    fn start(settings: &[(&str, Value)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sessions.db");
        let mut figment = rocket::Config::figment()
            .select(rocket::Config::DEBUG_PROFILE)
            .merge(("log_level", "off"))
            .merge(("sessions.database", format!("sqlite://{}", file.display())));
        for (key, value) in settings {
            figment = figment.merge((format!("sessions.{key}"), value));
        }
        let rocket = rocket::custom(figment)
            .attach(Sessions::fairing())
            .mount("/", routes![log_in]);
        Self {
            client: Client::untracked(rocket).expect("a server"),
            _folder: folder,
        }
    }

    fn sessions(&self) -> &Sessions {
        self.client.rocket().state().expect("sessions")
    }

    /// The cookie of a new session's access token.
    fn log_in(&self, user: &str) -> String {
        let login = self.client.post("/login").header(ContentType::JSON);
        let answer = login.body(format!(r#"{{"user":"{user}"}}"#)).dispatch();
        let cookies = answer.cookies();
        let is_access = |cookie: &&Cookie<'_>| cookie.name().starts_with("sAccessToken.");
        let cookie = cookies.iter().find(is_access).expect("a session");
        format!("{}={}", cookie.name(), cookie.value())
    }

    /// Runs a guard on requests with a session's cookie, none of which was judged before.
    fn bench_guard<G>(&self, bencher: Bencher<'_, '_>)
    where
        G: for<'r> FromRequest<'r>,
    {
        let cookie = self.log_in("alice");
        let request = || -> LocalRequest<'_> {
            let request = self.client.get("/me");
            request.header(Header::new("Cookie", cookie.clone()))
        };
        bencher
            .with_inputs(request)
            .bench_local_refs(|request| ready(G::from_request(request.inner())).is_success());
    }
}

/// The answer of what has nothing to wait for.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a guard that is warm waits for nothing"),
    }
}
