//! Where events go: to the log, at a limited rate, and to the application.

use std::collections::HashMap;
use std::fmt;
use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::budget::Budget;
use super::{CHAPTER, Event};
use crate::clock::{Clock, SystemClock};
use crate::panics::caught;

type Handler = dyn Fn(&Event) + Send + Sync;

/// How many causes of one kind have lines of their own; further causes share some.
const CAUSES: usize = 8;

/// What has lines of its own: events of one kind and one cause.
type Key = (Discriminant<Event>, Option<String>);

/// Where events go.
#[derive(Clone)]
pub(crate) struct EventSink {
    handler: Option<Arc<Handler>>,
    clock: Arc<dyn Clock>,
    limits: Arc<Mutex<HashMap<Key, LineLimit>>>,
    /// The limit for panics of the handler.
    panics: Arc<Mutex<Budget>>,
}

/// The limit for events of one kind and cause.
#[derive(Default)]
struct LineLimit {
    budget: Budget,
    /// The last event that was left out.
    last: Option<Event>,
}

impl Default for EventSink {
    fn default() -> Self {
        Self {
            handler: None,
            clock: Arc::new(SystemClock::default()),
            limits: Arc::default(),
            panics: Arc::default(),
        }
    }
}

impl EventSink {
    pub(crate) fn to(handler: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self {
            handler: Some(Arc::new(handler)),
            ..Self::default()
        }
    }

    /// The same, with another clock.
    pub(crate) fn by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Logs an event, unless there were too many of its kind, and passes it to the application,
    /// whose handler cannot fail the request.
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

    /// Logs how many lines were left out, for kinds of which no more events come.
    pub(crate) fn say_what_was_left_out(&self) {
        let now = self.clock.monotonic();
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let left_out: Vec<_> = limits
            .values_mut()
            .filter_map(|limit| limit.close(now))
            .collect();
        drop(limits);
        left_out.iter().for_each(LeftOut::log);
    }

    fn admits(&self, event: &Event, now: Duration) -> bool {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = discriminant(event);
        let same = limits.iter_mut().filter(|((kind, _), _)| *kind == mine);
        let left_out: Vec<_> = same.filter_map(|(_, limit)| limit.close(now)).collect();
        limits.retain(|(kind, _), lines| *kind != mine || lines.budget.is_open());
        let mut key = (mine, event.cause().map(str::to_owned));
        let causes = || limits.keys().filter(|(kind, _)| *kind == mine).count();
        if !limits.contains_key(&key) && causes() >= CAUSES {
            key.1 = None;
        }
        let limit = limits.entry(key).or_default();
        let admitted = limit.budget.admits(now);
        if !admitted {
            limit.last = Some(event.clone());
        }
        drop(limits);
        left_out.iter().for_each(LeftOut::log);
        admitted
    }
}

/// What was left out in a period.
struct LeftOut {
    lines: u64,
    last: Option<Event>,
}

impl LeftOut {
    fn log(&self) {
        tracing::warn!(
            event = "lines_left_out",
            see = CHAPTER,
            lines = self.lines,
            "so many lines of one kind were left out"
        );
        if let Some(last) = &self.last {
            last.log();
        }
    }
}

impl LineLimit {
    fn close(&mut self, now: Duration) -> Option<LeftOut> {
        let lines = self.budget.close(now)?;
        let last = self.last.take();
        Some(LeftOut { lines, last })
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSink")
    }
}
