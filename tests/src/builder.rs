//! How a [`Server`] is put together before it starts.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rocket::figment::value::Value;
use rocket::{Build, Rocket};
use session_runtime::testing::ManualClock;
use session_runtime::{SessionFairing, Sessions};
use tempfile::TempDir;

use crate::app;
use crate::database::OwnDatabase;
use crate::running::Running;
use crate::secrets;
use crate::server::{MASTER_KEY, Server, clock};
use crate::servers::Backend;
use crate::statements;

type Change = Box<dyn FnOnce(Rocket<Build>) -> Rocket<Build> + Send>;

/// The test application with everything that a test may want otherwise.
pub struct Builder {
    settings: Vec<(String, Value)>,
    fairing: SessionFairing,
    changes: Vec<Change>,
    clock: ManualClock,
    folder: Option<Arc<TempDir>>,
    url: Option<String>,
    profile: Option<&'static str>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let clock = clock();
        Self {
            settings: Vec::new(),
            fairing: Sessions::fairing().clock(clock.clone()),
            changes: Vec::new(),
            clock,
            folder: None,
            url: None,
            profile: None,
        }
    }

    /// Sets a key of `[default.sessions]`; the last value of a key counts.
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.settings.push((key.to_owned(), value.into()));
        self
    }

    /// Sets several keys of `[default.sessions]`.
    pub fn settings(self, settings: &[(&str, Value)]) -> Self {
        settings
            .iter()
            .fold(self, |this, (key, value)| this.set(key, value.clone()))
    }

    /// Runs under this profile of Rocket's, as a release build does under `release`.
    pub fn profile(mut self, profile: &'static str) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Changes the session fairing.
    pub fn fairing(mut self, change: impl FnOnce(SessionFairing) -> SessionFairing) -> Self {
        self.fairing = change(self.fairing);
        self
    }

    /// Changes the Rocket, once the session fairing and the application's routes are there.
    pub fn rocket(
        mut self,
        change: impl FnOnce(Rocket<Build>) -> Rocket<Build> + Send + 'static,
    ) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// Runs on this clock, of server and browsers.
    pub fn clock(mut self, clock: ManualClock) -> Self {
        self.fairing = self.fairing.clock(clock.clone());
        self.clock = clock;
        self
    }

    /// Uses the database in this folder, which lives at least as long as the server.
    pub fn on(mut self, folder: Arc<TempDir>) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Uses the database that stands for this file.
    pub fn on_file(mut self, file: impl AsRef<Path>) -> Self {
        self.use_file(file.as_ref());
        self
    }

    fn use_file(&mut self, file: &Path) {
        let backend = Backend::chosen();
        self.url = Some(backend.url(file));
        if backend != Backend::Sqlite {
            self.key_unless_set();
        }
    }

    /// Uses the database of this URL.
    pub fn on_url(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self.key_unless_set();
        self
    }

    /// Without the key that servers' databases need, for a launch that must ask for it.
    pub fn without_master_key(mut self) -> Self {
        self.settings.retain(|(key, _)| key != "master_key");
        self
    }

    /// A file has a key of its own beside it; a server's database needs one from the settings.
    fn key_unless_set(&mut self) {
        let key = ("master_key".to_owned(), MASTER_KEY.into());
        self.settings.insert(0, key);
    }

    /// The Rocket, which is not launched: for tests of launches that fail, and of other clients.
    pub fn build(self) -> Rocket<Build> {
        statements::listen();
        let url = self.url.expect("`on_file` or `on_url` was called");
        let figment = rocket::Config::figment()
            .merge(("log_level", "off"))
            .merge(("sessions.database", url));
        let figment = self
            .settings
            .into_iter()
            .fold(figment, |figment, (key, value)| {
                figment.merge((format!("sessions.{key}"), value))
            });
        let figment = match self.profile {
            Some(profile) => figment.select(profile),
            None => figment,
        };
        let rocket = secrets::rocket(figment)
            .attach(self.fairing)
            .mount("/", app::routes());
        self.changes
            .into_iter()
            .fold(rocket, |rocket, change| change(rocket))
    }

    /// Launches it.
    pub async fn start(mut self) -> Server {
        let folder = self.find_database();
        let clock = self.clock.clone();
        let own = OwnDatabase::in_folder(folder.path());
        let rocket = self.build().manage(own);
        Server::launch(folder, clock, rocket).await
    }

    /// Launches it behind a listener, on some port of this machine.
    pub async fn listen(mut self) -> Running {
        let folder = self.find_database();
        Running::launch(folder, self.build()).await
    }

    /// Uses a new database unless one was named.
    fn find_database(&mut self) -> Arc<TempDir> {
        let folder = self
            .folder
            .get_or_insert_with(|| Arc::new(tempfile::tempdir().expect("a temporary folder")));
        let folder = Arc::clone(folder);
        if self.url.is_none() {
            self.use_file(&folder.path().join("test.db"));
        }
        folder
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
