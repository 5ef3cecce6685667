//! JSON as serde_json writes it, with a note of what that leaves out.

use serde::Serialize;

use super::field_path::FieldPath;
use super::noting::Noting;
use super::pass::{Lost, Pass};
use crate::payload::redact::without_values;

/// A value as JSON.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) json: String,
    pub(super) lost: Lost,
}

impl Written {
    pub(super) fn of<T: Serialize>(value: &T, pass: &Pass) -> Result<Self, serde_json::Error> {
        let mut json = Vec::with_capacity(128);
        let mut serializer = serde_json::Serializer::new(&mut json);
        value.serialize(Noting::new(&mut serializer, pass))?;
        Ok(Self {
            json: String::from_utf8(json).expect("serde_json writes UTF-8"),
            lost: pass.lost(),
        })
    }
}

/// Where and why a value is not written.
pub(super) fn refusal<T: Serialize>(value: &T, pass: &Pass) -> (FieldPath, String) {
    let mut json = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut json);
    let noting = Noting::new(&mut serializer, pass);
    let mut track = serde_path_to_error::Track::new();
    let written = value.serialize(serde_path_to_error::Serializer::new(noting, &mut track));
    let reason = match written {
        Ok(()) => "it is not written the same way twice".into(),
        // Our own message.
        Err(error) if pass.refuses() => error.to_string(),
        Err(error) => without_values(&error),
    };
    (FieldPath::of(&track.path()), reason)
}
