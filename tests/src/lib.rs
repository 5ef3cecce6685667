//! What the tests share: an application under test, a browser that obeys cookies, and a look into
//! the database.

pub mod app;
pub mod browser;
mod database;
pub mod fuzzing;
mod log;
pub mod process;
mod running;
mod secrets;
pub mod server;
pub mod servers;
pub mod site;
mod statements;

pub use browser::{Answer, Browser};
pub use database::Database;
pub use log::Log;
pub use running::Running;
pub use server::Server;
pub use statements::Statements;
