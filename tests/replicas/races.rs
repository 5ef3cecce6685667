//! Ten refreshes at once with one token, over three processes, and the answers stored in any order: no honest
//! client loses its session. 1,000 rounds over three real processes, and 1,000 over three pools in this one, whose
//! clock goes on between the rounds, so that each session has forty generations.

use std::thread;
use std::time::{Duration, Instant};

use rocket::futures::future::join_all;
use session_runtime::token::Transport;
use session_runtime::{NewSession, Sessions};
use session_tests::Database;
use session_tests::app::{Claims, Notes};
use session_tests::process::Tokens;
use session_tests::servers::Backend;
use session_tests::token;

use super::{Shared, three};

super::on! {
    Sqlite: ten_refreshes_at_once ten_refreshes_at_once_over_three_processes;
    Postgres: ten_refreshes_at_once ten_refreshes_at_once_over_three_processes;
    Mariadb: ten_refreshes_at_once ten_refreshes_at_once_over_three_processes;
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
                .create(
                    NewSession::new(format!("user {n}"), claims.clone(), Notes::default()),
                    Transport::Header,
                )
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
                        known.contains(&hash(tokens.access_token())),
                        "a token that its row does not know"
                    );
                    pairs += 1;
                    // Whichever is stored last stays.
                    next.clone_into(token);
                }
            }
        }
        for server in &servers {
            server.clock.advance(Duration::from_secs(121));
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

async fn ten_refreshes_at_once_over_three_processes(backend: Backend) {
    const TOTAL: usize = 1_000;
    let began = Instant::now();
    let shared = Shared::new(backend, "crowds");
    let processes = three(&shared.url);
    let places = [0, 1, 2].map(|n: usize| &processes[n].0);
    let (mut shuffle, mut database) = (Shuffle(0xC0FFEE), Database::connect(&shared.url));
    let mut pairs = 0;
    for round in 0..TOTAL {
        let (answer, first) = places[round % 3].log_in(&format!("user {round}"));
        assert_eq!(answer.status(), Some(200));
        let mut came = thread::scope(|scope| {
            let first = &first;
            let asking = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(|n| {
                scope.spawn(move || {
                    let mut tokens = first.clone();
                    let answer = places[n % 3].refresh(&mut tokens);
                    assert_eq!(answer.status(), Some(200), "an honest client is refused");
                    tokens
                })
            });
            asking.map(|asking| asking.join().expect("an answer"))
        });
        shuffle.shuffle(&mut came);
        let handle = claim(&first.access, "sessionHandle");
        let known = family(&mut database, backend, &handle);
        let mut client = Tokens::default();
        for Tokens { access, refresh } in came {
            if refresh != first.refresh {
                assert!(
                    known.contains(&hash(&access)),
                    "a token that its row does not know"
                );
                pairs += 1;
                // Whichever is stored last stays.
                client = Tokens { access, refresh };
            }
        }
        assert_eq!(
            places[(round + 1) % 3].get("/live", &client).status(),
            Some(200)
        );
        assert_eq!(
            places[(round + 2) % 3].refresh(&mut client).status(),
            Some(200)
        );
    }
    assert_eq!(database.sessions(), TOTAL as i64, "a session was lost");
    println!(
        "{backend:?}: {TOTAL} rounds of 10 refreshes over 3 processes, {pairs} new pairs, {} s",
        began.elapsed().as_secs()
    );
    assert_eq!(pairs, TOTAL * 8);
}

/// The hash of the refresh token that was handed out, as the access token beside it has it.
fn hash(access: &str) -> String {
    claim(access, "refreshTokenHash1").to_uppercase()
}

fn claim(access: &str, name: &str) -> String {
    token::payload(access)[name]
        .as_str()
        .expect("a text")
        .to_owned()
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
