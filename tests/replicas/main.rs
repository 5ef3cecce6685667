//! Many processes on one database, on each of the three: what one ends the others refuse, what one
//! signs the others accept, and all of them refreshing at once harms nobody.

#![allow(clippy::print_stdout, reason = "the figures of a run")]

mod absent;
mod clocks;
mod feed;
mod keys;
mod memory;
mod races;
mod revoked;

use std::path::Path;

use session_tests::Server;
use session_tests::process::{Place, Process};
use session_tests::servers::{Backend, DatabaseServer};
use tempfile::TempDir;

/// One test for each of these backends.
macro_rules! on {
    ($($backend:ident: $($name:ident)*;)*) => {
        $(
            #[allow(non_snake_case, reason = "named as the backend is")]
            mod $backend {
                $(
                    #[rocket::async_test]
                    async fn $name() {
                        super::$name(session_tests::servers::Backend::$backend).await;
                    }
                )*
            }
        )*
    };
}
use on;

/// An empty database; a file lives as long as this.
struct Shared {
    url: String,
    _folder: TempDir,
}

impl Shared {
    fn new(backend: Backend, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}", folder.path().join("shared.db").display()),
            _ => DatabaseServer::shared(backend).database(Path::new(name)),
        };
        Self {
            url,
            _folder: folder,
        }
    }

    /// An application in this process, with a clock of its own.
    async fn server(&self) -> Server {
        Server::builder().on_url(&self.url).start().await
    }
}

/// All processes are one site, as behind a load balancer; unset, each takes its own port for its
/// name.
const ONE_SITE: &str = r#", api_origin="http://127.0.0.1:8000""#;

/// Three processes on the database of a URL.
fn three(url: &str) -> [(Place, Process); 3] {
    [(); 3].map(|()| {
        let place = Place::on(url, ONE_SITE);
        let process = place.start();
        (place, process)
    })
}
