//! Where events go: into the log, at a bounded rate, and to the application.

use std::collections::HashMap;
use std::fmt;
use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Event;
use super::budget::Budget;
use crate::clock::{Clock, SystemClock};
use crate::panics::caught;

type Handler = dyn Fn(&Event) + Send + Sync;

/// Where events go.
#[derive(Clone)]
pub(crate) struct Events {
    handler: Option<Arc<Handler>>,
    clock: Arc<dyn Clock>,
    kinds: Arc<Mutex<HashMap<Discriminant<Event>, Kind>>>,
    /// The panics of the handler.
    panics: Arc<Mutex<Budget>>,
}

/// The lines of one kind of event.
#[derive(Default)]
struct Kind {
    budget: Budget,
    /// The last that was left out.
    last: Option<Event>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            handler: None,
            clock: Arc::new(SystemClock::default()),
            kinds: Arc::default(),
            panics: Arc::default(),
        }
    }
}

impl Events {
    pub(crate) fn to(handler: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self {
            handler: Some(Arc::new(handler)),
            ..Self::default()
        }
    }

    /// The same by this clock.
    pub(crate) fn by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Logs an event, unless there were many of its kind, and hands it on. What the application does with
    /// it cannot fail the request.
    pub(crate) fn emit(&self, event: &Event) {
        if event.is_detail() || self.admits(event, self.clock.monotonic()) {
            event.log();
        }
        if let Some(handler) = &self.handler
            && let Err(cause) = caught(|| handler(event))
        {
            self.log_panic(&cause);
        }
    }

    fn log_panic(&self, cause: &str) {
        let now = self.clock.monotonic();
        let mut panics = self.panics.lock().unwrap_or_else(PoisonError::into_inner);
        let left_out = panics.close(now);
        let admitted = panics.admits(now);
        drop(panics);
        if let Some(lines) = left_out {
            let last = None;
            LeftOut { lines, last }.log();
        }
        if admitted {
            tracing::error!(cause, "the event handler panicked");
        }
    }

    /// Says in the log how many lines were left out, for kinds of which nothing comes any more.
    pub(crate) fn say_what_was_left_out(&self) {
        let now = self.clock.monotonic();
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let left_out: Vec<_> = kinds
            .values_mut()
            .filter_map(|kind| kind.close(now))
            .collect();
        drop(kinds);
        left_out.iter().for_each(LeftOut::log);
    }

    fn admits(&self, event: &Event, now: Duration) -> bool {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(discriminant(event)).or_default();
        let left_out = kind.close(now);
        let admitted = kind.budget.admits(now);
        if !admitted {
            kind.last = Some(event.clone());
        }
        drop(kinds);
        if let Some(left_out) = left_out {
            left_out.log();
        }
        admitted
    }
}

/// What a period left out.
struct LeftOut {
    lines: u64,
    last: Option<Event>,
}

impl LeftOut {
    fn log(&self) {
        tracing::warn!(
            event = "lines_left_out",
            lines = self.lines,
            "so many lines of one kind were left out"
        );
        if let Some(last) = &self.last {
            last.log();
        }
    }
}

impl Kind {
    fn close(&mut self, now: Duration) -> Option<LeftOut> {
        let lines = self.budget.close(now)?;
        let last = self.last.take();
        Some(LeftOut { lines, last })
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
