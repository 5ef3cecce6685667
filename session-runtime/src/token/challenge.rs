//! What a device has to sign: a time under a MAC, so that no row has to remember it.
//!
//! base64url(milliseconds 6 ‖ the first 16 bytes of HMAC-SHA-256 over purpose, handle and time). It
//! holds for one session and one purpose, and whoever asks says for how long.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use crate::handle::SessionHandle;
use crate::keys::MacKey;

const TIME: usize = 6;
const TAG: usize = 16;
const LENGTH: usize = TIME + TAG;

/// A challenge may come from a replica whose clock is this far ahead.
const MAX_AHEAD: TimeDelta = TimeDelta::seconds(30);

/// What is signed for; a challenge of one is none of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Register,
    Refresh,
}

/// What a signed challenge turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Ours, for this session and purpose, and young enough.
    Fresh,
    /// The same, and too old.
    Old,
    /// Of another session or purpose, of a key that is gone, or made up.
    Foreign,
}

/// How old the challenge of a registration may be: the browser registers right after the login.
pub(crate) const REGISTER_AGE: TimeDelta = TimeDelta::minutes(2);

/// How old the challenge of a refresh may be, where an access token is good for `validity`: the
/// browser gets the next one with each refresh.
pub(crate) fn refresh_age(validity: TimeDelta) -> TimeDelta {
    validity + TimeDelta::minutes(2)
}

/// The challenge for `handle` at `now`.
pub(crate) fn mint(
    purpose: Purpose,
    handle: SessionHandle,
    now: DateTime<Utc>,
    key: &MacKey,
) -> String {
    let [_, _, time @ ..] = now.timestamp_millis().to_be_bytes();
    let tag = hmac::sign(&key.challenge, &message(purpose, handle, time));
    let mut bytes = [0; LENGTH];
    bytes[..TIME].copy_from_slice(&time);
    bytes[TIME..].copy_from_slice(&tag.as_ref()[..TAG]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether one of `keys` made `challenge` for this, at most `max_age` ago; compared in constant
/// time.
pub(crate) fn check(
    challenge: &str,
    purpose: Purpose,
    handle: SessionHandle,
    now: DateTime<Utc>,
    max_age: TimeDelta,
    keys: &[MacKey],
) -> Challenge {
    let mut bytes = [0; LENGTH];
    if URL_SAFE_NO_PAD.decode_slice(challenge, &mut bytes) != Ok(LENGTH) {
        return Challenge::Foreign;
    }
    let Some((time, tag)) = bytes.split_first_chunk::<TIME>() else {
        return Challenge::Foreign;
    };
    let message = message(purpose, handle, *time);
    let is_ours = keys.iter().any(|key| {
        let expected = hmac::sign(&key.challenge, &message);
        verify_slices_are_equal(&expected.as_ref()[..TAG], tag).is_ok()
    });
    if !is_ours {
        return Challenge::Foreign;
    }
    let [a, b, c, d, e, f] = *time;
    let minted_at = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let age = TimeDelta::milliseconds(now.timestamp_millis() - minted_at);
    if age <= max_age && age >= -MAX_AHEAD {
        Challenge::Fresh
    } else {
        Challenge::Old
    }
}

fn message(purpose: Purpose, handle: SessionHandle, time: [u8; TIME]) -> [u8; 1 + 16 + TIME] {
    let mut message = [0; 1 + 16 + TIME];
    message[0] = match purpose {
        Purpose::Register => 1,
        Purpose::Refresh => 2,
    };
    message[1..17].copy_from_slice(handle.as_bytes());
    message[17..].copy_from_slice(&time);
    message
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::Challenge::{Foreign, Fresh, Old};
    use super::Purpose::{Refresh, Register};
    use super::{MAX_AHEAD, REGISTER_AGE, check, mint, refresh_age};
    use crate::handle::SessionHandle;
    use crate::keys::{Key, KeyKind, KeyRing, SigningKey};
    use crate::random::OsRandom;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).expect("a time")
    }

    fn ring() -> KeyRing {
        let key = |kind| Key::generate(kind, now(), &OsRandom::default()).expect("a key");
        let signing = SigningKey::from_stored(&key(KeyKind::Es256)).expect("a signing key");
        KeyRing::supplied(1, &[key(KeyKind::RefreshMac)], vec![signing]).expect("a ring")
    }

    fn handle(last: u8) -> SessionHandle {
        SessionHandle::from_bytes([last; 16])
    }

    #[test]
    fn a_challenge_is_for_one_session_one_purpose_and_one_installation() {
        let (keys, others) = (ring(), ring());
        for purpose in [Register, Refresh] {
            let text = mint(purpose, handle(1), now(), keys.mac());
            assert_eq!(text.len(), 30);
            let found = |purpose, handle, keys: &KeyRing| {
                check(&text, purpose, handle, now(), REGISTER_AGE, keys.macs())
            };
            let other = if purpose == Register {
                Refresh
            } else {
                Register
            };
            assert_eq!(found(purpose, handle(1), &keys), Fresh);
            assert_eq!(found(other, handle(1), &keys), Foreign);
            assert_eq!(found(purpose, handle(2), &keys), Foreign);
            assert_eq!(found(purpose, handle(1), &others), Foreign);
        }
    }

    #[test]
    fn a_challenge_holds_to_the_millisecond() {
        let keys = ring();
        let text = mint(Refresh, handle(1), now(), keys.mac());
        let max_age = refresh_age(TimeDelta::minutes(10));
        assert_eq!(max_age, TimeDelta::minutes(12));
        let one = TimeDelta::milliseconds(1);
        for (later, found) in [
            (TimeDelta::zero(), Fresh),
            (max_age, Fresh),
            (max_age + one, Old),
            (TimeDelta::days(300), Old),
            (-MAX_AHEAD, Fresh),
            (-MAX_AHEAD - one, Old),
        ] {
            let at = now() + later;
            let checked = check(&text, Refresh, handle(1), at, max_age, keys.macs());
            assert_eq!(checked, found, "{later}");
        }
    }

    /// Each bit of the time and of the tag counts, and so does the length.
    #[test]
    fn a_changed_challenge_is_foreign() {
        let keys = ring();
        let text = mint(Refresh, handle(1), now(), keys.mac());
        let found = |text: &str| {
            let max_age = TimeDelta::days(100_000);
            check(text, Refresh, handle(1), now(), max_age, keys.macs())
        };
        assert_eq!(found(&text), Fresh);
        for place in 0..text.len() {
            for letter in ["A", "Q", "g", "w", "_", "=", " "] {
                let mut changed = text.clone();
                changed.replace_range(place..=place, letter);
                assert!(changed == text || found(&changed) == Foreign, "{changed}");
            }
        }
        let longer = format!("{text}A");
        for other in ["", "A", &text[1..], &longer, &"A".repeat(30), "é"] {
            assert_eq!(found(other), Foreign, "{other}");
        }
    }
}
