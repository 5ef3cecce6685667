//! What fuzzing and the tests use of the inside, under the feature `internals`. Not for use by
//! hand.

#[allow(
    clippy::exhaustive_enums,
    reason = "only the tests of this repository see it"
)]
pub mod device_bound;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;

use super::Sessions;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::keys::{Key, KeyKind, Schedule};
use crate::token::{Binding, Transport, front, refresh};

/// The claims of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshClaims {
    /// Its session.
    pub handle: SessionHandle,
    /// How it may be sent.
    pub transport: Transport,
    /// Whether an anti-CSRF token goes with it.
    pub anti_csrf: bool,
    /// How often the session was rotated when it was minted.
    pub generation: u32,
}

/// Mints a refresh token as this server does.
pub fn mint_refresh_token(sessions: &Sessions, claims: RefreshClaims, random: &[u8; 32]) -> String {
    let binding = Binding {
        transport: claims.transport,
        anti_csrf: claims.anti_csrf,
    };
    let keys = sessions.keys();
    refresh::mint(
        claims.handle,
        binding,
        claims.generation,
        random,
        keys.mac(),
    )
}

/// Reads the claims of a refresh token, if this server minted it.
pub fn read_refresh_token(sessions: &Sessions, token: &str) -> Option<RefreshClaims> {
    let authentic = sessions.authenticate(token)?;
    Some(RefreshClaims {
        handle: authentic.handle,
        transport: authentic.binding.transport,
        anti_csrf: authentic.binding.anti_csrf,
        generation: authentic.presented.generation,
    })
}

/// The front-token of a payload given as JSON; `None` if it is not JSON.
pub fn front_token(user_id: &str, expires_at: DateTime<Utc>, payload: &str) -> Option<String> {
    let payload = RawValue::from_string(payload.to_owned()).ok()?;
    front::encode(user_id, expires_at, &payload).ok()
}

/// Creates a second key for refresh tokens, which this server uses at once and others do not know
/// yet.
pub async fn add_refresh_key(sessions: &Sessions) {
    let inner = &sessions.inner;
    let made = Key::generate(KeyKind::RefreshMac, sessions.now(), &*inner.tokens.random);
    let key = Key {
        id: "2".into(),
        ..made.expect("randomness")
    };
    let sealed = inner.keys.master_keys.seal(&key, &*inner.tokens.random);
    let always = Schedule {
        interval: TimeDelta::zero(),
        overlap: TimeDelta::zero(),
        longest_token: TimeDelta::zero(),
    };
    let added = inner
        .store
        .requests
        .add_due_key(sealed.expect("a key"), always);
    assert!(added.await.expect("an answer"));
    sessions.reload_keys().await.expect("good keys");
}

/// Limits how many revoked sessions a server remembers.
pub fn remember_revocations_at_most(sessions: &Sessions, most: usize) {
    sessions.inner.feed.revocations.remember_at_most(most);
}

/// Whether a later login of the same browser replaced this session within the last two minutes.
pub fn was_replaced(sessions: &Sessions, handle: SessionHandle) -> bool {
    sessions.was_replaced(handle)
}

/// Emits an event, for the log and the application's handler.
pub fn emit(sessions: &Sessions, event: &Event) {
    sessions.emit(event);
}
