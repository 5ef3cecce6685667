//! What very many revoked sessions cost the guard of the others.

use std::time::Duration;

use super::sessions;
use crate::client::{Clients, Jar, Same, clients};
use crate::databases::{Databases, Kind};
use crate::drive::drive;
use crate::fill;
use crate::results::{Measured, Target};
use crate::rounds::{Variant, interleave};
use crate::servers::Server;
use crate::{Failure, Options};

/// Two servers, one of which has read a long feed before the first request.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let rows = if options.quick { 1_000 } else { 100_000 };
    let databases = Databases::start(Kind::Sqlite)?;
    let none = Server::ours(&databases.make("none")?, &[])?;
    let many = with_revocations(&databases, rows).await?;

    let count = options.connections as u64;
    let (of_none, of_many) = (
        sessions(none.port, count).await?,
        sessions(many.port, count).await?,
    );
    let get =
        |jars: &[Jar]| -> Clients { clients(jars.len(), |number| Same::get("/me", &jars[number])) };
    let names = [
        format!("guarded, {rows} revoked sessions"),
        "guarded, none revoked".to_owned(),
    ];
    let variants = [
        Variant::new(&names[0], many.port, || get(&of_many)),
        Variant::new(&names[1], none.port, || get(&of_none)),
    ];
    let mut measured = Measured {
        figures: interleave(options, &variants).await?,
        ..Measured::default()
    };
    measured.rates(&names[0], &names[1], Some(Target::Within(0.95, 1.05)));
    Ok(measured)
}

/// A server that has read `rows` revocations; the newest of them is of a session we hold, and is
/// refused.
async fn with_revocations(databases: &Databases, rows: u64) -> Result<Server, Failure> {
    let url = databases.make("many")?;
    let before = Server::ours(&url, &[fill::MASTER_KEY])?;
    let revoked = sessions(before.port, 1).await?;
    drop(before);
    fill::revocations(&databases.folder().join("many"), rows)?;
    let server = Server::ours(&url, &[fill::MASTER_KEY])?;
    let asked = vec![Box::new(Same::get("/me", &revoked[0])) as _];
    let second = Duration::from_secs(1);
    match drive(server.port, asked, Duration::ZERO, second).await {
        Err(refused) if refused.to_string().starts_with("401") => Ok(server),
        Err(other) => Err(other),
        Ok(_) => Err("a revoked session is still good: the feed was not read".into()),
    }
}
