//! A value is stored only if what is stored reads back as that value.
//!
//! Serde writes values that it cannot read: JSON has no NaN, so serde_json writes `null`. Every
//! payload and all session data pass through here before they reach the database.

mod field_path;
mod noting;
mod pass;
mod written;

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::field_path::FieldPath;
use self::pass::Pass;
pub(crate) use self::written::Written;
use crate::error::Error;
use crate::panics::contained;

/// The JSON of session data, after checking that it reads back as the same data.
///
/// # Errors
/// [`Error::Unstorable`] if it does not.
pub(crate) fn to_json<T: Serialize + DeserializeOwned>(
    part: &'static str,
    value: &T,
) -> Result<String, Error> {
    let written = write(part, value)?;
    check(part, value, &written, &written.json)?;
    Ok(written.json)
}

/// A value as serde writes it.
///
/// # Errors
/// [`Error::Unstorable`] if that is not JSON.
pub(crate) fn write<T: Serialize>(part: &'static str, value: &T) -> Result<Written, Error> {
    Written::of(value, &Pass::default()).map_err(|_| refused(part, value, &Pass::default()))
}

/// Checks that `stored`, which was derived from `written`, reads back as `value`.
///
/// # Errors
/// [`Error::Unstorable`], which names the field.
pub(crate) fn check<T: Serialize + DeserializeOwned>(
    part: &'static str,
    value: &T,
    written: &Written,
    stored: &str,
) -> Result<(), Error> {
    // Dropping a value may panic, and must not do so while `value` is unwound, which would abort.
    contained(|| compare(part, value, written, stored))
}

fn compare<T: Serialize + DeserializeOwned>(
    part: &'static str,
    value: &T,
    written: &Written,
    stored: &str,
) -> Result<(), Error> {
    let Ok(back) = serde_json::from_str::<T>(stored) else {
        let (path, reason) = field_path::mismatch::<T>(stored);
        let reason = format!("it cannot be read back: {reason}");
        return Err(unstorable(part, &path, value, reason));
    };
    let again = write(part, &back)?;
    if again.lost != written.lost {
        return Err(refused(part, value, &Pass::refusing()));
    }
    // Usually; sets and maps may be in another order.
    if again.json == written.json {
        return Ok(());
    }
    let read = |json: &str| serde_json::from_str::<Value>(json).unwrap_or_default();
    match field_path::first_difference(&read(&written.json), &read(&again.json)) {
        None => Ok(()),
        Some(path) => {
            let reason = "it is read back as another value".to_owned();
            Err(unstorable(part, &path, value, reason))
        }
    }
}

/// The JSON of a value that is not read back as its type.
///
/// # Errors
/// [`Error::Unstorable`] if JSON cannot hold it.
pub(crate) fn to_value<T: Serialize>(part: &'static str, value: &T) -> Result<Value, Error> {
    require_complete(part, value)?;
    serde_json::to_value(value).map_err(|_| refused(part, value, &Pass::default()))
}

/// Refuses a value that JSON cannot represent and that is not read back as its type.
///
/// # Errors
/// [`Error::Unstorable`], which names the field.
pub(crate) fn require_complete<T: Serialize>(part: &'static str, value: &T) -> Result<(), Error> {
    match Written::of(value, &Pass::refusing()) {
        Ok(_written) => Ok(()),
        Err(_) => Err(refused(part, value, &Pass::refusing())),
    }
}

/// Reads a value that was stored.
///
/// # Errors
/// Where it does not fit, and why.
pub(crate) fn read<T: DeserializeOwned>(
    part: &'static str,
    json: &str,
) -> Result<T, (String, String)> {
    serde_json::from_str(json).map_err(|_| {
        let (path, reason) = field_path::mismatch::<T>(json);
        (path.name(part, &field_path::fields::<T>()), reason)
    })
}

/// The error for a value that serde does not write, or, if the pass says so, does not write
/// completely.
fn refused<T: Serialize>(part: &'static str, value: &T, pass: &Pass) -> Error {
    let (path, reason) = written::refusal(value, pass);
    unstorable(part, &path, value, reason)
}

fn unstorable<T: Serialize>(
    part: &'static str,
    path: &FieldPath,
    value: &T,
    reason: String,
) -> Error {
    Error::Unstorable {
        field: path.name(part, &names(value)),
        reason,
    }
}

/// The names of fields in a value.
fn names<T: Serialize>(value: &T) -> BTreeSet<&'static str> {
    let pass = Pass::naming();
    // Fields that it does not write have no names either.
    let _written = Written::of(value, &pass);
    pass.into_names()
}
