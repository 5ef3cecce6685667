//! No issued secret in any log: every test runs at TRACE, and a server that goes looks through all
//! that was logged since it came.
//!
//! Left out are the lines in which hyper and Rocket's server print whole requests at DEBUG, which
//! no library can prevent.

use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use log::{LevelFilter, Metadata, Record};
use rocket::figment::Provider;
use rocket::{Build, Rocket};
use session_runtime::Sessions;

/// Everything that was logged by this process, whoever logged it.
static LOGGED: Mutex<String> = Mutex::new(String::new());

struct Recorder;

impl log::Log for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let prints_requests = ["hyper", "h2", "rocket::server"];
        !prints_requests
            .iter()
            .any(|target| metadata.target().starts_with(target))
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            add(&format!("{} {}", record.target(), record.args()));
        }
    }

    fn flush(&self) {}
}

/// Adds a line; tracing's events come through here as well.
pub(crate) fn add(line: &str) {
    let mut logged = logged();
    logged.push_str(line);
    logged.push('\n');
}

fn logged() -> MutexGuard<'static, String> {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to record, at TRACE; once is enough.
pub(crate) fn record() {
    static START: Once = Once::new();
    START.call_once(|| {
        log::set_logger(&Recorder).expect("the first logger");
        log::set_max_level(LevelFilter::Trace);
        tracing::subscriber::set_global_default(crate::log::Collector::default())
            .expect("the first subscriber");
    });
}

/// A Rocket whose log is recorded: Rocket sets a logger of its own where nobody was first.
pub fn rocket(figment: impl Provider) -> Rocket<Build> {
    record();
    rocket::custom(figment)
}

/// The secrets that one server issued. When the last clone goes, none of them may have been logged.
#[derive(Debug, Clone)]
pub(crate) struct Issued(Arc<Secrets>);

#[derive(Debug)]
struct Secrets {
    since: usize,
    issued: Mutex<Vec<String>>,
}

impl Issued {
    /// Of a server that is about to start.
    pub(crate) fn new() -> Self {
        record();
        Self(Arc::new(Secrets {
            since: logged().len(),
            issued: Mutex::default(),
        }))
    }

    /// Remembers the secret part of a token: what proves that it is ours.
    pub(crate) fn token(&self, token: &str) {
        let tail = token.len().saturating_sub(40);
        if let Some(secret) = token.get(tail..).filter(|secret| secret.len() == 40) {
            self.secret(secret.to_owned());
        }
    }

    /// Remembers the keys of a server, in the forms in which they could be printed.
    pub(crate) async fn keys_of(&self, sessions: &Sessions) {
        for (_, key) in sessions.reveal_keys().await.expect("the keys") {
            self.secret(
                format!("{:?}", &key[..key.len().min(48)])
                    .trim_end_matches(']')
                    .to_owned(),
            );
            self.secret(key.iter().map(|byte| format!("{byte:02x}")).collect());
        }
    }

    fn secret(&self, secret: String) {
        self.0
            .issued
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(secret);
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let logged = logged();
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        for secret in issued.iter() {
            assert!(
                !logged[self.since..].contains(secret.as_str()),
                "a secret was logged: ..{secret}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Issued, add};

    #[test]
    #[should_panic(expected = "a secret was logged")]
    fn a_secret_in_the_log_is_found() {
        let issued = Issued::new();
        let token = "v1.0123456789012345678901234567890123456789012345678901234567890123456789";
        issued.token(token);
        log::trace!("the token is {token}");
        add("another line");
        drop(issued);
    }

    #[test]
    fn a_log_without_secrets_is_fine() {
        let issued = Issued::new();
        issued.token("v1.9876543210987654321098765432109876543210");
        tracing::trace!("nothing to see");
        drop(issued);
    }
}
