//! A Rocket with the library attached, its database in a temporary folder and its clock in our hands.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rocket::figment::Figment;
use rocket::figment::value::Value;
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket};
use session_runtime::{Clock, ManualClock, SessionFairing, Sessions};
use tempfile::TempDir;

use crate::app;
use crate::browser::Browser;
use crate::database::Database;
use crate::secrets::{self, Issued};
use crate::servers::Backend;
use crate::statements::{self, Statements};

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
    /// Starts the test application.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts the test application with settings of `[default.sessions]`.
    pub async fn with(settings: &[(&str, Value)]) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self::launch(folder, clock(), settings, |rocket| rocket).await
    }

    /// Starts the test application after `change` was made to it.
    pub async fn changed(change: impl FnOnce(Rocket<Build>) -> Rocket<Build>) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self::launch(folder, clock(), &[], change).await
    }

    /// Starts the test application with settings, after `change` was made to it.
    pub async fn changed_with(
        settings: &[(&str, Value)],
        change: impl FnOnce(Rocket<Build>) -> Rocket<Build>,
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self::launch(folder, clock(), settings, change).await
    }

    /// Starts the test application with a session fairing that `change` was made to.
    pub async fn attached(
        settings: &[(&str, Value)],
        change: impl FnOnce(SessionFairing) -> SessionFairing,
    ) -> Self {
        Self::of(change(Sessions::fairing()), settings, |rocket| rocket).await
    }

    /// Stops this server and starts another on the same database.
    pub async fn restart(self) -> Self {
        let Self {
            client,
            clock,
            folder,
            ..
        } = self;
        drop(client);
        Self::launch(folder, clock, &[], |rocket| rocket).await
    }

    /// Stops this server and starts another on the same database, with other settings.
    pub async fn restart_with(self, settings: &[(&str, Value)]) -> Self {
        let Self {
            client,
            clock,
            folder,
            ..
        } = self;
        drop(client);
        Self::launch(folder, clock, settings, |rocket| rocket).await
    }

    /// Stops this server; the folder lives as long as what is returned.
    pub fn stop(self) -> Arc<TempDir> {
        self.folder
    }

    /// Starts the test application on the database of a server that was stopped.
    pub async fn on(folder: Arc<TempDir>, clock: ManualClock) -> Self {
        Self::launch(folder, clock, &[], |rocket| rocket).await
    }

    /// Starts the test application on the database of a URL.
    pub async fn on_url(url: &str) -> Self {
        Self::with(&[("database", url.into()), ("master_key", MASTER_KEY.into())]).await
    }

    /// Starts a second process, so to speak, on the same database.
    pub async fn beside(&self) -> Self {
        self.beside_with(&[]).await
    }

    /// Starts a second process on the same database, with settings.
    pub async fn beside_with(&self, settings: &[(&str, Value)]) -> Self {
        let folder = Arc::clone(&self.folder);
        Self::launch(folder, self.clock.clone(), settings, |rocket| rocket).await
    }

    /// Starts the test application with a fairing that was made otherwise.
    pub async fn of(
        fairing: SessionFairing,
        settings: &[(&str, Value)],
        change: impl FnOnce(Rocket<Build>) -> Rocket<Build>,
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let clock = clock();
        let file = folder.path().join("test.db");
        let rocket = rocket_with(file, settings, fairing.clock(clock.clone()));
        Self::ignite(folder, clock, change(rocket)).await
    }

    async fn launch(
        folder: Arc<TempDir>,
        clock: ManualClock,
        settings: &[(&str, Value)],
        change: impl FnOnce(Rocket<Build>) -> Rocket<Build>,
    ) -> Self {
        let rocket = rocket(folder.path().join("test.db"), &clock, settings);
        Self::ignite(folder, clock, change(rocket)).await
    }

    async fn ignite(folder: Arc<TempDir>, clock: ManualClock, rocket: Rocket<Build>) -> Self {
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

/// A Rocket as [`Server`] starts it, before it is launched; `file` stands for the database.
pub fn rocket(file: PathBuf, clock: &ManualClock, settings: &[(&str, Value)]) -> Rocket<Build> {
    rocket_with(file, settings, Sessions::fairing().clock(clock.clone()))
}

/// The same, with a session fairing of the test's own.
pub fn rocket_with(
    file: PathBuf,
    settings: &[(&str, Value)],
    fairing: SessionFairing,
) -> Rocket<Build> {
    let backend = Backend::chosen();
    let rocket = attached(&backend.url(&file), settings, fairing);
    if backend == Backend::Sqlite {
        return rocket;
    }
    let key = Figment::from(("sessions.master_key", MASTER_KEY));
    let figment = rocket.figment().clone().join(key);
    rocket.configure(figment)
}

/// A Rocket on the database of a URL.
pub fn rocket_on(url: &str, clock: &ManualClock, settings: &[(&str, Value)]) -> Rocket<Build> {
    attached(url, settings, Sessions::fairing().clock(clock.clone()))
}

/// A Rocket on the database of a URL, with a session fairing and a clock of the test's own.
pub fn attached(url: &str, settings: &[(&str, Value)], fairing: SessionFairing) -> Rocket<Build> {
    // Before Rocket sets a logger of its own.
    secrets::record();
    statements::listen();
    let mut figment = rocket::Config::figment()
        .merge(("log_level", "off"))
        .merge(("sessions.database", url));
    for (key, value) in settings {
        figment = figment.merge((format!("sessions.{key}"), value));
    }
    rocket::custom(figment)
        .attach(fairing)
        .mount("/", app::routes())
}

/// A clock that stands at some second of 2026.
pub fn clock() -> ManualClock {
    ManualClock::at(DateTime::from_timestamp(1_790_000_000, 0).expect("a time in 2026"))
}

/// The time on `clock`.
pub fn now(clock: &ManualClock) -> DateTime<Utc> {
    clock.now()
}
