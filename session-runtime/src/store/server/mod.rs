//! What the two database servers have in common: a wait for a connection that is bounded, and a
//! name for the log that holds no password.

mod parameters;
mod refusal;
mod url;

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use diesel::{Connection, ConnectionError};
use tokio::sync::Semaphore;

#[cfg(feature = "mysql")]
pub(super) use self::parameters::values;
pub(super) use self::refusal::Refusal;
use super::OpenError;

/// How long a write waits for a lock before it leaves its batch.
pub(super) const LOCK_WAIT: Duration = Duration::from_millis(250);

/// The most attempts to connect at once, those that were given up included; threads that may
/// connect are half as many at most.
const MAX_ATTEMPTS: usize = 260;

/// The attempts to connect to one database.
#[derive(Debug, Clone)]
pub(super) struct Attempts(Arc<Semaphore>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_ATTEMPTS)))
    }
}

/// Opens a connection, and waits at most `timeout` for it: neither client library bounds all of
/// name resolution, the TCP connection and the server's greeting.
pub(super) fn connect<C: Connection + Send + 'static>(
    url: &str,
    timeout: Duration,
    attempts: &Attempts,
) -> Result<C, OpenError> {
    if let Some(problem) = url::problem(url) {
        return Err(OpenError::ServerUrl(problem));
    }
    if let Some(problem) = url::unread(url).or_else(|| parameters::problem(url)) {
        return Err(OpenError::Unfit(problem));
    }
    let no_answer = || OpenError::NoAnswer {
        database: displayed(url),
        seconds: timeout.as_secs_f64(),
    };
    // A server that hangs for hours must not collect a thread for each attempt.
    let attempt = Arc::clone(&attempts.0)
        .try_acquire_owned()
        .map_err(|_| no_answer())?;
    let (answer, waiting) = mpsc::sync_channel(1);
    let target = url.to_owned();
    thread::Builder::new()
        .name("session-connect".into())
        .spawn(move || {
            // Nobody listens any more if it took too long.
            let _dropped = answer.send(C::establish(&target));
            drop(attempt);
        })?;
    let established = waiting.recv_timeout(timeout).map_err(|_| no_answer())?;
    established.map_err(|error| {
        let cause = cause(&error);
        OpenError::Server {
            database: displayed(url),
            refusal: Refusal::of(&cause),
            cause,
        }
    })
}

/// One line, for servers answer in several.
fn cause(error: &ConnectionError) -> String {
    error
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Scheme, host and database of a URL: no user, no password, no parameters.
pub(super) fn displayed(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "a URL without `//`".to_owned();
    };
    let address = rest.split('?').next().unwrap_or_default();
    match address.rsplit_once('@') {
        Some((_, address)) => format!("{scheme}://{address}"),
        // A password that should have been percent-encoded may be what stands here.
        None if rest.contains('@') => format!("{scheme}://.."),
        None => format!("{scheme}://{address}"),
    }
}

#[cfg(test)]
mod tests {
    use super::displayed;

    #[test]
    fn no_log_shows_a_password() {
        for (url, shown) in [
            (
                "postgres://ada:p%40ss@db.example:5432/app?x=y",
                "postgres://db.example:5432/app",
            ),
            ("mysql://ada:a@b@db.example/app", "mysql://db.example/app"),
            ("postgres:///app?password=secret", "postgres:///app"),
            ("postgres://ada:se/cr?et@db", "postgres://.."),
            ("mysql:ada:secret", "a URL without `//`"),
        ] {
            assert_eq!(displayed(url), shown);
        }
    }
}
