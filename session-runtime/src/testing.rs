//! For tests of applications: a clock that tests move, so that they need no sleep.
//!
//! ```
//! # use std::time::Duration;
//! use session_runtime::Sessions;
//! use session_runtime::clock::{Clock, SystemClock};
//! use session_runtime::testing::ManualClock;
//!
//! let clock = ManualClock::at(SystemClock::default().now());
//! let rocket = rocket::build().attach(Sessions::fairing().clock(clock.clone()));
//! // Log in with a `rocket::local` client, then:
//! clock.advance(Duration::from_secs(2 * 60 * 60)); // the access token has expired
//! # let _ = rocket;
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;

/// A clock that moves only when a test moves it.
///
/// Clones share the same time. The module shows how to use it.
#[doc(alias = "test")]
#[derive(Debug, Clone)]
pub struct ManualClock {
    start: DateTime<Utc>,
    /// How far time went on, and how far the wall clock jumped beside it.
    elapsed: Arc<Mutex<(Duration, TimeDelta)>>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn at(start: DateTime<Utc>) -> Self {
        Self {
            start,
            elapsed: Arc::default(),
        }
    }

    /// Lets time pass: moves the wall clock and the monotonic time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use session_runtime::clock::Clock;
    /// use session_runtime::testing::ManualClock;
    ///
    /// let clock = ManualClock::at(chrono::DateTime::UNIX_EPOCH);
    /// clock.advance(Duration::from_secs(60));
    /// assert_eq!(clock.now().timestamp(), 60);
    /// ```
    pub fn advance(&self, by: Duration) {
        self.lock().0 += by;
    }

    /// Moves the wall clock ahead or back without letting time pass, as when an operator sets the
    /// clock.
    pub fn jump(&self, by: TimeDelta) {
        self.lock().1 += by;
    }

    fn lock(&self) -> MutexGuard<'_, (Duration, TimeDelta)> {
        self.elapsed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
