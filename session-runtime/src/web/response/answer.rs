//! An answer with its type erased, so that the outer function of a macro has one concrete return
//! type.

use std::fmt;

use rocket::Request;
use rocket::response::{self, Responder};

/// What a `#[login]` or `#[logout]` function may answer with: a responder that borrows nothing.
#[diagnostic::on_unimplemented(
    message = "a route cannot answer with `{Self}`",
    label = "not a responder that owns its values and can be sent between threads",
    note = "answer with a type of Rocket (`Status`, `String`, `Json<_>`, `Redirect`), or put `#[derive(Responder)]` on \
            your own",
    note = "an error that the browser must not see goes into `rocket::response::Debug<_>`, which logs it and answers 500: \
            `Debug<Box<dyn Error + Send>>`"
)]
pub trait Answers<'r>: Responder<'r, 'static> + Send + 'r {}

// One error about the type as a whole, not one about each trait that it lacks.
#[diagnostic::do_not_recommend]
impl<'r, R: Responder<'r, 'static> + Send + 'r> Answers<'r> for R {}

/// A responder that is rendered when Rocket asks for it; its lifetime is the request's.
pub(in crate::web) struct Answer<'r>(
    Box<dyn for<'a> FnOnce(&'r Request<'a>) -> response::Result<'static> + Send + 'r>,
);

impl<'r> Answer<'r> {
    pub(in crate::web) fn new<R: Answers<'r>>(responder: R) -> Self {
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
