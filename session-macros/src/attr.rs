//! Attribute words, and the collector that reports all mistakes of an item at once.

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::LitStr;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;

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
/// `#[login(crate = "..")]`, `#[session(crate = "..")]`
pub(crate) const CRATE: &str = "crate";

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

    /// The value; a mistake is collected.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|mistake| self.add(mistake)).ok()
    }

    /// `Ok` if there were none.
    pub(crate) fn check(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// The attributes of this crate among those of an item.
pub(crate) fn ours(attrs: &[syn::Attribute]) -> impl Iterator<Item = &syn::Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident(SESSION))
}

/// Passes each word of `#[session(..)]` to `read_word`.
pub(crate) fn read(
    attr: &syn::Attribute,
    target: &str,
    taken: &str,
    read_word: impl FnMut(ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    let wrong = |span| syn::Error::new(span, takes(target, taken));
    match &attr.meta {
        syn::Meta::List(list) => match list.tokens.clone().into_iter().next() {
            Some(TokenTree::Literal(literal)) => Err(wrong(literal.span())),
            Some(_) => attr.parse_nested_meta(read_word),
            None => Ok(()),
        },
        other => Err(wrong(other.span())),
    }
}

/// The mistake of a word that the attribute does not accept here.
pub(crate) fn unknown_word(meta: &ParseNestedMeta<'_>, target: &str, taken: &str) -> syn::Error {
    meta.error(takes(target, taken))
}

fn takes(target: &str, taken: &str) -> String {
    format!("`#[{SESSION}(..)]` on a {target} takes {taken}")
}

/// Reads a word without a value.
pub(crate) fn no_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(syn::Token![=]) || meta.input.peek(syn::token::Paren) {
        let word = meta.path.to_token_stream();
        return Err(meta.error(format!("`{word}` has no value: write `{word}` alone")));
    }
    Ok(())
}

/// Reads `word = Type`.
pub(crate) fn type_value(meta: &ParseNestedMeta<'_>) -> syn::Result<syn::Type> {
    let word = meta.path.to_token_stream();
    if !meta.input.peek(syn::Token![=]) {
        return Err(meta.error(format!("`{word}` needs a type: write `{word} = Type`")));
    }
    let value = meta.value()?;
    if let Ok(quoted) = value.fork().parse::<LitStr>() {
        let ty = quoted.value();
        let message = format!("write the type without quotes: `{word} = {ty}`");
        return Err(syn::Error::new(quoted.span(), message));
    }
    value.parse()
}

/// Reads `word = ".."`.
pub(crate) fn text_value(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    let value = meta.value().and_then(|value| value.parse());
    value.map_err(|mistake| {
        let word = meta.path.to_token_stream();
        let message = format!("write the value in quotes: `{word} = \"..\"`");
        syn::Error::new(mistake.span(), message)
    })
}

/// Whether `attr` is one of Rocket's route attributes, under any path: `#[post(..)]`,
/// `#[rocket::post(..)]`.
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

/// Whether `attr` sets a lint level.
pub(crate) fn is_lint_level(attr: &syn::Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "forbid"]
        .iter()
        .any(|level| attr.path().is_ident(level))
}

/// Whether `attr` is `#[login]` or `#[logout]`.
pub(crate) fn is_ours(attr: &syn::Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|last| last.ident == "login" || last.ident == "logout")
}
