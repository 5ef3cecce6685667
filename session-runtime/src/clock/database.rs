//! The database server's clock, which all processes share.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Clock;

/// If a process's clock differs from the database's by more than this, or jumps by more, it is
/// reported.
const SKEW: TimeDelta = TimeDelta::seconds(5);

/// Whether a difference between the clocks is worth reporting.
pub(crate) fn is_skewed(offset: TimeDelta) -> bool {
    offset.abs() > SKEW
}

/// When this version was released: a clock that shows an earlier time is wrong.
const WRITTEN: DateTime<Utc> = DateTime::from_timestamp(1_793_491_200, 0).expect("November 2026");

/// The machine's clock, corrected by the database's.
#[derive(Debug)]
pub(crate) struct DatabaseClock {
    machine: Arc<dyn Clock>,
    /// By how much the database's clock is ahead, in microseconds.
    offset: AtomicI64,
    /// The offset that was last reported.
    told: AtomicI64,
}

impl DatabaseClock {
    /// Shows the machine's time until the database was asked.
    pub(crate) fn new(machine: Arc<dyn Clock>) -> Self {
        Self {
            machine,
            offset: AtomicI64::new(0),
            told: AtomicI64::new(0),
        }
    }

    /// Asks the database for its time, if it has a clock of its own, and follows it.
    ///
    /// An answer that is consistent with the current offset changes nothing, so slow answers do not
    /// make the time jitter.
    pub(crate) fn follow<E>(
        &self,
        ask: impl FnOnce() -> Result<Option<DateTime<Utc>>, E>,
    ) -> Result<(), E> {
        if !self.machine.is_time_of_day() {
            return Ok(());
        }
        let sent = self.machine.now();
        let Some(database) = ask()? else {
            return Ok(());
        };
        // The database looked at its clock somewhere between these two.
        let (least, most) = (database - self.machine.now(), database - sent);
        if !(least..=most).contains(&self.offset()) {
            let offset = least + (most - least) / 2;
            let micros = offset.num_microseconds().unwrap_or_default();
            self.offset.store(micros, Ordering::Relaxed);
        }
        Ok(())
    }

    /// By how much the database's clock is ahead of the machine's.
    pub(crate) fn offset(&self) -> TimeDelta {
        TimeDelta::microseconds(self.offset.load(Ordering::Relaxed))
    }

    /// The offset, if it differs by more than [`SKEW`] from the one that was last reported, or from
    /// zero at first.
    pub(crate) fn offset_change(&self) -> Option<TimeDelta> {
        let offset = self.offset();
        let told = self.told.load(Ordering::Relaxed);
        if !is_skewed(offset - TimeDelta::microseconds(told)) {
            return None;
        }
        let micros = offset.num_microseconds().unwrap_or_default();
        self.told.store(micros, Ordering::Relaxed);
        Some(offset)
    }

    /// By how much at least the clock is behind, if it shows a time before this version was
    /// released.
    pub(crate) fn behind(&self) -> Option<TimeDelta> {
        let behind = WRITTEN - self.now();
        (self.machine.is_time_of_day() && behind > TimeDelta::zero()).then_some(behind)
    }

    /// The wall clock, for everything that is stored or signed.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.machine.now() + self.offset()
    }

    /// Time since a fixed instant, which never jumps.
    pub(crate) fn monotonic(&self) -> Duration {
        self.machine.monotonic()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::sync::Mutex;

    use super::*;

    /// Shows one time after another, in milliseconds.
    #[derive(Debug)]
    struct Shows(Mutex<VecDeque<i64>>, bool);

    impl Clock for Shows {
        fn now(&self) -> DateTime<Utc> {
            let next = self.0.lock().expect("no panic").pop_front();
            DateTime::from_timestamp_millis(next.expect("a time")).expect("in range")
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }

        fn is_time_of_day(&self) -> bool {
            self.1
        }
    }

    fn shows(times: &[i64]) -> DatabaseClock {
        let times = Mutex::new(times.iter().copied().collect());
        DatabaseClock::new(Arc::new(Shows(times, true)))
    }

    fn answer(millis: i64) -> Result<Option<DateTime<Utc>>, Infallible> {
        Ok(DateTime::from_timestamp_millis(millis))
    }

    #[test]
    fn follows_only_what_it_cannot_explain() {
        // When the query is sent, what the database answers, when the answer arrives; the offset
        // then.
        let steps = [
            ((0, 50, 100), 0),
            ((200, 310, 300), 60),
            // Consistent with the last offset, because the answer was slow.
            ((1_000, 1_900, 3_000), 60),
            ((4_000, 4_070, 4_020), 60),
            // One of the clocks jumped.
            ((5_000, 95_010, 5_020), 90_000),
            ((6_000, 6_001, 6_002), 0),
        ];
        let times: Vec<i64> = steps
            .iter()
            .flat_map(|((sent, _, received), _)| [*sent, *received])
            .collect();
        let clock = shows(&times);
        for ((_, database, _), offset) in steps {
            clock.follow(|| answer(database)).expect("an answer");
            assert_eq!(clock.offset(), TimeDelta::milliseconds(offset));
        }
    }

    #[test]
    fn the_time_is_the_database_s() {
        let clock = shows(&[1_000, 1_000, 7_000]);
        clock.follow(|| answer(31_000)).expect("an answer");
        assert_eq!(Ok(Some(clock.now())), answer(37_000));
    }

    #[test]
    fn what_is_over_five_seconds_is_news_once() {
        let offsets = [4_999, 5_001, 5_000, 0, -5_000, -90_000, -90_000, -84_000];
        let changes = [
            None,
            Some(5_001),
            None,
            Some(0),
            None,
            Some(-90_000),
            None,
            Some(-84_000),
        ];
        let clock = shows(&[0; 16]);
        for (offset, changes) in offsets.into_iter().zip(changes) {
            clock.follow(|| answer(offset)).expect("an answer");
            assert_eq!(
                clock.offset_change(),
                changes.map(TimeDelta::milliseconds),
                "{offset}"
            );
        }
    }

    #[test]
    fn a_time_before_this_version_was_written_is_noticed() {
        let written = WRITTEN.timestamp_millis();
        for (shown, behind) in [
            (0, Some(written)),
            (written - 1, Some(1)),
            (written, None),
            (written + 1, None),
        ] {
            let behind = behind.map(TimeDelta::milliseconds);
            assert_eq!(shows(&[shown]).behind(), behind, "{shown}");
        }
        let by_hand = Shows(Mutex::new(VecDeque::from([0])), false);
        assert_eq!(DatabaseClock::new(Arc::new(by_hand)).behind(), None);
    }

    #[test]
    fn a_clock_that_is_moved_by_hand_is_left_alone() {
        let clock = DatabaseClock::new(Arc::new(Shows(Mutex::default(), false)));
        clock.follow(|| answer(90_000)).expect("an answer");
        assert_eq!(clock.offset(), TimeDelta::zero());
    }

    #[test]
    fn a_database_without_a_clock_changes_nothing() {
        let clock = shows(&[0, 0]);
        clock
            .follow(|| Ok::<_, Infallible>(None))
            .expect("an answer");
        assert_eq!(clock.offset(), TimeDelta::zero());
        assert!(clock.follow(|| Err("lost")).is_err());
    }
}
