//! The clock: the only file that reads the time of the machine.

use std::fmt;
use std::time::{Duration, Instant};

#[cfg(feature = "testing")]
use chrono::TimeDelta;
use chrono::{DateTime, Utc};

mod database;

pub(crate) use database::DatabaseClock;

/// Where the library takes the time from.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The wall clock, for everything that is stored or signed.
    fn now(&self) -> DateTime<Utc>;

    /// Time since an arbitrary fixed instant; it never jumps, so it measures waiting and staleness.
    fn monotonic(&self) -> Duration;

    /// Whether the wall clock shows the time of day, so that the clock of a database server may put it
    /// right; a clock that a test moves by hand does not.
    fn is_time_of_day(&self) -> bool {
        true
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that moves only when told to, so that a test needs no sleep.
///
/// Clones share one time.
#[cfg(feature = "testing")]
#[derive(Debug, Clone)]
pub struct ManualClock {
    start: DateTime<Utc>,
    /// How far time went on, and how far the wall clock jumped beside it.
    elapsed: std::sync::Arc<std::sync::Mutex<(Duration, TimeDelta)>>,
}

#[cfg(feature = "testing")]
impl ManualClock {
    /// A clock that stands at `start`.
    pub fn at(start: DateTime<Utc>) -> Self {
        Self {
            start,
            elapsed: std::sync::Arc::default(),
        }
    }

    /// Moves the clock, wall time and monotonic time alike.
    pub fn advance(&self, by: Duration) {
        self.lock().0 += by;
    }

    /// Sets the wall clock ahead, or back, without any time passing.
    pub fn jump(&self, by: TimeDelta) {
        self.lock().1 += by;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Duration, TimeDelta)> {
        self.elapsed
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(feature = "testing")]
impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        let (elapsed, jumped) = *self.lock();
        self.start + elapsed + jumped
    }

    fn monotonic(&self) -> Duration {
        self.lock().0
    }

    fn is_time_of_day(&self) -> bool {
        false
    }
}
