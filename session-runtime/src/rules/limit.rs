//! How many sessions a user may have, and what a login beyond that does.

/// A limit on the sessions of a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) most: usize,
    /// Whether one more is refused; else the oldest end.
    pub(crate) refuses: bool,
}

/// What a login means for the sessions that the user has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It starts a session, and so many of the oldest end.
    Admitted {
        ends: usize,
    },
    Refused,
}

/// The most sessions that one login ends. A limit that is new to a user with many more takes hold over
/// their next logins, and no other user waits for it.
const ENDS_AT_MOST: usize = 100;

impl Limit {
    /// Whether a user who has `others` sessions may start one more.
    pub(crate) fn admit(self, others: usize) -> Admission {
        let excess = (others + 1).saturating_sub(self.most);
        match excess {
            0 => Admission::Admitted { ends: 0 },
            _ if self.refuses => Admission::Refused,
            excess => Admission::Admitted {
                ends: excess.min(ENDS_AT_MOST),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_beyond_the_limit_ends_the_oldest_or_is_refused() {
        let ends = |ends| Admission::Admitted { ends };
        // The limit, how many there are, and what a login does: ending the oldest, and refusing.
        for (most, others, ending, refusing) in [
            (1, 0, ends(0), ends(0)),
            (1, 1, ends(1), Admission::Refused),
            (3, 1, ends(0), ends(0)),
            (3, 2, ends(0), ends(0)),
            (3, 3, ends(1), Admission::Refused),
            // The limit was lowered.
            (3, 10, ends(8), Admission::Refused),
            (3, 102, ends(100), Admission::Refused),
            (3, 30_000, ends(100), Admission::Refused),
        ] {
            for (refuses, expected) in [(false, ending), (true, refusing)] {
                assert_eq!(
                    Limit { most, refuses }.admit(others),
                    expected,
                    "{most} {others}"
                );
            }
        }
    }
}
