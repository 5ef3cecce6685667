//! Durable logins beside one commit per login, and beside a JSON route that does nothing.

use crate::client::{Clients, Logins, clients};
use crate::databases::{Databases, Kind};
use crate::results::{Measured, Ratio, Target};
use crate::rounds::{Variant, interleave};
use crate::servers::Server;
use crate::{Failure, Options};

/// Every connection logs in one user after another.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let mut measured = Measured::default();
    for kind in options.databases(&[Kind::Sqlite, Kind::Postgres, Kind::Mariadb]) {
        on(kind, options, &mut measured).await?;
    }
    Ok(measured)
}

async fn on(kind: Kind, options: &Options, measured: &mut Measured) -> Result<(), Failure> {
    let databases = Databases::start(kind)?;
    let ours = Server::ours(&databases.make("ours")?, &[])?;
    let eddsa = Server::ours(&databases.make("eddsa")?, &["signing_algorithm=\"EdDSA\""])?;
    let baseline = Server::baseline(&databases.make("baseline")?, "ES256")?;

    let post = |path| {
        let logins = Logins::new(path);
        move || -> Clients { clients(options.connections, |_| logins.clone()) }
    };
    let on = kind.name();
    let (login, each) = (
        format!("login, {on}"),
        format!("one commit per login, {on}"),
    );
    let (with_eddsa, bare) = (format!("login, EdDSA, {on}"), format!("bare JSON, {on}"));
    let variants = [
        Variant::new(&login, ours.port, post("/login")),
        Variant::new(&each, baseline.port, post("/login")),
        Variant::new(&with_eddsa, eddsa.port, post("/login")),
        Variant::new(&bare, ours.port, post("/echo")),
    ];
    measured
        .figures
        .extend(interleave(options, &variants).await?);
    let (against_each, against_bare) = match kind {
        Kind::Sqlite => (5.0, Some(Target::AtLeast(0.25))),
        Kind::Postgres | Kind::Mariadb => (2.0, None),
    };
    measured.rates(&login, &each, Some(Target::AtLeast(against_each)));
    measured.rates(&login, &bare, against_bare);
    measured.rates(&with_eddsa, &login, None);
    Ok(())
}

/// One connection: a login waits for nobody but the disk.
pub async fn latency(options: &Options) -> Result<Measured, Failure> {
    let mut measured = Measured::default();
    for kind in options.databases(&[Kind::Sqlite, Kind::Postgres, Kind::Mariadb]) {
        let databases = Databases::start(kind)?;
        let ours = Server::ours(&databases.make("ours")?, &[])?;
        let baseline = Server::baseline(&databases.make("baseline")?, "ES256")?;
        let one = || -> Clients { clients(1, |_| Logins::new("/login")) };
        let names = [
            format!("login alone, {}", kind.name()),
            format!("insert, commit, signature, {}", kind.name()),
        ];
        let variants = [
            Variant::new(&names[0], ours.port, one),
            Variant::new(&names[1], baseline.port, one),
        ];
        measured
            .figures
            .extend(interleave(options, &variants).await?);
        let [login, raw] = names.map(|name| measured.figure(&name).clone());
        measured.ratios.push(Ratio {
            what: format!("latency: {} / {}", login.name, raw.name),
            value: login.p50 / raw.p50,
            target: (kind == Kind::Sqlite).then_some(Target::AtMost(1.3)),
            of: format!("median {:.0} us / {:.0} us", login.p50, raw.p50),
        });
    }
    Ok(measured)
}
