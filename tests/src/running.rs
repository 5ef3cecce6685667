//! The application under test behind a real listener, for bytes that a local client cannot send.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};

use rocket::fairing::AdHoc;
use rocket::{Build, Rocket, Shutdown, tokio};
use session_runtime::Sessions;
use tempfile::TempDir;

use crate::database::Database;
use crate::secrets::Issued;
use crate::servers::Backend;
use crate::statements::Statements;

/// A running server.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    sessions: Sessions,
    shutdown: Shutdown,
    task: tokio::task::JoinHandle<()>,
    folder: Arc<TempDir>,
    _issued: Issued,
}

impl Running {
    pub(crate) async fn launch(folder: Arc<TempDir>, rocket: Rocket<Build>) -> Self {
        let issued = Issued::new();
        let (tell, told) = mpsc::channel();
        let figment = rocket
            .figment()
            .clone()
            .merge(("port", 0))
            .merge(("shutdown.ctrlc", false));
        let rocket = rocket
            .configure(figment)
            .attach(AdHoc::on_liftoff("port", move |rocket| {
                let address = SocketAddr::new(rocket.config().address, rocket.config().port);
                let _heard = tell.send(address);
                Box::pin(async {})
            }))
            .ignite()
            .await
            .expect("a rocket that ignites");
        let sessions: &Sessions = rocket.state().expect("sessions that the fairing manages");
        let sessions = sessions.clone();
        issued.keys_of(&sessions).await;
        let shutdown = rocket.shutdown();
        let task = tokio::spawn(async move {
            let _landed = rocket.launch().await;
        });
        let address = tokio::task::spawn_blocking(move || told.recv().expect("an address"))
            .await
            .expect("no panic");
        Self {
            address,
            sessions,
            shutdown,
            task,
            folder,
            _issued: issued,
        }
    }

    /// Sends bytes and reads until the server closes.
    pub async fn send(&self, request: Vec<u8>) -> String {
        let address = self.address;
        let talk = move || {
            let mut stream = TcpStream::connect(address).expect("a connection");
            // A server that refuses early may reset the connection before all went out, or after
            // its answer.
            let _cut = stream.write_all(&request);
            let mut answer = Vec::new();
            let _closed = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::task::spawn_blocking(talk).await.expect("no panic")
    }

    /// What is sent to the database from now on.
    pub fn statements(&self) -> Statements {
        Statements::to(&Backend::chosen().url(&self.folder.path().join("test.db")))
    }

    /// The handle on the server's sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The database, behind the server's back.
    pub fn database(&self) -> Database {
        Database::open(&self.folder.path().join("test.db"))
    }

    /// Stops it.
    pub async fn stop(self) {
        self.shutdown.notify();
        self.task.await.expect("no panic");
    }
}
