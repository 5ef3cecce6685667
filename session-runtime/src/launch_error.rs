//! `LaunchError`: why sessions could not be set up, and what to do about it.

use std::fmt;

use crate::error::Error;

/// Why sessions could not be set up, and what to change.
///
/// It is logged, and passed to the handler of
/// [`SessionFairing::on_launch_error`](crate::SessionFairing::on_launch_error); Rocket's own error
/// says only that a fairing failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchError {
    sentence: String,
    page: Option<&'static str>,
}

impl LaunchError {
    /// What is wrong, which value was found, and what to write instead.
    pub fn advice(&self) -> &str {
        &self.sentence
    }

    /// The page of this documentation that says more, as a path below `session_runtime`:
    /// `guide::databases`, for example.
    pub fn page(&self) -> Option<&'static str> {
        self.page
    }
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        match self.page {
            Some(page) => write!(f, " (`session_runtime::{page}` says more)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for LaunchError {}

impl From<String> for LaunchError {
    fn from(sentence: String) -> Self {
        Self {
            sentence,
            page: None,
        }
    }
}

impl From<Error> for LaunchError {
    fn from(error: Error) -> Self {
        error.to_string().into()
    }
}

/// Adds the page of the documentation that explains the error.
pub(crate) fn see(page: &'static str) -> impl Fn(String) -> LaunchError {
    move |sentence| LaunchError {
        sentence,
        page: Some(page),
    }
}
