//! What the library logs on this thread, for tests that read it.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

use crate::secrets;

/// Collects events from its making until it is dropped.
#[derive(Debug)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    _guard: DefaultGuard,
}

impl Log {
    /// Begins to collect.
    pub fn start() -> Self {
        secrets::record();
        let lines = Arc::default();
        let guard = tracing::subscriber::set_default(Collector {
            lines: Arc::clone(&lines),
        });
        Self {
            lines,
            _guard: guard,
        }
    }

    /// What was logged so far, a line an event.
    pub fn text(&self) -> String {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("\n")
    }

    /// Checks that a line holds all of `words`.
    #[track_caller]
    pub fn expect(&self, words: &[&str]) {
        let text = self.text();
        let found = text
            .lines()
            .any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "no line with {words:?} in:\n{text}");
    }
}

/// Hands every event to the record of all logs, and keeps it.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        secrets::add(&line.0);
        if event.metadata().target().starts_with("session_runtime") {
            self.lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line.0);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _written = write!(self.0, " {field}={value:?}");
    }
}
