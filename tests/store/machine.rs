//! A state machine: random steps on the real store through three processes, and after each
//! step the row is what the rule says.
//!
//! The reference is a map of lineages and `rotation::decide`; whatever the store adds (encoding,
//! locks, batches, restarts) must not show.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use session_runtime::clock::Clock;
use session_runtime::internals::rotation::{
    self, Lineage, Policy, Presented, Successor, TokenHash, Verdict,
};
use session_runtime::token::SessionTokens;
use session_runtime::token::Transport;
use session_runtime::{Error, NewSession, SessionHandle};
use session_tests::Server;
use session_tests::app::{Claims, Notes};

/// What may happen; indices are taken modulo what exists.
#[derive(Debug, Clone)]
enum Step {
    LogIn { process: usize, user: usize },
    Refresh { process: usize, token: usize },
    Revoke { process: usize, session: usize },
    RevokeUser { process: usize, user: usize },
    Wait(u64),
    Restart { process: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    let step = prop_oneof![
        2 => (0..3_usize, 0..2_usize).prop_map(|(process, user)| Step::LogIn { process, user }),
        12 => (0..3_usize, index()).prop_map(|(process, token)| Step::Refresh { process, token }),
        1 => (0..3_usize, index()).prop_map(|(process, session)| Step::Revoke { process, session }),
        1 => (0..3_usize, 0..2_usize).prop_map(|(process, user)| Step::RevokeUser { process, user }),
        5 => prop_oneof![Just(1), Just(119_999), Just(120_000), Just(86_400_000), Just(100 * 86_400_000)].prop_map(Step::Wait),
        1 => (0..3_usize).prop_map(|process| Step::Restart { process }),
    ];
    prop::collection::vec(step, 1..60)
}

const POLICY: Policy = Policy {
    min_age: TimeDelta::seconds(120),
    max_children: 8,
    capped_for: Policy::CAPPED_FOR,
};

/// A token that was handed out.
#[derive(Debug, Clone)]
struct Token {
    text: String,
    session: SessionHandle,
    presented: Presented,
}

#[derive(Debug, Default)]
struct Reference {
    /// Sessions that were not ended, expired or not.
    sessions: HashMap<SessionHandle, (usize, Lineage)>,
    known: Vec<SessionHandle>,
    tokens: Vec<Token>,
}

impl Reference {
    fn hash(&self) -> TokenHash {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&(self.tokens.len() as u64).to_be_bytes());
        TokenHash(hash)
    }

    fn hand_out(&mut self, tokens: &SessionTokens, generation: u32) {
        let presented = Presented {
            token: self.hash(),
            generation,
        };
        let text = tokens.refresh_token().expect("a refresh token").to_owned();
        self.tokens.push(Token {
            text,
            session: tokens.handle(),
            presented,
        });
    }

    fn log_in(&mut self, tokens: &SessionTokens, user: usize, now: DateTime<Utc>) {
        let lineage = Lineage::first(self.hash(), now, now + TimeDelta::days(100));
        self.sessions.insert(tokens.handle(), (user, lineage));
        self.known.push(tokens.handle());
        self.hand_out(tokens, 0);
    }

    /// Checks what a refresh answered against the rule, and follows it.
    fn refresh(&mut self, index: usize, now: DateTime<Utc>, answer: Result<SessionTokens, Error>) {
        let token = self.tokens[index].clone();
        let successor = Successor {
            token: self.hash(),
            ends_at: now + TimeDelta::days(100),
        };
        let verdict = match self.sessions.get(&token.session) {
            Some((_, lineage)) => {
                rotation::decide(lineage, token.presented, successor, now, POLICY)
            }
            None => Verdict::Ended,
        };
        match (verdict, answer) {
            (Verdict::NewPair { next, .. }, Ok(tokens)) => {
                self.hand_out(&tokens, token.presented.next_generation());
                self.sessions
                    .entry(token.session)
                    .and_modify(|(_, lineage)| *lineage = next);
            }
            (Verdict::AccessOnly { next, .. }, Ok(tokens)) => {
                assert_eq!(tokens.refresh_token(), None);
                if let Some((next, (_, lineage))) = next.zip(self.sessions.get_mut(&token.session))
                {
                    *lineage = next;
                }
            }
            (Verdict::Theft, Err(Error::TokenTheft { handle, .. })) => {
                assert_eq!(handle, token.session);
                self.sessions.remove(&handle);
            }
            (Verdict::Ended, Err(Error::Unauthorised)) => {}
            (verdict, answer) => panic!("the rule says {verdict:?}, the store answered {answer:?}"),
        }
    }
}

async fn run(steps: Vec<Step>) {
    let first = Server::start().await;
    let mut servers = vec![
        first.beside().start().await,
        first.beside().start().await,
        first,
    ];
    let mut reference = Reference::default();
    for step in steps {
        let clock = servers[0].clock.clone();
        let now = clock.now();
        match step {
            Step::LogIn { process, user } => {
                let (claims, notes) = (
                    Claims {
                        name: String::new(),
                    },
                    Notes::default(),
                );
                let user_id = format!("user {user}");
                let created = servers[process]
                    .sessions()
                    .create(NewSession::new(user_id, claims, notes), Transport::Header)
                    .await;
                reference.log_in(&created.expect("a session"), user, now);
            }
            Step::Refresh { process, token } if !reference.tokens.is_empty() => {
                let token = token % reference.tokens.len();
                let answer = servers[process]
                    .sessions()
                    .refresh(&reference.tokens[token].text)
                    .await;
                reference.refresh(token, now, answer);
            }
            Step::Revoke { process, session } if !reference.known.is_empty() => {
                let handle = reference.known[session % reference.known.len()];
                let ended = servers[process].sessions().revoke(handle).await;
                assert_eq!(ended, Ok(reference.sessions.remove(&handle).is_some()));
            }
            Step::RevokeUser { process, user } => {
                let mut ended = servers[process]
                    .sessions()
                    .revoke_all(&*format!("user {user}"))
                    .await
                    .expect("an answer");
                let mut expected: Vec<SessionHandle> = reference
                    .sessions
                    .extract_if(|_, (owner, _)| *owner == user)
                    .map(|(handle, _)| handle)
                    .collect();
                ended.sort();
                expected.sort();
                assert_eq!(ended, expected);
            }
            Step::Wait(millis) => clock.advance(Duration::from_millis(millis)),
            Step::Restart { process } => {
                let server = servers.remove(process);
                servers.insert(process, server.restart().start().await);
            }
            Step::Refresh { .. } | Step::Revoke { .. } => {}
        }
        compare(&servers[0], &reference);
    }
}

/// The rows are those of the reference: which sessions there are, their generations, their number
/// of children, their ends.
fn compare(server: &Server, reference: &Reference) {
    let mut database = server.database();
    assert_eq!(database.sessions(), reference.sessions.len() as i64);
    for (handle, (_, lineage)) in &reference.sessions {
        let literal = database.handle(*handle);
        let row = database.text(&format!(
            "SELECT concat(generation, ' ', length(children), ' ', parent_since, ' ', coalesce(capped_since, 0), ' ', expires_at) AS value
             FROM session_info WHERE handle = {literal}"
        ));
        let expected = format!(
            "{} {} {} {} {}",
            lineage.generation,
            lineage.children.len() * 40,
            lineage.parent_since.timestamp_millis(),
            lineage
                .capped_since
                .map_or(0, |since| since.timestamp_millis()),
            lineage.ends_at.timestamp_millis()
        );
        assert_eq!(row, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_rule_says(steps in steps()) {
        rocket::execute(run(steps));
    }
}
