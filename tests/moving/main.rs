//! Moving live sessions from one database to another: nobody is logged out, nothing revoked comes
//! back, and nothing is moved over what an application has stored meanwhile.

mod command;
mod flow;
mod refused;
mod rows;
mod together;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use session_runtime::SessionHandle;
use session_runtime::transfer::{Moved, Transfer, TransferError};
use session_tests::Server;
use session_tests::servers::{Backend, DatabaseServer};
use tempfile::TempDir;

/// The source, a file, and an empty database on a server.
struct Places {
    _folder: Arc<TempDir>,
    file: PathBuf,
    source: String,
    target: String,
}

impl Places {
    fn new(backend: Backend, name: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("app.db");
        Self {
            source: format!("sqlite://{}", file.display()),
            target: DatabaseServer::shared(backend).database(Path::new(name)),
            file,
            _folder: folder,
        }
    }

    fn transfer(&self) -> Transfer {
        Transfer::new(&*self.source, &*self.target).batch(10)
    }

    fn run(&self) -> Result<Moved, TransferError> {
        self.transfer().run(|_| ())
    }
}

/// Makes tables without sessions, and keys.
async fn make_tables(url: &str) {
    drop(Server::builder().on_url(url).start().await.stop());
}

/// Twenty-five sessions; their handles in order, which within one millisecond is not that of the
/// logins.
async fn fill(server: &Server) -> Vec<SessionHandle> {
    let mut handles = Vec::new();
    for number in 0..25 {
        let mut browser = server.browser();
        browser.log_in(&format!("user {number}")).await;
        handles.push(browser.handle().await);
    }
    handles.sort();
    handles
}
