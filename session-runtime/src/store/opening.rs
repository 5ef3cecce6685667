//! Opens the database on a thread of its own: it blocks, and where no thread can be started that
//! is an error, while Tokio's pool of blocking threads panics.

use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;

use super::identity::Identity;
use super::location::Location;
use super::options::Options;
use super::prepare::{Remarks, prepare};
use super::queue::{Readers, Writer};
use super::{OpenError, Store};
use crate::clock::DatabaseClock;
use crate::config::DatabaseUrl;
use crate::event::EventSink;
use crate::panics::caught;

impl Store {
    /// Opens the database, migrates it and starts the writers. The error says what to
    /// change.
    pub(crate) async fn open(
        database: DatabaseUrl,
        options: Options,
        clock: Arc<DatabaseClock>,
        events: EventSink,
    ) -> Result<(Self, Remarks), String> {
        let open = move || open(database.as_str(), options, clock, &events);
        apart(open).await?.map_err(|error| error.to_string())
    }
}

fn open(
    url: &str,
    options: Options,
    clock: Arc<DatabaseClock>,
    events: &EventSink,
) -> Result<(Store, Remarks), OpenError> {
    let location = Location::parse(url, options.timeout)?;
    let mut conn = location.writer()?;
    let remarks = prepare(&mut conn, &clock).map_err(|error| conn.explain(error))?;
    let identity = Identity::of(&location, &mut conn, options.number)?;
    let readers = Readers::open(&location, options, &clock, events)?;
    let writer = Writer::start(conn, &location, options, &clock, events)?;
    let store = Store {
        writer,
        readers,
        identity,
        is_file: location.file().is_some(),
        clock,
    };
    Ok((store, remarks))
}

/// Runs `work` on a thread that ends with it.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let (answer, done) = oneshot::channel();
    let work = move || {
        // Nobody waits for it if the launch was given up.
        let _given_up = answer.send(caught(work));
    };
    thread::Builder::new()
        .name("session-open".into())
        .spawn(work)
        .map_err(|error| OpenError::from(error).to_string())?;
    done.await.map_err(|error| error.to_string())?
}
