//! `SessionHandle` in a path, a query and a form.

use rocket::form::{self, FromFormField, ValueField};
use rocket::request::FromParam;

use crate::handle::{InvalidHandle, SessionHandle};

impl<'v> FromParam<'v> for SessionHandle {
    type Error = InvalidHandle;

    fn from_param(segment: &'v str) -> Result<Self, InvalidHandle> {
        segment.parse()
    }
}

impl<'v> FromFormField<'v> for SessionHandle {
    fn from_value(field: ValueField<'v>) -> form::Result<'v, Self> {
        let handle: Result<Self, InvalidHandle> = field.value.parse();
        handle.map_err(|error| form::Error::custom(error).into())
    }
}
