//! A Rocket with the library attached, its database in a temporary folder and its clock in our
//! hands.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rocket::error::ErrorKind;
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket};
use session_runtime::Sessions;
use session_runtime::clock::Clock;
use session_runtime::testing::ManualClock;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::builder::Builder;
use crate::database::Database;
use crate::secrets::Issued;
use crate::servers::Backend;
use crate::statements::Statements;

/// The master key of servers whose database is no file.
pub const MASTER_KEY: &str = "q6/7jzOqNlBPzv3eOFyRZ1m3Kk0Zt4Q1i2D5o8Wc6Xs=";

/// An application under test.
#[derive(Debug)]
pub struct Server {
    client: Client,
    /// The time of the server and of its browsers.
    pub clock: ManualClock,
    folder: Arc<TempDir>,
    issued: Issued,
}

impl Server {
    /// The test application on a database of its own, to be changed and started.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Starts the test application.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A second process, so to speak, on the same database.
    pub fn beside(&self) -> Builder {
        Self::builder()
            .on(Arc::clone(&self.folder))
            .clock(self.clock.clone())
    }

    /// Stops this server; what is returned starts another on the same database.
    pub fn restart(self) -> Builder {
        let next = self.beside();
        drop(self);
        next
    }

    /// Stops this server; the folder lives as long as what is returned.
    pub fn stop(self) -> Arc<TempDir> {
        self.folder
    }

    pub(crate) async fn launch(
        folder: Arc<TempDir>,
        clock: ManualClock,
        rocket: Rocket<Build>,
    ) -> Self {
        let issued = Issued::new();
        let client = Client::untracked(rocket)
            .await
            .expect("a rocket that launches");
        let server = Self {
            client,
            clock,
            folder,
            issued,
        };
        server.issued.keys_of(server.sessions()).await;
        server
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser::new(&self.client, self.clock.clone(), self.issued.clone())
    }

    /// A browser in which `user` has logged in.
    pub async fn logged_in(&self, user: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.log_in(user).await;
        browser
    }

    /// The handle on the server's sessions.
    pub fn sessions(&self) -> &Sessions {
        self.state()
    }

    /// What the application manages.
    pub fn state<T: Send + Sync + 'static>(&self) -> &T {
        self.client.rocket().state().expect("managed state")
    }

    /// The database, behind the server's back.
    pub fn database(&self) -> Database {
        Database::open(&self.folder.path().join("test.db"))
    }

    /// What is sent to the database from now on.
    pub fn statements(&self) -> Statements {
        Statements::to(&Backend::chosen().url(&self.folder.path().join("test.db")))
    }

    /// The folder of the database.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

/// Whether a Rocket launches; if not, it was a fairing that refused.
pub async fn launches(rocket: Rocket<Build>) -> bool {
    let Err(error) = Client::untracked(rocket).await else {
        return true;
    };
    // Rocket panics over an error that nobody looked at.
    let refused = matches!(error.kind(), ErrorKind::FailedFairings(_));
    assert!(refused, "{error}");
    false
}

/// A clock that stands at some second of 2026.
pub fn clock() -> ManualClock {
    ManualClock::at(DateTime::from_timestamp(1_790_000_000, 0).expect("a time in 2026"))
}

/// The time on `clock`.
pub fn now(clock: &ManualClock) -> DateTime<Utc> {
    clock.now()
}
