//! Where in a value something is wrong, without revealing any of it.

use std::cell::Cell;
use std::collections::BTreeSet;

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::payload::redact::without_values;

/// The path to a part of a value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FieldPath(Vec<Step>);

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl FieldPath {
    pub(super) fn of(path: &Path) -> Self {
        let step = |segment: &Segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { variant } => Some(Step::Key(variant.clone())),
            Segment::Unknown => None,
        };
        Self(path.iter().filter_map(step).collect())
    }

    /// In the form `part.field[3].*`: a key that is not a field's name may be private, and is
    /// written `*`.
    pub(super) fn name(&self, part: &str, fields: &BTreeSet<&'static str>) -> String {
        let mut name = part.to_owned();
        for step in &self.0 {
            match step {
                Step::Key(key) if fields.contains(&**key) => name.extend([".", key]),
                Step::Key(_) => name.push_str(".*"),
                Step::Index(index) => name.push_str(&format!("[{index}]")),
            }
        }
        name
    }
}

/// Where JSON does not fit a `T`, and why.
pub(super) fn mismatch<T: DeserializeOwned>(json: &str) -> (FieldPath, String) {
    let mut reader = serde_json::Deserializer::from_str(json);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => (FieldPath::default(), "trailing characters".into()),
        Err(error) => (FieldPath::of(error.path()), without_values(error.inner())),
    }
}

/// The first place at which two JSON values differ, apart from the order of members and elements.
pub(super) fn first_difference(one: &Value, other: &Value) -> Option<FieldPath> {
    let mut steps = Vec::new();
    if canonical(one) == canonical(other) {
        return None;
    }
    let (mut one, mut other) = (one, other);
    while let Some((step, inner_one, inner_other)) = inner_difference(one, other) {
        steps.push(step);
        (one, other) = (inner_one, inner_other);
    }
    Some(FieldPath(steps))
}

/// A member or element in which two values differ; `None` if they differ as a whole.
fn inner_difference<'v>(one: &'v Value, other: &'v Value) -> Option<(Step, &'v Value, &'v Value)> {
    const ABSENT: &Value = &Value::Null;
    let differ = |(_, one, other): &(Step, &Value, &Value)| canonical(one) != canonical(other);
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            let inner = keys.into_iter().map(|key| {
                let [one, other] = [one, other].map(|map| map.get(key).unwrap_or(ABSENT));
                (Step::Key(key.clone()), one, other)
            });
            { inner }.find(differ)
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let inner = one.iter().zip(other).enumerate();
            { inner }
                .map(|(index, (one, other))| (Step::Index(index), one, other))
                .find(differ)
        }
        _ => None,
    }
}

/// A string that is the same for values that differ only in order.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(elements) => {
            let mut texts: Vec<String> = elements.iter().map(canonical).collect();
            texts.sort_unstable();
            format!("[{}]", texts.join(","))
        }
        Value::Object(members) => {
            let member = |(key, value)| format!("{}:{}", Value::from(key), canonical(value));
            let mut texts: Vec<String> = members
                .iter()
                .map(|(key, value)| member((key.as_str(), value)))
                .collect();
            texts.sort_unstable();
            format!("{{{}}}", texts.join(","))
        }
        other => other.to_string(),
    }
}

/// The fields of `T`, if it is a struct.
pub(super) fn fields<T: DeserializeOwned>() -> BTreeSet<&'static str> {
    let fields = Cell::new(&[] as &'static [&'static str]);
    // It asks for its fields, but gets nothing.
    let _refused = T::deserialize(Probe(&fields));
    fields.get().iter().copied().collect()
}

/// Notes the fields that a struct asks for.
struct Probe<'f>(&'f Cell<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("no struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.set(fields);
        Err(Self::Error::custom("its fields are known"))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[test]
    fn order_is_no_difference_and_everything_else_is() {
        let same = [
            (json!([1, 2, [3, 4]]), json!([[4, 3], 2, 1])),
            (
                json!({"a": [{"b": 1}, {"c": 2}]}),
                json!({"a": [{"c": 2}, {"b": 1}]}),
            ),
            (json!(1.5), json!(1.5)),
        ];
        for (one, other) in same {
            assert_eq!(first_difference(&one, &other), None, "{one} {other}");
        }
        let fields = BTreeSet::from(["a", "b"]);
        for (one, other, place) in [
            (json!(1), json!(2), "data"),
            (json!([1, 1]), json!([1]), "data"),
            (json!([1, 1, 2]), json!([1, 2, 2]), "data[1]"),
            (json!({"a": {"b": 1}}), json!({"a": {"b": 1.0}}), "data.a.b"),
            (json!({"a": 1}), json!({}), "data.a"),
            (
                json!({"a": {"Eve's IBAN": 1}}),
                json!({"a": {"Eve's IBAN": 2}}),
                "data.a.*",
            ),
            (json!({"a": u64::MAX}), json!({"a": u64::MAX - 1}), "data.a"),
        ] {
            let found = first_difference(&one, &other).expect("a difference");
            assert_eq!(found.name("data", &fields), place, "{one} {other}");
        }
    }

    #[test]
    fn a_struct_names_its_fields_whatever_it_is_wrapped_in() {
        #[derive(Deserialize)]
        struct Inner {
            #[serde(rename = "renamed")]
            _a: u8,
            _b: u8,
        }
        #[derive(Deserialize)]
        struct Wrapped(#[allow(dead_code)] Inner);

        let expected = BTreeSet::from(["renamed", "_b"]);
        assert_eq!(fields::<Inner>(), expected);
        assert_eq!(fields::<Option<Wrapped>>(), expected);
        assert_eq!(fields::<Vec<Inner>>(), BTreeSet::new());
    }
}
