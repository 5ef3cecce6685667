//! What a change does to a row: its typed payload, merged keys, its data.

use serde_json::{Map, Value};

use super::payload_types::Refused;
use crate::error::Error;
use crate::payload::claims_set::Mismatch;
use crate::payload::{self, JwtPayload, is_reserved};
use crate::record::Record;

/// `None` for a session that has ended.
pub(super) fn found<T>(changed: Result<T, Error>) -> Result<Option<T>, Error> {
    match changed {
        Ok(changed) => Ok(Some(changed)),
        Err(Error::Unauthorised) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes data into a row.
pub(super) fn write_data(record: &mut Record, data: String) {
    record.data = data;
    record.data_version += 1;
}

/// Changes the typed part of a payload with `change`; keys that are not fields of `P` stay.
pub(crate) fn change_payload<P: JwtPayload>(
    record: &mut Record,
    change: impl Fn(&mut P),
) -> Result<(), Refused> {
    let (found, claims) = (&*record.payload_type, &mut record.payload);
    Mismatch::check_name::<P>(found)?;
    let mut payload = payload::read::<P>(claims)
        .map_err(|error| Mismatch::new::<P>(found, payload::redact::without_values(&error)))?;
    let before = payload::to_claims_unchecked(&payload)?;
    change(&mut payload);
    let after = payload::to_claims(&payload)?;
    claims.retain(|key, _| after.contains_key(key) || !before.contains_key(key));
    claims.extend(after);
    Ok(())
}

/// Merges keys into a payload; `null` removes one (`mergeIntoAccessTokenPayload`).
///
/// # Errors
/// [`Error::ReservedClaim`], and [`Error::Unstorable`] if the result does not deserialize as `P`.
pub(crate) fn merge<P: JwtPayload>(
    payload: &mut Map<String, Value>,
    update: &Map<String, Value>,
) -> Result<(), Error> {
    for (name, value) in update {
        if is_reserved(name) {
            return Err(Error::ReservedClaim { name: name.clone() });
        }
        if value.is_null() {
            payload.remove(name);
        } else {
            payload.insert(name.clone(), value.clone());
        }
    }
    payload::fit::<P>(payload)
}
