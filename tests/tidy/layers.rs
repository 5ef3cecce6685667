//! Who may know whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Graph;
use crate::{read, root};

const RUNTIME: &str = "session-runtime/src/";

fn runtime() -> Graph {
    Graph::of("session-runtime/src/lib.rs")
}

#[test]
fn no_files_know_each_other_in_a_circle() {
    for graph in [runtime(), Graph::of("session-macros/src/lib.rs")] {
        let circles: String = graph.circles().iter().map(ToString::to_string).collect();
        assert!(circles.is_empty(), "{circles}");
    }
}

/// A part of the library, as far as the layers are concerned.
#[derive(Debug, PartialEq, Eq)]
enum Layer {
    /// Shows to the outside what the others define.
    Root,
    Web,
    Sessions,
    Store,
    Leaf,
}

impl Layer {
    fn of(file: &str) -> Self {
        match module(file) {
            "lib" => Self::Root,
            "web" => Self::Web,
            "sessions" => Self::Sessions,
            "store" => Self::Store,
            _ => Self::Leaf,
        }
    }

    fn may_know(&self, other: &Self) -> bool {
        match self {
            Self::Root => true,
            Self::Web => matches!(other, Self::Web | Self::Sessions | Self::Leaf),
            Self::Sessions => matches!(other, Self::Sessions | Self::Store | Self::Leaf),
            Self::Store => matches!(other, Self::Store | Self::Leaf),
            Self::Leaf => matches!(other, Self::Leaf),
        }
    }
}

/// The module of the root that a file belongs to.
fn module(file: &str) -> &str {
    let path = file.strip_prefix(RUNTIME).expect("a file of the library");
    path.split(['/', '.']).next().expect("a name")
}

fn path(file: &str) -> String {
    format!("{RUNTIME}{file}")
}

#[test]
fn nobody_knows_those_above() {
    let graph = runtime();
    for (from, to) in graph.pairs() {
        let (layer, other) = (Layer::of(from), Layer::of(to));
        let edge = graph.describe(from, to);
        assert!(
            layer.may_know(&other),
            "{layer:?} must not know {other:?}: {edge}"
        );
    }
}

#[test]
fn only_web_names_rocket_and_only_store_names_diesel() {
    // The macros write code that names Rocket only through the runtime's hidden module.
    let root = path("lib.rs");
    for graph in [runtime(), Graph::of("session-macros/src/lib.rs")] {
        for (file, package, line) in graph.packages() {
            let folder = match package {
                "rocket" => path("web/"),
                "diesel" => path("store/"),
                _ => continue,
            };
            assert!(
                file.starts_with(&folder) || *file == root,
                "{file}:{line} names `{package}`"
            );
        }
    }
}

/// `ARCHITECTURE.md` says of each module of the root what it is for and whose names it uses.
#[test]
fn the_architecture_draws_what_is_there() {
    let text = read("ARCHITECTURE.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    let drawn: BTreeMap<&str, BTreeSet<&str>> = cells
        .filter(|cells| cells.len() == 3)
        .map(|cells| {
            let name = cells[0].trim_end_matches(['`', '/']);
            let uses = cells[2].trim_end_matches(" |").split(", ");
            (name, uses.filter(|name| *name != "none").collect())
        })
        .collect();
    let graph = runtime();
    let files = graph.files().map(module).filter(|name| *name != "lib");
    let mut real: BTreeMap<&str, BTreeSet<&str>> =
        files.map(|name| (name, BTreeSet::new())).collect();
    for (from, to) in graph.pairs().map(|(from, to)| (module(from), module(to))) {
        if let Some(uses) = real.get_mut(from).filter(|_| from != to) {
            uses.insert(to);
        }
    }
    let gone = drawn.keys().filter(|name| !real.contains_key(*name));
    let gone = gone.map(|name| format!("there is no module `{name}`"));
    let wrong = real
        .iter()
        .filter(|(name, uses)| drawn.get(*name) != Some(*uses));
    let wrong = wrong.map(|(name, uses)| {
        let uses = uses.iter().copied().collect::<Vec<_>>().join(", ");
        format!(
            "`{name}` uses {}",
            if uses.is_empty() { "none" } else { &uses }
        )
    });
    let wrong: Vec<String> = gone.chain(wrong).collect();
    assert!(
        wrong.is_empty(),
        "ARCHITECTURE.md must say:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_architecture_names_files_that_exist() {
    let text = read("ARCHITECTURE.md");
    let mut named = 0;
    for line in text.lines() {
        let words = line.split('`').skip(1).step_by(2);
        let files = words.filter(|word| word.contains('/') || word.ends_with(".rs"));
        for file in files.filter(|word| !word.contains([' ', '{', ':'])) {
            let places = [root(), root().join(RUNTIME)];
            assert!(
                places.iter().any(|place| place.join(file).exists()),
                "ARCHITECTURE.md names {file}"
            );
            named += 1;
        }
    }
    assert!(named > 20, "only {named}");
}

/// The ways in which one file can name another, each once, in `specimen/`.
#[test]
fn every_way_to_name_another_file_is_seen() {
    let graph = Graph::of("tests/tidy/specimen/lib.rs");
    let short = |file: &str| file["tests/tidy/specimen/".len()..].to_owned();
    let found: BTreeSet<_> = graph
        .pairs()
        .map(|(from, to)| format!("{} -> {}", short(from), short(to)))
        .collect();
    let expected = read("tests/tidy/specimen/expected");
    let expected: BTreeSet<_> = expected.lines().map(str::to_owned).collect();
    assert_eq!(found, expected);
    let circles: Vec<_> = graph.circles().iter().map(ToString::to_string).collect();
    assert_eq!(circles.len(), 1, "{circles:?}");
    let words = "a circle of 3 files:
  tests/tidy/specimen/circle/a.rs:3 names `super::b::B` of tests/tidy/specimen/circle/b.rs
  tests/tidy/specimen/circle/b.rs:3 names `super::c::C` of tests/tidy/specimen/circle/c.rs
  tests/tidy/specimen/circle/c.rs:4 names `crate::circle::A` of tests/tidy/specimen/circle/a.rs
";
    assert_eq!(circles[0], words);
}
