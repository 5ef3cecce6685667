//! Ten refreshes at once with one token, over three processes' worth of pools, and the answers stored in any
//! order: 1,000 rounds, and no honest client loses its session.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rocket::futures::future::join_all;
use serde_json::Value;
use session_runtime::{SessionTokens, Sessions};
use session_tests::Database;
use session_tests::app::{Claims, Notes};
use session_tests::servers::Backend;

use super::Shared;

super::on! {
    Sqlite: ten_refreshes_at_once;
    Postgres: ten_refreshes_at_once;
    Mariadb: ten_refreshes_at_once;
}

const CLIENTS: usize = 25;
const ROUNDS: usize = 40;

/// A seeded generator (xorshift), so that a failure comes again.
struct Shuffle(u64);

impl Shuffle {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).expect("below a usize")
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

async fn ten_refreshes_at_once(backend: Backend) {
    let began = Instant::now();
    let shared = Shared::new(backend, "races");
    let servers = [
        shared.server().await,
        shared.server().await,
        shared.server().await,
    ];
    let processes: Vec<&Sessions> = servers.iter().map(|server| server.sessions()).collect();
    let claims = Claims {
        name: String::new(),
    };
    let logins = join_all((0..CLIENTS).map(|n| {
        let (sessions, claims) = (processes[n % 3], &claims);
        async move {
            sessions
                .create(&format!("user {n}"), claims, &Notes::default())
                .await
        }
    }));
    let mut clients: Vec<(String, String)> = Vec::new();
    for tokens in logins.await {
        let tokens = tokens.expect("a session");
        clients.push((
            tokens.handle().to_string(),
            tokens.refresh_token().expect("a token").to_owned(),
        ));
    }
    let (mut shuffle, mut database) = (Shuffle(0x5EED), Database::connect(&shared.url));
    let (mut answers, mut pairs) = (0, 0);
    for _ in 0..ROUNDS {
        let round = join_all(clients.iter().map(|(_, token)| {
            let processes = &processes;
            join_all((0..10).map(move |n| processes[n % 3].refresh(token)))
        }));
        let round = round.await;
        for ((handle, token), mut came) in clients.iter_mut().zip(round) {
            shuffle.shuffle(&mut came);
            let known = family(&mut database, backend, handle);
            for tokens in came {
                let tokens = tokens.expect("an honest client is never refused");
                answers += 1;
                if let Some(next) = tokens.refresh_token() {
                    assert!(
                        known.contains(&hash(&tokens)),
                        "a token that its row does not know"
                    );
                    pairs += 1;
                    // Whichever is stored last stays.
                    next.clone_into(token);
                }
            }
        }
        for server in &servers {
            server.clock.advance(Duration::from_secs(61));
        }
    }
    assert_eq!(database.sessions(), CLIENTS as i64, "a session was lost");
    println!(
        "{backend:?}: {} rounds of 10 refreshes over 3 pools, {answers} answers, {pairs} new pairs, {} s",
        CLIENTS * ROUNDS,
        began.elapsed().as_secs()
    );
    assert!(pairs >= CLIENTS * ROUNDS * 8);
}

/// The hash of the refresh token that was handed out, as the access token beside it has it.
fn hash(tokens: &SessionTokens) -> String {
    let body = tokens.access_token().split('.').nth(1).expect("a body");
    let body = BASE64_URL_SAFE_NO_PAD.decode(body).expect("base64");
    let claims: Value = serde_json::from_slice(&body).expect("JSON");
    claims["refreshTokenHash1"]
        .as_str()
        .expect("a hash")
        .to_uppercase()
}

/// The parent and the children in a row, in hexadecimal digits.
fn family(database: &mut Database, backend: Backend, handle: &str) -> String {
    let handle = handle.replace('-', "");
    let (hex, literal) = match backend {
        Backend::Postgres => (
            "encode(parent_hash || children, 'hex')",
            format!("'\\x{handle}'::bytea"),
        ),
        Backend::Mariadb => (
            "concat(hex(parent_hash), hex(children))",
            format!("x'{handle}'"),
        ),
        Backend::Sqlite => ("hex(parent_hash) || hex(children)", format!("x'{handle}'")),
    };
    let sql = format!("SELECT {hex} AS value FROM session_info WHERE handle = {literal}");
    database.text(&sql).to_uppercase()
}
