//! What the tests share: an application under test, a browser that obeys cookies, and a look into
//! the database.

mod answer;
pub mod app;
pub mod body;
pub mod bound;
pub mod browser;
mod builder;
mod database;
pub mod device;
pub mod fuzzing;
pub mod jar;
mod log;
pub mod names;
pub mod neighbours;
pub mod panics;
pub mod process;
mod running;
mod secrets;
pub mod server;
pub mod servers;
pub mod site;
mod statements;
pub mod token;

/// One test for each database server, whatever `BACKEND` says.
#[macro_export]
macro_rules! on_both {
    ($($name:ident)*) => {
        mod postgres {
            $(
                #[rocket::async_test]
                async fn $name() {
                    super::$name($crate::servers::Backend::Postgres).await;
                }
            )*
        }
        mod mariadb {
            $(
                #[rocket::async_test]
                async fn $name() {
                    super::$name($crate::servers::Backend::Mariadb).await;
                }
            )*
        }
    };
}

pub use browser::{Answer, Browser};
pub use builder::Builder;
pub use database::{Database, Failure, OwnDatabase};
pub use log::Log;
pub use running::Running;
pub use secrets::rocket;
pub use server::{Server, launches};
pub use statements::Statements;
