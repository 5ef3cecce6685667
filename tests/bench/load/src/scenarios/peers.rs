//! Logins and guards of other session libraries beside ours, each as its documentation sets it up,
//! on a database with the same durability.

use super::sessions;
use crate::client::{Clients, Jar, Logins, Same, clients};
use crate::databases::{Databases, Kind};
use crate::results::{Measured, Target};
use crate::rounds::{Variant, interleave};
use crate::servers::Server;
use crate::{Failure, Options};

/// Ours with either algorithm; the peers come after them.
const OURS: [&str; 2] = ["ours", "ours, EdDSA"];

/// First all logins in turn, then all guards, each beside an open route of the same server.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let mut measured = Measured::default();
    for kind in options.databases(&[Kind::Sqlite, Kind::Postgres]) {
        let databases = Databases::start(kind)?;
        let servers = start(kind, &databases)?;
        let names: Vec<&str> = servers.iter().map(|(name, _)| *name).collect();
        logins(kind, &servers, options, &mut measured).await?;
        guards(kind, &servers, options, &mut measured).await?;
        ratios(kind, &names, &mut measured);
    }
    Ok(measured)
}

fn start(kind: Kind, databases: &Databases) -> Result<Vec<(&'static str, Server)>, Failure> {
    let eddsa = ["signing_algorithm=\"EdDSA\""];
    let mut servers = vec![
        (OURS[0], Server::ours(&databases.make("ours")?, &[])?),
        (OURS[1], Server::ours(&databases.make("eddsa")?, &eddsa)?),
    ];
    for (name, program) in [
        ("rocket_flex_session", "bench-flex"),
        ("tower-sessions", "bench-tower"),
    ] {
        let url = databases.make(&program.replace('-', "_"))?;
        servers.push((name, Server::peer(program, &url)?));
    }
    if kind == Kind::Postgres {
        for (name, program) in [
            ("supertokens-node-postgres-ref-jwt", "supertokens"),
            ("express-session", "express-session"),
        ] {
            let url = databases.make(&program.replace('-', "_"))?;
            servers.push((name, Server::node(program, &url)?));
        }
    }
    Ok(servers)
}

async fn logins(
    kind: Kind,
    servers: &[(&str, Server)],
    options: &Options,
    measured: &mut Measured,
) -> Result<(), Failure> {
    let variants: Vec<Variant<'_>> = servers
        .iter()
        .map(|(name, server)| {
            let logins = Logins::new("/login");
            let all = move || clients(options.connections, |_| logins.clone());
            Variant::new(login(name, kind), server.port, all)
        })
        .collect();
    let found = interleave(options, &variants).await?;
    measured.figures.extend(found);
    Ok(())
}

async fn guards(
    kind: Kind,
    servers: &[(&str, Server)],
    options: &Options,
    measured: &mut Measured,
) -> Result<(), Failure> {
    let mut variants = Vec::new();
    for (name, server) in servers {
        let jars: Vec<Jar> = sessions(server.port, options.connections as u64).await?;
        for (what, path) in [("open", "/open"), ("guarded", "/me")] {
            let jars = jars.clone();
            let all =
                move || -> Clients { clients(jars.len(), |number| Same::get(path, &jars[number])) };
            let name = format!("{what}, {name}, {}", kind.name());
            variants.push(Variant::new(name, server.port, all));
        }
    }
    let found = interleave(options, &variants).await?;
    measured.figures.extend(found);
    Ok(())
}

fn ratios(kind: Kind, names: &[&str], measured: &mut Measured) {
    let target = match kind {
        Kind::Sqlite => 4.5,
        Kind::Postgres | Kind::Mariadb => 1.5,
    };
    let peers = names.iter().filter(|name| !OURS.contains(name));
    let rate = |name: &str, measured: &Measured| measured.figure(&login(name, kind)).rate;
    let best = peers
        .max_by(|one, other| rate(one, measured).total_cmp(&rate(other, measured)))
        .expect("peers that were measured");
    let on = kind.name();
    for ours in OURS {
        let target = (ours == OURS[0]).then_some(Target::AtLeast(target));
        let what = format!("login, {ours} / best peer, {on}");
        measured.named_rates(&what, &login(ours, kind), &login(best, kind), target);
        if let Some(ratio) = measured.ratios.last_mut() {
            ratio.of += &format!(" ({best})");
        }
    }
    for name in names {
        let of = |what: &str| format!("{what}, {name}, {on}");
        let what = format!("guarded / open, {name}, {on}");
        measured.named_rates(&what, &of("guarded"), &of("open"), None);
    }
}

fn login(name: &str, kind: Kind) -> String {
    format!("login, {name}, {}", kind.name())
}
