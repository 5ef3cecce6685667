//! What is measured, a file for each question.

pub mod build;
pub mod cleanup;
pub mod ending;
pub mod few;
pub mod guarded;
pub mod hanging;
pub mod login;
pub mod memory;
pub mod peers;
pub mod refresh;
pub mod revoked;
pub mod rows;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::Failure;
use crate::client::{Jar, Logins, clients};
use crate::drive::drive;

/// Logs in `count` users and returns their cookies.
pub async fn sessions(port: u16, count: u64) -> Result<Vec<Jar>, Failure> {
    let made = Rc::new(RefCell::new(Vec::new()));
    let logins = Logins {
        limit: count,
        made: Some(Rc::clone(&made)),
        ..Logins::new("/login")
    };
    let hour = Duration::from_secs(3600);
    drive(port, clients(64, |_| logins.clone()), Duration::ZERO, hour).await?;
    Ok(made.take())
}
