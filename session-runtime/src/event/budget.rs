//! How many lines of one kind are logged.

use std::time::Duration;

/// The lines of one kind that are logged in a period.
const LINES: u32 = 30;

/// How long a period lasts.
const PERIOD: Duration = Duration::from_secs(60);

/// Limits the lines of one kind, because clients decide how many there are. Times are monotonic.
#[derive(Debug, Default)]
pub(super) struct Budget {
    /// When the period began; `None` until there is a line.
    began: Option<Duration>,
    logged: u32,
    left_out: u64,
}

impl Budget {
    /// Ends the period if it is over at `now`; returns how many lines it left out, if any.
    pub(super) fn close(&mut self, now: Duration) -> Option<u64> {
        let began = self.began?;
        if now.saturating_sub(began) < PERIOD {
            return None;
        }
        let left_out = std::mem::take(self).left_out;
        (left_out > 0).then_some(left_out)
    }

    /// Whether a period has begun.
    pub(super) fn is_open(&self) -> bool {
        self.began.is_some()
    }

    /// Whether one more line is logged at `now`; otherwise it is counted.
    pub(super) fn admits(&mut self, now: Duration) -> bool {
        self.began.get_or_insert(now);
        let room = self.logged < LINES;
        if room {
            self.logged += 1;
        } else {
            self.left_out += 1;
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_lines_a_minute_and_the_rest_is_counted() {
        let mut budget = Budget::default();
        // The second, how many lines come then, how many the previous period left out, and how many
        // are logged.
        for (second, lines, left_out, logged) in [
            (0, 10, None, 10),
            (59, 25, None, 20),
            (59, 5, None, 0),
            (60, 0, Some(10), 0),
            // Nothing came, so there is no period to end.
            (500, 0, None, 0),
            (501, 30, None, 30),
            // A new period begins with its first line.
            (560, 1, None, 0),
            (561, 100, Some(1), 30),
            (700, 1, Some(70), 1),
            (800, 1, None, 1),
        ] {
            let now = Duration::from_secs(second);
            assert_eq!(budget.close(now), left_out, "at {second} s");
            let admitted = (0..lines).filter(|_| budget.admits(now)).count();
            assert_eq!(admitted, logged, "at {second} s");
        }
    }
}
