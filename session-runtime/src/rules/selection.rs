//! Which of the sessions that a browser presents is used.
//!
//! A browser can have the cookies of several sessions at once: a login was answered late, a tab was
//! open for a while, an operator acts for somebody. Cookie names contain the session, so each pair
//! is checked on its own, and an answer touches only the cookies of the session that it is about.

use crate::handle::SessionHandle;

/// The state of an access token that this application issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is valid, and its session is not known to be revoked.
    Live,
    /// It has expired, or the key that signed it is gone: a refresh may help.
    Stale,
    /// It has expired, and the database says that its session still exists. Only [rivals] are
    /// looked up.
    Away,
    /// Its session was revoked.
    Revoked,
}

/// An access token that this application issued, in the cookie of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shown<'a> {
    /// The session it names.
    pub handle: SessionHandle,
    /// The user it names if its signature was verified, otherwise empty.
    pub user_id: &'a str,
    /// Its state.
    pub standing: Standing,
    /// Whether its session awaits a second factor. A visitor's session may exist beside it and
    /// continues.
    pub pending: bool,
    /// Whether it is a visitor's session.
    pub visitor: bool,
}

/// What a guard uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// This session.
    Session(SessionHandle),
    /// Live sessions of different users: the request's user is unknown.
    SeveralUsers,
    /// No live session, but one that a refresh may make valid again.
    TryRefresh,
    /// Only revoked sessions.
    Revoked,
    /// No token of this application.
    Nothing,
}

/// Chooses the newest live session (by the time in its handle), and a user's before a visitor's.
pub fn choose(shown: &[Shown<'_>]) -> Choice {
    let is_live = |token: &&Shown<'_>| token.standing == Standing::Live;
    // A visitor's session beside a user's is ignored.
    let is_users = |token: &Shown<'_>| !token.visitor;
    let has_user = shown.iter().filter(is_live).any(is_users);
    let live = || {
        let alive = shown.iter().filter(is_live);
        alive.filter(|token| is_users(token) == has_user)
    };
    let Some(newest) = live().max_by_key(|token| token.handle) else {
        let is_stale = |token: &Shown<'_>| token.standing == Standing::Stale;
        return if shown.iter().any(is_stale) {
            Choice::TryRefresh
        } else if shown.is_empty() {
            Choice::Nothing
        } else {
            Choice::Revoked
        };
    };
    let is_newer =
        |token: &Shown<'_>| token.standing == Standing::Stale && token.handle > newest.handle;
    if (newest.pending || newest.visitor) && shown.iter().any(is_newer) {
        // The visitor has logged in since, or the second factor was completed.
        return Choice::TryRefresh;
    }
    let is_other = |token: &Shown<'_>| token.user_id != newest.user_id;
    let is_away = |token: &&Shown<'_>| token.standing == Standing::Away;
    if has_user && live().any(is_other) || shown.iter().filter(is_away).any(is_other) {
        return Choice::SeveralUsers;
    }
    Choice::Session(newest.handle)
}

/// The expired tokens of other users beside the chosen session, by their handles.
///
/// Another host on the domain can plant a live session of its own and wait until the user's access
/// token expires. Only the database knows whether the user's session still exists. If it does, the
/// token is [`Standing::Away`], and the choice has to be made again.
pub fn rivals(shown: &[Shown<'_>], chosen: SessionHandle) -> Vec<SessionHandle> {
    let Some(chosen) = shown.iter().find(|token| token.handle == chosen) else {
        return Vec::new();
    };
    let is_rival = |token: &&Shown<'_>| {
        let is_known = !token.user_id.is_empty() && !token.visitor;
        token.standing == Standing::Stale && is_known && token.user_id != chosen.user_id
    };
    let rivals = shown.iter().filter(is_rival);
    rivals.map(|token| token.handle).collect()
}

/// A refresh token of this application, in the cookie of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShownRefresh {
    /// The session it names.
    pub handle: SessionHandle,
    /// Its generation: of two tokens of one session, the one with the higher generation was issued
    /// later.
    pub generation: u32,
}

/// The newest live session of a visitor, for a page that serves everybody while a login is in
/// progress.
pub fn choose_visitor(shown: &[Shown<'_>]) -> Option<SessionHandle> {
    let visitors = shown
        .iter()
        .filter(|token| token.visitor && token.standing == Standing::Live);
    visitors.map(|token| token.handle).max()
}

/// What became of the refresh token of one session, of several that a browser presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It was exchanged.
    Done,
    /// Its session has ended, or this browser can do nothing with it.
    Ended,
    /// Somebody has a copy of it; the session ended.
    Stolen,
    /// A login has just replaced the session, or the database did not answer.
    Undecided,
}

impl Attempt {
    /// Whether the cookies of the session are removed.
    pub fn removes(self) -> bool {
        matches!(self, Self::Ended | Self::Stolen)
    }

    /// Whether the next newest session is tried.
    pub fn tries_the_next(self) -> bool {
        self == Self::Ended
    }
}

/// Chooses the latest refresh token of the newest session; returns its index.
pub fn choose_refresh(shown: &[ShownRefresh]) -> Option<usize> {
    (0..shown.len()).max_by_key(|index| {
        let ShownRefresh { handle, generation } = shown[*index];
        // Of equals the first, which is the one with the longest path (RFC 6265 section 5.4).
        (handle, generation, std::cmp::Reverse(*index))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(number: u8) -> SessionHandle {
        SessionHandle::from_bytes([number; 16])
    }

    fn shown(number: u8, user_id: &str, standing: Standing) -> Shown<'_> {
        Shown {
            handle: handle(number),
            user_id,
            standing,
            pending: false,
            visitor: false,
        }
    }

    fn pending(number: u8, user_id: &str) -> Shown<'_> {
        Shown {
            pending: true,
            ..shown(number, user_id, Standing::Live)
        }
    }

    fn visitor(number: u8, handle: &str) -> Shown<'_> {
        Shown {
            visitor: true,
            ..shown(number, handle, Standing::Live)
        }
    }

    #[test]
    fn a_guard_takes_the_newest_live_session() {
        use Standing::{Away, Live, Revoked, Stale};
        for (tokens, choice) in [
            (vec![], Choice::Nothing),
            (vec![shown(1, "a", Live)], Choice::Session(handle(1))),
            (vec![shown(1, "a", Stale)], Choice::TryRefresh),
            (vec![shown(1, "a", Revoked)], Choice::Revoked),
            (
                vec![shown(2, "a", Live), shown(1, "a", Live)],
                Choice::Session(handle(2)),
            ),
            (
                vec![shown(1, "a", Live), shown(2, "a", Live)],
                Choice::Session(handle(2)),
            ),
            (
                vec![shown(1, "a", Revoked), shown(2, "a", Live)],
                Choice::Session(handle(2)),
            ),
            (
                vec![shown(1, "a", Live), shown(2, "b", Revoked)],
                Choice::Session(handle(1)),
            ),
            (
                vec![shown(1, "a", Live), shown(2, "b", Stale)],
                Choice::Session(handle(1)),
            ),
            (
                vec![shown(1, "a", Live), shown(2, "b", Live)],
                Choice::SeveralUsers,
            ),
            (
                vec![shown(1, "a", Live), pending(2, "a")],
                Choice::Session(handle(2)),
            ),
            (
                vec![pending(1, "a"), shown(2, "a", Live)],
                Choice::Session(handle(2)),
            ),
            (
                vec![shown(1, "a", Live), pending(2, "b")],
                Choice::SeveralUsers,
            ),
            (vec![pending(1, "a"), pending(2, "b")], Choice::SeveralUsers),
            (
                vec![visitor(1, "v"), pending(2, "a")],
                Choice::Session(handle(2)),
            ),
            (
                vec![pending(1, "a"), visitor(2, "v")],
                Choice::Session(handle(1)),
            ),
            (
                vec![shown(1, "a", Live), visitor(2, "v")],
                Choice::Session(handle(1)),
            ),
            (
                vec![visitor(1, "v"), visitor(2, "w")],
                Choice::Session(handle(2)),
            ),
            (
                vec![shown(1, "a", Stale), visitor(2, "v")],
                Choice::Session(handle(2)),
            ),
            (
                vec![visitor(1, "v"), shown(2, "a", Stale)],
                Choice::TryRefresh,
            ),
            (
                vec![pending(1, "a"), shown(2, "a", Stale)],
                Choice::TryRefresh,
            ),
            (
                vec![shown(1, "a", Stale), pending(2, "a")],
                Choice::Session(handle(2)),
            ),
            (
                vec![pending(1, "a"), shown(2, "a", Revoked)],
                Choice::Session(handle(1)),
            ),
            (
                vec![shown(1, "a", Stale), shown(2, "b", Revoked)],
                Choice::TryRefresh,
            ),
            (
                vec![shown(1, "a", Away), shown(2, "b", Live)],
                Choice::SeveralUsers,
            ),
            (
                vec![shown(1, "a", Away), shown(2, "a", Live)],
                Choice::Session(handle(2)),
            ),
            (
                vec![shown(1, "a", Away), visitor(2, "v")],
                Choice::SeveralUsers,
            ),
        ] {
            assert_eq!(choose(&tokens), choice, "{tokens:?}");
        }
    }

    #[test]
    fn rivals_are_expired_sessions_of_other_users() {
        use Standing::{Live, Revoked, Stale};
        let live = shown(2, "b", Live);
        for (beside, is_rival) in [
            (shown(1, "a", Stale), true),
            (shown(3, "a", Stale), true),
            (shown(1, "b", Stale), false),
            (shown(1, "a", Revoked), false),
            (shown(1, "", Stale), false),
            (
                Shown {
                    standing: Stale,
                    ..visitor(1, "v")
                },
                false,
            ),
        ] {
            let expected: Vec<_> = is_rival.then_some(beside.handle).into_iter().collect();
            assert_eq!(rivals(&[beside, live], live.handle), expected, "{beside:?}");
        }
    }

    #[test]
    fn a_refresh_takes_the_newest_session_and_its_latest_token() {
        let token = |number, generation| ShownRefresh {
            handle: handle(number),
            generation,
        };
        assert_eq!(choose_refresh(&[]), None);
        assert_eq!(choose_refresh(&[token(1, 9), token(2, 0)]), Some(1));
        assert_eq!(choose_refresh(&[token(2, 0), token(1, 9)]), Some(0));
        assert_eq!(choose_refresh(&[token(1, 3), token(1, 4)]), Some(1));
        assert_eq!(choose_refresh(&[token(1, 4), token(1, 4)]), Some(0));
    }
}
