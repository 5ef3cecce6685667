//! What stands in the bodies of functions and macros.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::{Parse, Parser};
use syn::visit::{self, Visit};
use syn::{Item, ItemUse, Macro, UseTree};

use crate::modules::leaves;

/// The names that `use` brings into such bodies. They hold for the whole module here: two bodies
/// that use one name otherwise are rare, and both are counted.
pub(crate) fn names(items: &[Item]) -> HashMap<String, Vec<Vec<String>>> {
    let mut found = Inner::default();
    for item in items {
        match item {
            Item::Use(_) | Item::Mod(_) => {}
            item => found.visit_item(item),
        }
    }
    found.0
}

#[derive(Default)]
struct Inner(HashMap<String, Vec<Vec<String>>>);

impl Inner {
    fn add(&mut self, tree: &UseTree) {
        for leaf in leaves(tree) {
            if let Some(name) = leaf.name {
                self.0.entry(name).or_default().push(leaf.path);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Inner {
    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        self.add(&import.tree);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        for part in parts(call.tokens.clone()) {
            if let Part::Use(tree, _) = part {
                self.add(&tree);
            }
        }
        visit::visit_macro(self, call);
    }
}

/// What can be read of the tokens of a macro.
pub(crate) enum Part {
    Use(UseTree, Span),
    Path(Vec<String>, Span),
}

/// The `use` trees and paths in the tokens of a macro, also in groups.
pub(crate) fn parts(tokens: TokenStream) -> Vec<Part> {
    let mut found = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut after_dot = false;
    while let Some(tree) = tokens.next() {
        let is_dot = is(&tree, '.');
        match tree {
            TokenTree::Group(group) => found.extend(parts(group.stream())),
            TokenTree::Ident(ident) if ident == "use" => {
                let tree: TokenStream =
                    std::iter::from_fn(|| tokens.next_if(|tree| !is(tree, ';')))
                        .filter(|tree| !is(tree, '$'))
                        .collect();
                if let Ok(tree) = UseTree::parse.parse2(tree) {
                    found.push(Part::Use(tree, ident.span()));
                }
            }
            // The name of a field or method is none of the module's.
            TokenTree::Ident(_) if after_dot => {}
            TokenTree::Ident(ident) => {
                let mut path = vec![ident.to_string()];
                while tokens.next_if(|tree| is(tree, ':')).is_some() {
                    if tokens.next_if(|tree| is(tree, ':')).is_none() {
                        break;
                    }
                    match tokens.next_if(|tree| matches!(tree, TokenTree::Ident(_))) {
                        Some(name) => path.push(name.to_string()),
                        // A name that the macro is given.
                        None => path.push("_".to_owned()),
                    }
                }
                found.push(Part::Path(path, ident.span()));
            }
            _ => {}
        }
        after_dot = is_dot;
    }
    found
}

fn is(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark)
}
