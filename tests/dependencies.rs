//! What may become part of a build, by the rules of `deny.toml`: no banned package, no licence but
//! those that it allows, nothing that is not from the registry. cargo itself says what the packages
//! are, so nothing has to be installed.

use std::process::Command;

use rocket::figment::Figment;
use rocket::figment::providers::{Format, Toml};
use semver::{Version, VersionReq};
use serde::Deserialize;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// `deny.toml`, as far as it is looked at here.
#[derive(Deserialize)]
struct Rules {
    bans: Bans,
    licenses: Licences,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    name: String,
    /// These versions; all of them unless it is there.
    version: Option<VersionReq>,
    /// Below these packages it is allowed.
    #[serde(default)]
    wrappers: Vec<String>,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

/// What `cargo metadata` says.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: Version,
    license: Option<String>,
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: String,
    path: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

fn rules() -> Rules {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../deny.toml");
    let rules = Figment::from(Toml::file_exact(file)).extract();
    rules.expect("rules")
}

fn metadata() -> Metadata {
    let output = Command::new(env!("CARGO"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--all-features",
        ])
        .output()
        .expect("cargo");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("its JSON")
}

impl Metadata {
    /// The names of the packages that have this one as a dependency of their own.
    fn parents(&self, id: &str) -> Vec<&str> {
        let nodes = self.resolve.nodes.iter();
        let parents = nodes.filter(|node| node.dependencies.iter().any(|one| one == id));
        let named = |node: &Node| self.packages.iter().find(|one| one.id == node.id);
        parents.filter_map(named).map(|one| &*one.name).collect()
    }
}

/// Everything that the rules forbid.
fn breaches(rules: &Rules, metadata: &Metadata) -> Vec<String> {
    let mut breaches = Vec::new();
    for package in &metadata.packages {
        let named = format!("{} {}", package.name, package.version);
        let banned = rules.bans.deny.iter().find(|banned| {
            banned.name == package.name
                && (banned.version.as_ref())
                    .is_none_or(|versions| versions.matches(&package.version))
        });
        if let Some(banned) = banned {
            let parents = metadata.parents(&package.id);
            let is_wrapped = |parent: &&str| banned.wrappers.iter().any(|one| one == parent);
            if banned.wrappers.is_empty() || !parents.iter().all(is_wrapped) {
                breaches.push(format!("{named} is banned, and below {parents:?}"));
            }
        }
        if !package
            .license
            .as_deref()
            .is_some_and(|text| is_allowed(rules, text))
        {
            breaches.push(format!("{named} has the licence {:?}", package.license));
        }
        if package
            .source
            .as_deref()
            .is_some_and(|source| source != REGISTRY)
        {
            breaches.push(format!("{named} is from {:?}", package.source));
        }
        // Only our own say what they need by a path.
        let any = package.dependencies.iter();
        let mut any = any.filter(|needed| needed.req == "*" && needed.path.is_none());
        if package.source.is_none()
            && let Some(needed) = any.next()
        {
            breaches.push(format!("{named} takes any version of {}", needed.name));
        }
    }
    breaches
}

fn is_allowed(rules: &Rules, text: &str) -> bool {
    // Older packages write `MIT/Apache-2.0`.
    let Ok(expression) = spdx::Expression::parse_mode(text, spdx::ParseMode::LAX) else {
        return false;
    };
    expression.evaluate(|needed| {
        let id = needed.license.id().map(|id| id.name);
        needed.addition.is_none()
            && id.is_some_and(|id| rules.licenses.allow.iter().any(|one| one == id))
    })
}

#[test]
fn what_is_built_in_keeps_the_rules() {
    let metadata = metadata();
    assert!(metadata.packages.len() > 100, "all of them");
    let breaches = breaches(&rules(), &metadata);
    assert!(breaches.is_empty(), "{breaches:#?}");
}

fn package(name: &str, version: &str, license: Option<&str>) -> Package {
    Package {
        id: name.into(),
        name: name.into(),
        version: version.parse().expect("a version"),
        license: license.map(Into::into),
        source: Some(REGISTRY.into()),
        dependencies: Vec::new(),
    }
}

fn judge(packages: Vec<Package>, nodes: &[(&str, &str)]) -> Vec<String> {
    let nodes = nodes.iter().map(|(id, needed)| Node {
        id: (*id).into(),
        dependencies: vec![(*needed).into()],
    });
    let resolve = Resolve {
        nodes: nodes.collect(),
    };
    breaches(&rules(), &Metadata { packages, resolve })
}

#[test]
fn each_rule_is_noticed() {
    let mit = Some("MIT");
    let of = |name, version, license| judge(vec![package(name, version, license)], &[]);
    for (name, version, license, bad) in [
        ("good", "1.0.0", mit, false),
        ("good", "1.0.0", Some("MIT/Apache-2.0"), false),
        (
            "good",
            "1.0.0",
            Some("(MIT OR GPL-3.0-only) AND Unicode-3.0"),
            false,
        ),
        ("good", "1.0.0", Some("MIT AND GPL-3.0-only"), true),
        (
            "good",
            "1.0.0",
            Some("Apache-2.0 WITH LLVM-exception"),
            true,
        ),
        ("good", "1.0.0", Some("LicenseRef-own"), true),
        ("good", "1.0.0", None, true),
        ("openssl", "0.10.0", mit, true),
        ("jsonwebtoken", "10.2.9", mit, true),
        ("jsonwebtoken", "10.3.0", mit, false),
    ] {
        assert_eq!(
            !of(name, version, license).is_empty(),
            bad,
            "{name} {version} {license:?}"
        );
    }
    let below = |parent| {
        let packages = vec![
            package("ring", "0.17.0", mit),
            package(parent, "1.0.0", mit),
        ];
        judge(packages, &[(parent, "ring")])
    };
    assert_eq!(below("rustls"), [""; 0]);
    assert_ne!(below("other"), [""; 0]);
    let from_git = Package {
        source: Some("git+https://git.example/x".into()),
        ..package("x", "1.0.0", mit)
    };
    assert_ne!(judge(vec![from_git], &[]), [""; 0]);
    let of_any = Package {
        source: None,
        dependencies: vec![Dependency {
            name: "serde".into(),
            req: "*".into(),
            path: None,
        }],
        ..package("ours", "1.0.0", mit)
    };
    assert_ne!(judge(vec![of_any], &[]), [""; 0]);
}
