//! Attribute words, and the collector that reports all mistakes of an item at once.

use syn::meta::ParseNestedMeta;

/// The attribute of the derives.
pub(crate) const SESSION: &str = "session";
/// `#[session(user_id = T)]`
pub(crate) const USER_ID: &str = "user_id";
/// `#[session(data = T)]`
pub(crate) const DATA: &str = "data";
/// `#[session(name = "..")]`
pub(crate) const NAME: &str = "name";
/// `#[session(was = "..")]`
pub(crate) const WAS: &str = "was";
/// `#[session(auth_time)]`
pub(crate) const AUTH_TIME: &str = "auth_time";

/// `#[session(pending)]`
pub(crate) const PENDING: &str = "pending";
/// `#[session(page = "..")]`
pub(crate) const PAGE: &str = "page";
/// `#[session(public)]`, on a field
pub(crate) const PUBLIC: &str = "public";
/// `#[session(public, reason = "..")]`, on a field
pub(crate) const REASON: &str = "reason";
/// `#[login(cross_site)]`, `#[logout(cross_site)]`
pub(crate) const CROSS_SITE: &str = "cross_site";

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

/// A word that the attribute does not take where it stands.
pub(crate) fn unknown_word(meta: &ParseNestedMeta<'_>, place: &str, taken: &str) -> syn::Error {
    meta.error(format!("`#[{SESSION}(..)]` on a {place} takes {taken}"))
}

/// Whether `attr` is one of Rocket's route attributes, under any path: `#[post(..)]`, `#[rocket::post(..)]`.
pub(crate) fn is_route(attr: &syn::Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|last| ROUTES.iter().any(|route| last.ident == route))
}

/// Whether `attr` routes a method that must change nothing (RFC 9110 section 9.2.1): `#[get(..)]`,
/// `#[route(GET, ..)]`.
pub(crate) fn is_safe_route(attr: &syn::Attribute) -> bool {
    let method = match attr.path().segments.last() {
        Some(last) if last.ident == "route" => attr
            .parse_args_with(|input: syn::parse::ParseStream<'_>| {
                let method = input.parse::<syn::Ident>()?.to_string();
                input.parse::<proc_macro2::TokenStream>()?;
                Ok(method)
            })
            .unwrap_or_default(),
        Some(last) => last.ident.to_string(),
        None => String::new(),
    };
    ["get", "head", "options", "trace"]
        .iter()
        .any(|safe| method.eq_ignore_ascii_case(safe))
}

/// Whether `attr` is one of our own attributes on routes.
pub(crate) fn is_ours(attr: &syn::Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|last| last.ident == "login" || last.ident == "logout")
}
