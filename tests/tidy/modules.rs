//! The modules of a package and what each of their names stands for, as rustc finds it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Item, ItemMod, Lit, Meta, UseTree, Visibility};

use crate::root;

/// A module; one whose file is compiled several times has several of these.
pub(crate) struct Module {
    /// The file, from the root of the repository.
    pub(crate) file: String,
    parent: Option<usize>,
    children: HashMap<String, usize>,
    /// The names that items define here.
    defined: HashSet<String>,
    /// The names that `use` brings in, each with what stands behind it.
    imported: HashMap<String, Vec<String>>,
    /// The modules and enums whose names are all brought in.
    globs: Vec<Vec<String>>,
    /// What a `use` in the body of a function or macro calls by another name, by way of each of
    /// them.
    renamed: HashMap<String, Vec<Vec<String>>>,
    /// What stands in the file, or between the braces.
    pub(crate) items: Vec<Item>,
}

/// What a path leads to.
enum Target {
    /// An item that this file defines.
    Item(String),
    /// A module as such.
    Module,
}

/// A package's modules; the first is its root.
pub(crate) struct Package {
    pub(crate) modules: Vec<Module>,
}

/// A leaf of a `use` tree.
pub(crate) struct Leaf {
    pub(crate) path: Vec<String>,
    /// The name it gets here; none for `*`.
    pub(crate) name: Option<String>,
}

impl Package {
    /// Reads the package whose root is this file, with all features and without its tests.
    pub(crate) fn read(lib: &str) -> Self {
        let mut package = Self {
            modules: Vec::new(),
        };
        let lib = root().join(lib);
        let folder = lib.parent().expect("a folder").to_owned();
        package.read_file(&lib, &folder, None);
        package
    }

    /// Reads a file whose child modules lie in `folder`.
    fn read_file(&mut self, file: &Path, folder: &Path, parent: Option<usize>) -> usize {
        let text = fs::read_to_string(file).expect("a module's file");
        let parsed = syn::parse_file(&text).expect("Rust");
        self.add(file, folder, parent, parsed.items)
    }

    fn add(
        &mut self,
        file: &Path,
        folder: &Path,
        parent: Option<usize>,
        items: Vec<Item>,
    ) -> usize {
        let index = self.modules.len();
        let name = file.strip_prefix(root()).expect("below the root");
        self.modules.push(Module {
            file: name.display().to_string(),
            parent,
            children: HashMap::new(),
            defined: items.iter().filter_map(name_of).collect(),
            imported: HashMap::new(),
            globs: Vec::new(),
            renamed: crate::inner::names(&items),
            items: Vec::new(),
        });
        for item in &items {
            match item {
                Item::Use(import) => {
                    for leaf in leaves(&import.tree) {
                        let module = &mut self.modules[index];
                        match leaf.name {
                            Some(name) => drop(module.imported.insert(name, leaf.path)),
                            None => module.globs.push(leaf.path),
                        }
                    }
                }
                Item::Mod(child) if !is_test(&child.attrs) => {
                    let name = child.ident.to_string();
                    let added = self.add_child(file, folder, index, child);
                    self.modules[index].children.insert(name, added);
                }
                _ => {}
            }
        }
        self.modules[index].items = items;
        index
    }

    fn add_child(&mut self, file: &Path, folder: &Path, parent: usize, child: &ItemMod) -> usize {
        let name = child.ident.to_string();
        let below = folder.join(&name);
        if let Some((_, items)) = &child.content {
            return self.add(file, &below, Some(parent), items.clone());
        }
        let beside = file.parent().expect("a folder");
        // A file named by an attribute has its children beside it.
        if let Some(path) = path_of(&child.attrs) {
            let child = beside.join(path);
            let folder = child.parent().expect("a folder").to_owned();
            return self.read_file(&child, &folder, Some(parent));
        }
        let candidates: [PathBuf; 2] = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
        let found = candidates.iter().find(|file| file.exists());
        self.read_file(found.expect("the child's file"), &below, Some(parent))
    }

    /// The files that define what `path` means in `module`; none if that is a module, or is defined
    /// by another package or the body of a function.
    pub(crate) fn resolve(&self, module: usize, path: &[String]) -> Vec<String> {
        let (first, rest) = path.split_first().expect("a name");
        let inner = self.modules[module].renamed.get(first);
        let inner = inner.into_iter().flatten().map(|import| {
            let path: Vec<String> = import.iter().chain(rest).cloned().collect();
            self.find(module, &path, 0)
        });
        [self.find(module, path, 0)]
            .into_iter()
            .chain(inner)
            .filter_map(|found| match found {
                Some(Target::Item(file)) => Some(file),
                Some(Target::Module) | None => None,
            })
            .collect()
    }

    fn find(&self, module: usize, path: &[String], depth: usize) -> Option<Target> {
        assert!(depth < 64, "{path:?} leads in a circle");
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(0, rest, depth),
            "self" => self.descend(module, rest, depth),
            "super" => self.descend(self.modules[module].parent?, rest, depth),
            _ => self.named(module, path, depth),
        }
    }

    /// Goes on below `module`, which the path has entered.
    fn descend(&self, module: usize, path: &[String], depth: usize) -> Option<Target> {
        match path.first().map(String::as_str) {
            None => Some(Target::Module),
            Some("super" | "self") => self.find(module, path, depth + 1),
            // A name of ours that no item shows is made by a macro there.
            Some(_) => self
                .named(module, path, depth)
                .or_else(|| Some(Target::Item(self.modules[module].file.clone()))),
        }
    }

    /// What the first name of `path` means in `module`, and what the rest means there.
    fn named(&self, module: usize, path: &[String], depth: usize) -> Option<Target> {
        let here = &self.modules[module];
        let (name, rest) = path.split_first()?;
        let child = || here.children.get(name);
        // Only a module has something behind it that is not its own, and only a last name can be a
        // function's that is called like a module.
        if let Some(child) = child().filter(|_| !rest.is_empty()) {
            return self.descend(*child, rest, depth);
        }
        if here.defined.contains(name) {
            return Some(Target::Item(here.file.clone()));
        }
        // `use quote::quote;` leads out of the package, unless a module here is called so.
        let leads_on = |import: &&Vec<String>| {
            import[0] != *name || (import.len() > 1 && here.children.contains_key(name))
        };
        if let Some(import) = here.imported.get(name).filter(leads_on) {
            let path: Vec<String> = import.iter().chain(rest).cloned().collect();
            return self.find(module, &path, depth + 1);
        }
        if child().is_some() {
            return Some(Target::Module);
        }
        // Not by the names that a glob brings in: what it begins with is found without them.
        let is_ours = |glob: &&Vec<String>| {
            let first = glob.first();
            first.is_some_and(|name| {
                ["crate", "self", "super"].contains(&name.as_str())
                    || here.defined.contains(name)
                    || here.children.contains_key(name)
                    || here.imported.contains_key(name)
            })
        };
        here.globs.iter().filter(is_ours).find_map(|glob| {
            let path: Vec<String> = glob.iter().chain(path).cloned().collect();
            self.find(module, &path, depth + 1)
        })
    }

    /// The module or a parent of it in which a macro of this name is written.
    pub(crate) fn macro_in_scope(&self, module: usize, name: &str) -> Option<&str> {
        let mut next = Some(module);
        while let Some(index) = next {
            let here = &self.modules[index];
            let written = |item: &Item| matches!(item, Item::Macro(item) if item.ident.as_ref().is_some_and(|ident| ident == name));
            if here.items.iter().any(written) {
                return Some(&here.file);
            }
            next = here.parent;
        }
        None
    }
}

/// The name that an item defines.
fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// Every leaf of a `use` tree, with its whole path.
pub(crate) fn leaves(tree: &UseTree) -> Vec<Leaf> {
    fn walk(tree: &UseTree, mut before: Vec<String>, found: &mut Vec<Leaf>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                walk(&path.tree, before, found);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    walk(tree, before.clone(), found);
                }
            }
            UseTree::Name(leaf) if leaf.ident == "self" => {
                let name = before.last().cloned();
                found.push(Leaf { path: before, name });
            }
            UseTree::Name(leaf) => {
                before.push(leaf.ident.to_string());
                let name = before.last().cloned();
                found.push(Leaf { path: before, name });
            }
            UseTree::Rename(leaf) => {
                before.push(leaf.ident.to_string());
                let name = Some(leaf.rename.to_string());
                found.push(Leaf { path: before, name });
            }
            UseTree::Glob(_) => found.push(Leaf {
                path: before,
                name: None,
            }),
        }
    }
    let mut found = Vec::new();
    walk(tree, Vec::new(), &mut found);
    found
}

/// Whether a name goes on to others, so that whoever uses it depends on where it is defined.
pub(crate) fn is_reexport(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

/// Whether an item is compiled for tests alone.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        _ => false,
    })
}

/// The file that `#[path = ".."]` names.
fn path_of(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
}
