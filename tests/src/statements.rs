//! The statements that this process sends to a database, to count them.

use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// Statements in the order in which they were sent.
type Sent = Mutex<Vec<String>>;

/// The databases that somebody watches, each by a part of its URL.
static WATCHED: Mutex<Vec<(String, Weak<Sent>)>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has every connection made from now on tell what it sends, if somebody watches.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_default_instrumentation(|| Some(Box::new(Ear(String::new())))).expect("no panic");
    });
}

/// What is sent to one database while this lives.
#[derive(Debug)]
pub struct Statements(Arc<Sent>);

impl Statements {
    /// Watches the database whose URL ends like this.
    pub fn to(url: &str) -> Self {
        let name = url.rsplit(['/', '=']).next().unwrap_or(url);
        let name = if url.starts_with("sqlite:") {
            url.trim_start_matches("sqlite://")
        } else {
            name
        };
        let sent = Arc::default();
        lock(&WATCHED).push((name.to_owned(), Arc::downgrade(&sent)));
        Self(sent)
    }

    /// Those since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0))
    }
}

/// Listens to one connection.
struct Ear(String);

impl Instrumentation for Ear {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => self.0 = url.to_owned(),
            InstrumentationEvent::StartQuery { query, .. } => self.note(&query.to_string()),
            _ => {}
        }
    }
}

impl Ear {
    fn note(&self, statement: &str) {
        let mut watched = lock(&WATCHED);
        watched.retain(|(_, sent)| sent.strong_count() > 0);
        for (name, sent) in &*watched {
            if self.0.contains(name.as_str())
                && let Some(sent) = sent.upgrade()
            {
                lock(&sent).push(statement.to_owned());
            }
        }
    }
}
