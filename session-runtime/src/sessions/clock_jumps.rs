//! Whether the system clock jumped recently.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// If the clocks disagree by more than this, nothing may be deleted.
pub(super) const MAX_DISAGREEMENT: TimeDelta = TimeDelta::minutes(5);

/// Compares the wall clock with monotonic time.
#[derive(Debug, Default)]
pub(super) struct ClockJumps {
    /// The wall clock and the monotonic time of the last check.
    last: Option<(DateTime<Utc>, Duration)>,
    /// When the wall clock was last seen to have jumped (monotonic).
    jumped_at: Option<Duration>,
}

impl ClockJumps {
    /// By how much the wall clock has jumped since the last check.
    pub(super) fn note(&mut self, wall: DateTime<Utc>, monotonic: Duration) -> TimeDelta {
        let now = (wall, monotonic);
        let (last_wall, last_monotonic) = self.last.replace(now).unwrap_or(now);
        let passed =
            TimeDelta::from_std(monotonic.saturating_sub(last_monotonic)).unwrap_or(TimeDelta::MAX);
        let jumped = (wall - last_wall) - passed;
        if jumped.abs() > MAX_DISAGREEMENT {
            self.jumped_at = Some(monotonic);
        }
        jumped
    }

    /// Whether it has not jumped for this long.
    pub(super) fn holds(&self, monotonic: Duration, needed: TimeDelta) -> bool {
        let needed = needed.to_std().unwrap_or(Duration::MAX);
        self.jumped_at
            .is_none_or(|jumped_at| monotonic.saturating_sub(jumped_at) >= needed)
    }
}
