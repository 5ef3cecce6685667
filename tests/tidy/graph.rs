//! Which file names what another file defines.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Item, ItemMod, ItemUse, Macro, Path, UseTree};

use crate::inner::{Part, parts};
use crate::modules::{Package, is_reexport, is_test, leaves};

/// The files of a package, and for each pair of which one names the other an example.
pub(crate) struct Graph {
    edges: BTreeMap<String, BTreeMap<String, Example>>,
    /// For each file the first names of its paths that lead out of the package, each with a line.
    packages: BTreeMap<String, BTreeMap<String, usize>>,
}

/// Where a file names something, and what.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Example {
    line: usize,
    name: String,
}

impl Graph {
    /// The graph of the package whose root is this file.
    pub(crate) fn of(lib: &str) -> Self {
        let package = Package::read(lib);
        let mut graph = Self {
            edges: BTreeMap::new(),
            packages: BTreeMap::new(),
        };
        for (index, module) in package.modules.iter().enumerate() {
            graph.edges.entry(module.file.clone()).or_default();
            let mut names = Names {
                package: &package,
                module: index,
                graph: &mut graph,
            };
            // Inline modules are modules of their own.
            let own = |item: &&Item| !matches!(item, Item::Mod(_));
            module
                .items
                .iter()
                .filter(own)
                .for_each(|item| names.visit_item(item));
        }
        graph
    }

    /// All files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.edges.keys().map(String::as_str)
    }

    /// All (file, first name of a path that leads out of the package, line).
    pub(crate) fn packages(&self) -> impl Iterator<Item = (&String, &str, usize)> {
        self.packages.iter().flat_map(|(file, packages)| {
            packages
                .iter()
                .map(move |(package, line)| (file, package.as_str(), *line))
        })
    }

    /// All pairs (who names, whose name).
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.edges.iter().flat_map(|(from, targets)| {
            targets
                .keys()
                .map(move |target| (from.as_str(), target.as_str()))
        })
    }

    /// A pair in words.
    pub(crate) fn describe(&self, from: &str, to: &str) -> String {
        let example = &self.edges[from][to];
        format!("{from}:{} names `{}` of {to}", example.line, example.name)
    }

    /// A shortest circle through each file that is in one and in none of those before.
    pub(crate) fn circles(&self) -> Vec<Circle> {
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for file in self.edges.keys() {
            if seen.contains(file) {
                continue;
            }
            if let Some(files) = self.way_back(file) {
                seen.extend(files.iter().cloned());
                let next = files.iter().cycle().skip(1);
                let edges = files.iter().zip(next);
                circles.push(Circle(
                    edges.map(|(from, to)| self.describe(from, to)).collect(),
                ));
            }
        }
        circles
    }

    /// The files of a shortest way from `start` to itself.
    fn way_back(&self, start: &String) -> Option<Vec<String>> {
        let mut came_from: BTreeMap<&String, &String> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(file) = queue.pop_front() {
            for next in self.edges[file].keys() {
                if next == start {
                    let mut way = vec![file.clone()];
                    let mut file = file;
                    while file != start {
                        file = came_from[file];
                        way.push(file.clone());
                    }
                    way.reverse();
                    return Some(way);
                }
                if !came_from.contains_key(next) {
                    came_from.insert(next, file);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    fn add(&mut self, from: &str, to: &str, span: Span, path: &[String]) {
        if from == to {
            return;
        }
        let example = Example {
            line: span.start().line,
            name: path.join("::"),
        };
        self.edges
            .entry(from.to_owned())
            .or_default()
            .entry(to.to_owned())
            .or_insert(example);
    }
}

/// The edges of a circle, in words.
pub(crate) struct Circle(Vec<String>);

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a circle of {} files:", self.0.len())?;
        self.0.iter().try_for_each(|edge| writeln!(f, "  {edge}"))
    }
}

/// Adds what one module names.
struct Names<'a> {
    package: &'a Package,
    module: usize,
    graph: &'a mut Graph,
}

impl Names<'_> {
    fn add(&mut self, path: &[String], span: Span) {
        let from = &self.package.modules[self.module].file;
        let found = self.package.resolve(self.module, path);
        if found.is_empty() && path.len() > 1 {
            let packages = self.graph.packages.entry(from.clone()).or_default();
            let first = path.first().expect("two names").clone();
            packages.entry(first).or_insert(span.start().line);
        }
        for file in found {
            self.graph.add(from, &file, span, path);
        }
    }

    fn add_tree(&mut self, tree: &UseTree, span: Span) {
        for leaf in leaves(tree) {
            self.add(&leaf.path, span);
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        // Whoever uses a re-export depends on where the name is defined.
        if !is_reexport(&import.vis) {
            self.add_tree(&import.tree, import.span());
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments = path.segments.iter();
        let names: Vec<String> = segments.map(|segment| segment.ident.to_string()).collect();
        self.add(&names, path.span());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(name) = call.path.get_ident() {
            let file = self.package.macro_in_scope(self.module, &name.to_string());
            if let Some(file) = file.map(str::to_owned) {
                let from = &self.package.modules[self.module].file;
                let path = [format!("{name}!")];
                self.graph.add(from, &file, name.span(), &path);
            }
        }
        for part in parts(call.tokens.clone()) {
            match part {
                Part::Use(tree, span) => self.add_tree(&tree, span),
                Part::Path(path, span) => self.add(&path, span),
            }
        }
        visit::visit_macro(self, call);
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }
}
