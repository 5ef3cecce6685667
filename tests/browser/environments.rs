//! Other environments and applications beside one, and yesterday's browser after a change of a setting: what
//! `tests/neighbours` says of a jar of its own, in Chromium.

use super::SHORT;
use super::installed::{run, run_beside};
use super::servers::{Names, Servers};

const PRODUCTION: &str = "example.test";
const STAGING: &str = "staging.example.test";

/// Two applications that the same browser is logged in at.
struct Pair {
    what: &'static str,
    servers: [Servers; 2],
}

impl Pair {
    fn start(what: &'static str, names: [&Names; 2], settings: [&str; 2]) -> Self {
        let start = |names, settings| Servers::of_neighbours(names, &format!("{SHORT}{settings}"));
        let servers = [start(names[0], settings[0]), start(names[1], settings[1])];
        Self { what, servers }
    }

    fn case(&self) -> String {
        let [one, two] = &self.servers;
        let (what, one, two) = (self.what, &one.api, &two.api);
        format!(r#"{{"what": "{what}", "origins": ["{one}", "{two}"]}}"#)
    }
}

#[test]
fn environments_and_applications_do_not_mind_each_other() {
    let wide = r#", cookie_domain="example.test""#;
    let names = Names::of(PRODUCTION, STAGING);
    let (production, staging) = (&names.only(PRODUCTION), &names.only(STAGING));
    let (local, with_tls) = (&Names::localhost(), [production, production]);
    let below = [production, staging];
    let pairs = [
        Pair::start("a staging below production's domain", below, [wide, ""]),
        Pair::start("both for all of the domain", below, [wide, wide]),
        Pair::start("each for its host", below, ["", ""]),
        Pair::start("two ports of localhost", [local, local], ["", ""]),
        Pair::start("two ports of a host with TLS", with_tls, ["", ""]),
    ];
    let cases: Vec<String> = pairs.iter().map(Pair::case).collect();
    let cases = format!("[{}]", cases.join(", "));
    run("environments.test.mjs", &cases, &pairs[0].servers[0]);
}

/// A setting that changes between two starts, and what becomes of somebody who is logged in, forth and back.
struct Change {
    server: Servers,
    what: &'static str,
    before: String,
    after: String,
    effects: [&'static str; 2],
}

impl Change {
    fn start(
        names: &Names,
        what: &'static str,
        [before, after]: [&str; 2],
        effects: [&'static str; 2],
    ) -> Self {
        let [before, after] = [before, after].map(|settings| format!("{SHORT}{settings}"));
        let server = Servers::of_neighbours(names, &before);
        Self {
            server,
            what,
            before,
            after,
            effects,
        }
    }

    fn case(&self, effect: Option<usize>) -> String {
        let (what, origin) = (self.what, &self.server.api);
        let effect = effect.map_or("logs in", |index| self.effects[index]);
        format!(r#"{{"what": "{what}", "origin": "{origin}", "effect": "{effect}"}}"#)
    }
}

#[test]
fn yesterdays_browser_works_today() {
    let names = Names::of(STAGING, STAGING);
    let local = &Names::localhost();
    let path = ["", r#", access_token_path="/app""#];
    let wide = ["", r#", cookie_domain="example.test""#];
    let wider = [
        r#", cookie_domain="staging.example.test""#,
        r#", cookie_domain="example.test""#,
    ];
    let prefix = ["", r#", cookie_prefix="none""#];
    let refresh = ["", r#", refresh_token_path="/auth""#];
    let mut changes = [
        Change::start(local, "another path", path, ["stays", "stays"]),
        Change::start(&names, "another path with TLS", path, ["stays", "stays"]),
        Change::start(&names, "another prefix", prefix, ["logs in", "stays"]),
        Change::start(&names, "a domain", wide, ["logs in", "stays"]),
        Change::start(&names, "another domain", wider, ["stays", "stays"]),
        Change::start(&names, "another refresh path", refresh, ["stays", "stays"]),
    ];
    let jars = tempfile::tempdir().expect("a folder");
    let folder = jars.path().display().to_string();
    for (day, effect) in [
        ("yesterday", None),
        ("today", Some(0)),
        ("reverted", Some(1)),
    ] {
        for change in changes.iter_mut().filter(|_| effect.is_some()) {
            let settings = if day == "today" {
                &change.after
            } else {
                &change.before
            };
            change.server.restart(settings);
        }
        let cases: Vec<String> = changes.iter().map(|change| change.case(effect)).collect();
        let cases = format!("[{}]", cases.join(", "));
        let more = [("JARS", folder.as_str()), ("DAY", day)];
        run_beside("deploys.test.mjs", &cases, &changes[1].server, &more);
    }
}
