//! What the tests share: an application under test, a browser that obeys cookies, and a look into
//! the database.

pub mod app;
pub mod browser;
mod database;
mod log;
pub mod process;
mod secrets;
pub mod server;
pub mod servers;
pub mod site;

pub use browser::{Answer, Browser};
pub use database::Database;
pub use log::Log;
pub use server::Server;
