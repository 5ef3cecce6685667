//! When to stop asking a database that hangs, and when to ask again.

use std::time::Duration;

/// How long after a time-out nothing is asked.
const PAUSE: Duration = Duration::from_secs(1);

/// A circuit breaker: after a time-out it admits nothing for a while, then one probe at a time, and
/// everything once anything was answered. Times are of a monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Breaker {
    /// The database answers.
    #[default]
    Closed,
    /// It hangs; from then on a probe may ask.
    Open {
        /// When that is.
        until: Duration,
    },
}

impl Breaker {
    /// Whether a question may be asked. One that is admitted while the breaker is open is a probe,
    /// which may take `longest`: until then it is alone.
    pub(crate) fn admits(&mut self, now: Duration, longest: Duration) -> bool {
        match *self {
            Self::Closed => true,
            Self::Open { until } if now < until => false,
            Self::Open { .. } => {
                *self = Self::Open {
                    until: now + longest,
                };
                true
            }
        }
    }

    /// A question was answered, well or not; says whether that is news.
    pub(crate) fn answered(&mut self) -> bool {
        std::mem::take(self) != Self::Closed
    }

    /// A question was not answered in time; says whether that is news.
    pub(crate) fn timed_out(&mut self, now: Duration) -> bool {
        let opened = Self::Open { until: now + PAUSE };
        std::mem::replace(self, opened) == Self::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Step {
        Ask(u64, bool),
        Answered(bool),
        TimedOut(u64, bool),
    }

    #[test]
    fn after_a_time_out_one_probe_at_a_time() {
        use Step::{Answered, Ask, TimedOut};
        let (mut breaker, longest) = (Breaker::default(), Duration::from_secs(10));
        // Each with its time in seconds and what it says.
        let steps = [
            Ask(0, true),
            Ask(0, true),
            Answered(false),
            TimedOut(10, true),
            // The others that were under way.
            TimedOut(10, false),
            Ask(10, false),
            // After the pause one query is sent, and the others wait for its result.
            Ask(11, true),
            Ask(11, false),
            Ask(20, false),
            TimedOut(21, false),
            Ask(21, false),
            Ask(22, true),
            // Nobody hears of the probe, for its request went away.
            Ask(31, false),
            Ask(32, true),
            Answered(true),
            Ask(32, true),
            Ask(32, true),
            Answered(false),
            TimedOut(40, true),
            // One that hung comes back.
            Answered(true),
            Ask(40, true),
        ];
        for (number, step) in steps.into_iter().enumerate() {
            let (said, expected) = match step {
                Ask(now, says) => (breaker.admits(Duration::from_secs(now), longest), says),
                Answered(says) => (breaker.answered(), says),
                TimedOut(now, says) => (breaker.timed_out(Duration::from_secs(now)), says),
            };
            assert_eq!(said, expected, "step {number}");
        }
    }
}
