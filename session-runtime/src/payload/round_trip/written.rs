//! JSON as serde_json writes it, with a note of what that leaves out.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use serde::Serialize;

use super::noting::Noting;
use super::place::Place;
use crate::payload::without_values;

/// A value as JSON.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) json: String,
    pub(super) lost: Lost,
}

/// How often `null` was written for something else: JSON does not tell it from `None`.
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
    /// The names of fields, where they are asked for.
    names: Option<RefCell<BTreeSet<&'static str>>>,
    /// Whether it stops where something would be lost.
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

impl Written {
    pub(super) fn of<T: Serialize>(value: &T, pass: &Pass) -> Result<Self, serde_json::Error> {
        let mut json = Vec::with_capacity(128);
        let mut serializer = serde_json::Serializer::new(&mut json);
        value.serialize(Noting::new(&mut serializer, pass))?;
        Ok(Self {
            json: String::from_utf8(json).expect("serde_json writes UTF-8"),
            lost: pass.lost.get(),
        })
    }
}

/// Where and why a value is not written.
pub(super) fn refusal<T: Serialize>(value: &T, pass: &Pass) -> (Place, String) {
    let mut json = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut json);
    let noting = Noting::new(&mut serializer, pass);
    let mut track = serde_path_to_error::Track::new();
    let written = value.serialize(serde_path_to_error::Serializer::new(noting, &mut track));
    let reason = match written {
        Ok(()) => "it is not written the same way twice".into(),
        // Our own words.
        Err(error) if pass.refuses => error.to_string(),
        Err(error) => without_values(&error),
    };
    (Place::of(&track.path()), reason)
}
