//! Where the library gets the time from. Applications replace it in their tests only.
//!
//! ```
//! use session_runtime::clock::{Clock, SystemClock};
//! use session_runtime::Sessions;
//!
//! assert!(SystemClock::default().now().timestamp() > 0);
//! let sessions = Sessions::fairing().clock(SystemClock::default()); // what it does anyway
//! # let _ = sessions;
//! ```

// Only this file reads the machine's clock.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place where the time comes from"
)]

use std::fmt;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

mod database;
mod phrases;

pub(crate) use database::{DatabaseClock, is_skewed};
pub(crate) use phrases::{beside_database, in_words, jumped};

/// A source of the time; tests replace it with `testing::ManualClock`.
///
/// ```
/// use std::time::Duration;
///
/// use chrono::{DateTime, Utc};
/// use session_runtime::clock::{Clock, SystemClock};
///
/// /// The machine's clock, an hour ahead.
/// #[derive(Debug, Default)]
/// struct Ahead(SystemClock);
///
/// impl Clock for Ahead {
///     fn now(&self) -> DateTime<Utc> { self.0.now() + Duration::from_secs(3600) }
///     fn monotonic(&self) -> Duration { self.0.monotonic() }
///     fn is_time_of_day(&self) -> bool { false }
/// }
/// # let _ = session_runtime::Sessions::fairing().clock(Ahead::default());
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The current time, for everything that is stored or signed.
    fn now(&self) -> DateTime<Utc>;

    /// The time since an arbitrary fixed instant. It never jumps, so it measures waiting and
    /// staleness.
    fn monotonic(&self) -> Duration;

    /// Whether `now` is the real time, which the database server's clock may then correct. Return
    /// `false` for a clock that a test moves.
    fn is_time_of_day(&self) -> bool {
        true
    }
}

/// The machine's clock, which is used unless
/// [`SessionFairing::clock`](crate::SessionFairing::clock) replaces it.
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
