//! Attribute words, and the collector that reports all mistakes of an item at once.

use syn::meta::ParseNestedMeta;

/// The attribute of the derives.
pub(crate) const SESSION: &str = "session";
/// `#[session(user_id = T)]`
pub(crate) const USER_ID: &str = "user_id";
/// `#[session(data = T)]`
pub(crate) const DATA: &str = "data";

/// The route attributes of Rocket.
pub(crate) const ROUTES: [&str; 8] = [
    "delete", "get", "head", "options", "patch", "post", "put", "route",
];

/// Collects mistakes, so that one build shows them all.
#[derive(Default)]
pub(crate) struct Mistakes(Option<syn::Error>);

impl Mistakes {
    pub(crate) fn add(&mut self, mistake: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(mistake),
            None => self.0 = Some(mistake),
        }
    }

    /// `Ok` if there were none.
    pub(crate) fn check(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// A word that the attribute does not know.
pub(crate) fn unknown_word(meta: &ParseNestedMeta<'_>, known: &str) -> syn::Error {
    meta.error(format!("`#[{SESSION}(..)]` knows {known}"))
}

/// Whether `attr` is one of Rocket's route attributes, under any path: `#[post(..)]`, `#[rocket::post(..)]`.
pub(crate) fn is_route(attr: &syn::Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|last| ROUTES.iter().any(|route| last.ident == route))
}
