//! How many sessions a user may have, and what a login beyond that does.

use crate::handle::SessionHandle;

/// A limit on the sessions of a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) most: usize,
    /// Whether one more is refused; else the oldest end.
    pub(crate) refuses: bool,
}

/// An unexpired session of a user, as far as a login of the same user looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) handle: SessionHandle,
    /// How often the second factor was tried, if the session awaits one.
    pub(crate) attempts: Option<u32>,
}

impl Standing {
    pub(crate) fn is_pending(&self) -> bool {
        self.attempts.is_some()
    }
}

/// What a login means for the sessions that the user has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It starts a session, and these of the oldest end.
    Admitted {
        ends: Vec<SessionHandle>,
    },
    Refused,
}

/// How many sessions one login ends at most. If a user has many more sessions than a new limit
/// allows, it takes effect over several logins, so that no other user waits.
const ENDS_AT_MOST: usize = 100;

impl Limit {
    /// Whether a user who has `theirs`, oldest first, may start one more, which takes the place of
    /// `replaced`. Pending sessions count among themselves, and so do the others.
    pub(crate) fn admit(
        self,
        pending: bool,
        theirs: &[Standing],
        replaced: &[SessionHandle],
    ) -> Admission {
        let counted = theirs.iter().filter(|one| one.is_pending() == pending);
        let mut others: Vec<SessionHandle> = counted
            .map(|one| one.handle)
            .filter(|handle| !replaced.contains(handle))
            .collect();
        let excess = (others.len() + 1).saturating_sub(self.most);
        if excess > 0 && self.refuses {
            return Admission::Refused;
        }
        others.truncate(excess.min(ENDS_AT_MOST));
        Admission::Admitted { ends: others }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(number: usize) -> SessionHandle {
        SessionHandle::from_bytes((number as u128).to_be_bytes())
    }

    fn handles(numbers: impl IntoIterator<Item = usize>) -> Vec<SessionHandle> {
        numbers.into_iter().map(handle).collect()
    }

    /// Sessions by their numbers; `true` for one that is pending.
    fn standing(sessions: impl IntoIterator<Item = (usize, bool)>) -> Vec<Standing> {
        let of = |(number, pending): (usize, bool)| Standing {
            handle: handle(number),
            attempts: pending.then_some(0),
        };
        sessions.into_iter().map(of).collect()
    }

    #[test]
    fn a_login_beyond_the_limit_ends_the_oldest_or_is_refused() {
        // The limit, how many there are, how many of the oldest end, and whether one that refuses
        // does.
        for (most, there, ends, refused) in [
            (1, 0, 0, false),
            (1, 1, 1, true),
            (3, 1, 0, false),
            (3, 2, 0, false),
            (3, 3, 1, true),
            // The limit was lowered.
            (3, 10, 8, true),
            (3, 102, 100, true),
            (3, 30_000, 100, true),
        ] {
            let theirs = standing((0..there).map(|number| (number, false)));
            let admit = |refuses| Limit { most, refuses }.admit(false, &theirs, &[]);
            let admitted = Admission::Admitted {
                ends: handles(0..ends),
            };
            assert_eq!(admit(false), admitted, "{most} {there}");
            let refusing = if refused {
                Admission::Refused
            } else {
                admitted
            };
            assert_eq!(admit(true), refusing, "{most} {there}");
        }
    }

    #[test]
    fn what_a_login_replaces_and_what_is_of_the_other_kind_does_not_count() {
        let theirs = standing([(0, false), (1, true), (2, false), (3, true), (4, false)]);
        // Whether the new one is pending, what it replaces, and what ends under a limit of two.
        for (pending, replaced, ends) in [
            (false, vec![], vec![0, 2]),
            (true, vec![], vec![1]),
            (false, vec![0], vec![2]),
            (false, vec![2, 4], vec![]),
            (true, vec![1], vec![]),
            // A second factor that passes: the pending session is replaced.
            (false, vec![3], vec![0, 2]),
            // Of another user, or ended.
            (false, vec![9], vec![0, 2]),
        ] {
            let limit = Limit {
                most: 2,
                refuses: false,
            };
            let expected = Admission::Admitted {
                ends: handles(ends),
            };
            let found = limit.admit(pending, &theirs, &handles(replaced.clone()));
            assert_eq!(found, expected, "{pending} {replaced:?}");
        }
    }
}
