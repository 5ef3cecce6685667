//! What is noted while a value is written as JSON.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// How often `null` was written for something else, which JSON cannot tell from `None`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost {
    nan: usize,
    positive: usize,
    negative: usize,
    /// `Some` of a value that is `null` itself.
    some: usize,
}

/// What is noted while a value is written.
#[derive(Debug, Default)]
pub(super) struct Pass {
    lost: Cell<Lost>,
    /// The names of the fields, if they are needed.
    names: Option<RefCell<BTreeSet<&'static str>>>,
    /// Whether it stops at the first loss.
    refuses: bool,
}

impl Pass {
    pub(super) fn refusing() -> Self {
        Self {
            refuses: true,
            ..Self::default()
        }
    }

    pub(super) fn naming() -> Self {
        Self {
            names: Some(RefCell::default()),
            ..Self::default()
        }
    }

    /// The names of the fields that were written.
    pub(super) fn into_names(self) -> BTreeSet<&'static str> {
        self.names.unwrap_or_default().into_inner()
    }

    pub(super) fn lost(&self) -> Lost {
        self.lost.get()
    }

    /// Whether it stops at the first loss.
    pub(super) fn refuses(&self) -> bool {
        self.refuses
    }

    pub(super) fn name(&self, name: &'static str) {
        if let Some(names) = &self.names {
            names.borrow_mut().insert(name);
        }
    }

    /// Notes a number that is not finite.
    pub(super) fn float<E: serde::ser::Error>(&self, value: f64) -> Result<(), E> {
        if value.is_finite() {
            Ok(())
        } else if value.is_nan() {
            self.lose("NaN", |lost| lost.nan += 1)
        } else if value > 0.0 {
            self.lose("infinity", |lost| lost.positive += 1)
        } else {
            self.lose("infinity", |lost| lost.negative += 1)
        }
    }

    /// Notes a `null` within `Some`.
    pub(super) fn some_null<E: serde::ser::Error>(&self) -> Result<(), E> {
        self.lose("`Some(None)`", |lost| lost.some += 1)
    }

    fn lose<E: serde::ser::Error>(&self, what: &str, count: fn(&mut Lost)) -> Result<(), E> {
        if self.refuses {
            return Err(E::custom(format_args!("JSON has no {what}")));
        }
        let mut lost = self.lost.get();
        count(&mut lost);
        self.lost.set(lost);
        Ok(())
    }
}
