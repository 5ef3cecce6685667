//! An answer with its type erased, so that the outer function of a macro has one concrete return type.

use std::fmt;

use rocket::Request;
use rocket::response::{self, Responder};

/// A responder that is rendered when Rocket asks for it; its lifetime is the request's.
pub(in crate::web) struct Answer<'r>(
    Box<dyn for<'a> FnOnce(&'r Request<'a>) -> response::Result<'static> + Send + 'r>,
);

impl<'r> Answer<'r> {
    pub(in crate::web) fn new<R: Responder<'r, 'static> + Send + 'r>(responder: R) -> Self {
        Self(Box::new(move |request| responder.respond_to(request)))
    }
}

impl<'r> Responder<'r, 'static> for Answer<'r> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        (self.0)(request)
    }
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}
