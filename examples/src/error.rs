//! What goes wrong, and what the person is told about it.

use argon2::password_hash;
use diesel::result::{DatabaseErrorKind, Error as DatabaseError};
use rocket::http::Status;
use rocket::response::{self, Responder};
use rocket::serde::json::json;
use rocket::{Request, error};
use session_runtime::Error;

/// Why a request was not done.
pub enum AppError {
    /// What was sent breaks the rule in this sentence.
    Invalid(&'static str),
    /// Another user has the name.
    Taken,
    /// No such user, or not this password: one variant, so that nobody learns which names exist.
    Wrong,
    /// What a logged-in person typed is not the current password.
    NotCurrent,
    /// The page with the form was made for another user, who was logged in then.
    OtherUser,
    /// The library answers these itself: the session has ended, or the database is busy.
    Session(Error),
    /// A failure on our side. The text is for the log alone.
    Internal(String),
}

/// What a page for one user is told in the session of another.
pub const OTHER_USER: &str = "Somebody else has logged in in this browser. Nothing was sent.";

impl AppError {
    /// The status, and what to tell the person; or the error that the library answers.
    pub fn answer(self) -> Result<(Status, &'static str), Error> {
        Ok(match self {
            Self::Invalid(rule) => (Status::UnprocessableEntity, rule),
            Self::Taken => (Status::Conflict, "that name is taken"),
            Self::Wrong => (Status::Unauthorized, "wrong user or password"),
            // No 401, which would tell the page that the session is over.
            Self::NotCurrent => (Status::Forbidden, "that is not your current password"),
            Self::OtherUser => (Status::Conflict, OTHER_USER),
            Self::Session(error) => return Err(error),
            Self::Internal(cause) => {
                error!("{cause}");
                (Status::InternalServerError, "something went wrong")
            }
        })
    }
}

impl<'r> Responder<'r, 'static> for AppError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self.answer() {
            Ok((status, message)) => (status, json!({ "message": message })).respond_to(request),
            Err(error) => error.respond_to(request),
        }
    }
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

impl From<DatabaseError> for AppError {
    fn from(error: DatabaseError) -> Self {
        match error {
            // Ids are random, so it is the name that exists already.
            DatabaseError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Taken,
            // A lock that somebody else holds, a full disk, a damaged file: the statement itself is
            // in order.
            DatabaseError::DatabaseError(_, cause) => {
                error!("the database of users: {}", cause.message());
                Self::Session(Error::Unavailable)
            }
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<password_hash::Error> for AppError {
    fn from(error: password_hash::Error) -> Self {
        match error {
            password_hash::Error::PasswordInvalid => Self::Wrong,
            other => Self::Internal(other.to_string()),
        }
    }
}

#[test]
fn what_the_database_cannot_do_may_be_tried_again() {
    let of = |kind, cause: &str| {
        AppError::from(DatabaseError::DatabaseError(
            kind,
            Box::new(cause.to_owned()),
        ))
        .answer()
    };
    for cause in [
        "database is locked",
        "database or disk is full",
        "database disk image is malformed",
    ] {
        assert_eq!(
            of(DatabaseErrorKind::Unknown, cause),
            Err(Error::Unavailable)
        );
    }
    let taken = of(
        DatabaseErrorKind::UniqueViolation,
        "UNIQUE constraint failed: users.name",
    );
    assert_eq!(taken, Ok((Status::Conflict, "that name is taken")));
    let bug = AppError::from(DatabaseError::NotFound).answer();
    assert_eq!(
        bug.map(|(status, _)| status),
        Ok(Status::InternalServerError)
    );
}
