//! Logins at once where the database lets in fewer connections than the library would open.

use hyper::Method;
use tokio::task::spawn_local;

use crate::client::{Jar, request};
use crate::databases::{Databases, Kind};
use crate::drive::once;
use crate::results::{Measured, Ratio, Target};
use crate::servers::Server;
use crate::{Failure, Options};

/// Thirty logins at once, on new servers each round: how many are not served.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let mut measured = Measured::default();
    let lowered = ["write_connections=2", "read_connections=2"];
    for kind in options.databases(&[Kind::Postgres, Kind::Mariadb]) {
        let databases = Databases::start(kind)?;
        for (name, most, settings) in [
            ("lowered", 5, &lowered[..]),
            ("five", 5, &[]),
            ("four", 4, &[]),
        ] {
            let (mut refused, mut all) = (0, 0);
            for round in 0..options.rounds {
                let url = databases.limited(&format!("{name}{round}"), most)?;
                let server = Server::ours(&url, settings)?;
                let logins: Vec<_> = (0..30)
                    .map(|n| {
                        let body = format!(r#"{{"user":"user {n}"}}"#);
                        let asked = request(Method::POST, "/login", &Jar::default(), &body);
                        spawn_local(once(server.port, asked))
                    })
                    .collect();
                for login in logins {
                    let (status, _) = login.await??;
                    refused += u32::from(status != 200);
                    all += 1;
                }
            }
            let settings = match settings {
                [] => "the default settings".to_owned(),
                settings => settings.join(", "),
            };
            measured.ratios.push(Ratio {
                what: format!(
                    "logins refused, 30 at once over {most} connections with {settings}, {}",
                    kind.name()
                ),
                value: f64::from(refused),
                target: Some(Target::AtMost(0.0)),
                of: format!("{refused} of {all}"),
            });
        }
    }
    Ok(measured)
}
