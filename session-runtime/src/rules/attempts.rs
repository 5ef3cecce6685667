//! How often the second factor of a user was tried: all pending sessions of the user count alike,
//! so that none begins anew.

use super::limit::Standing;
use crate::handle::SessionHandle;

/// How many attempts there were, which a new pending session takes over.
pub(crate) fn so_far(theirs: &[Standing]) -> u32 {
    let attempts = theirs.iter().filter_map(|one| one.attempts);
    attempts.max().unwrap_or(0)
}

/// The number of attempts with one more at `this` session; `None` if the session has ended.
pub(crate) fn one_more(theirs: &[Standing], this: SessionHandle) -> Option<u32> {
    let mut pending = theirs.iter().filter(|one| one.is_pending());
    let found = pending.any(|one| one.handle == this);
    found.then(|| so_far(theirs).saturating_add(1))
}

/// How many there are without the one that passed, by what the session that it completes has
/// counted.
pub(crate) fn one_passed(counted: u32) -> u32 {
    counted.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(number: u8) -> SessionHandle {
        SessionHandle::from_bytes([number; 16])
    }

    #[test]
    fn all_pending_sessions_of_a_user_count_alike() {
        // What each session has counted, in the order of their numbers; the one that is tried; what
        // there was, and what there is then.
        for (sessions, tried, before, after) in [
            (vec![], 0, 0, None),
            (vec![Some(0)], 0, 0, Some(1)),
            (vec![Some(4), Some(4)], 1, 4, Some(5)),
            // A session that was begun by another version, and so counts alone.
            (vec![Some(0), Some(3)], 0, 3, Some(4)),
            (vec![Some(3)], 1, 3, None),
            // A whole session awaits nothing.
            (vec![None, Some(2)], 0, 2, None),
            (vec![None, Some(2)], 1, 2, Some(3)),
            (vec![Some(u32::MAX)], 0, u32::MAX, Some(u32::MAX)),
        ] {
            let numbered = sessions.iter().zip(0..);
            let theirs: Vec<_> = numbered
                .map(|(attempts, number)| Standing {
                    handle: handle(number),
                    attempts: *attempts,
                })
                .collect();
            assert_eq!(so_far(&theirs), before, "{sessions:?}");
            assert_eq!(one_more(&theirs, handle(tried)), after, "{sessions:?}");
        }
    }

    #[test]
    fn the_attempt_that_passes_is_given_back() {
        for (counted, left) in [(0, 0), (1, 0), (5, 4)] {
            assert_eq!(one_passed(counted), left);
        }
    }
}
