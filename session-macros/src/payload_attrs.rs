//! What `#[session(..)]` on a payload declares.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, DeriveInput, LitStr, Path, Type};

use crate::attr::{self, Mistakes};
use crate::claim;
use crate::runtime;
use crate::waiver::Waiver;

/// The words of the attribute, with their positions.
#[derive(Default)]
pub(crate) struct PayloadAttrs {
    pub(crate) user_id: Option<Type>,
    pub(crate) data: Option<Type>,
    pub(crate) name: Option<LitStr>,
    pub(crate) was: Vec<LitStr>,
    pub(crate) auth_time: bool,
    pub(crate) pending: Option<Span>,
    pub(crate) page: Option<LitStr>,
    pub(crate) waiver: Waiver,
    pub(crate) krate: Option<Path>,
}

const TARGET: &str = "payload";
const TAKEN: &str = "`user_id = Type`, `data = Type`, `name = \"..\"`, `was = \"..\"`, `auth_time`, `pending, page = \"/..\"` and `crate = \"..\"`";

impl PayloadAttrs {
    pub(crate) fn read(attrs: &[Attribute], mistakes: &mut Mistakes) -> Self {
        let mut read_attrs = Self::default();
        for attr in attr::ours(attrs) {
            let read = attr::read(attr, TARGET, TAKEN, |meta| read_attrs.read_word(&meta));
            mistakes.take(read);
        }
        read_attrs
    }

    /// Reads one of `user_id = T`, `data = D`, `name = ".."`, `was = ".."`, `auth_time`, `pending`,
    /// `page = ".."` and `crate = ".."`.
    fn read_word(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let word = |word: &str| meta.path.is_ident(word);
        if word(attr::USER_ID) {
            once(&mut self.user_id, meta, attr::type_value)
        } else if word(attr::DATA) {
            once(&mut self.data, meta, attr::type_value)
        } else if word(attr::NAME) {
            once(&mut self.name, meta, attr::text_value)
        } else if word(attr::CRATE) {
            once(&mut self.krate, meta, runtime::read_crate)
        } else if word(attr::WAS) {
            self.was.push(attr::text_value(meta)?);
            Ok(())
        } else if word(attr::AUTH_TIME) {
            self.auth_time = true;
            attr::no_value(meta)
        } else if word(attr::PENDING) {
            self.pending = Some(meta.path.span());
            attr::no_value(meta)
        } else if word(attr::PAGE) {
            once(&mut self.page, meta, attr::text_value)
        } else if self.waiver.read_word(meta)? {
            Ok(())
        } else {
            Err(attr::unknown_word(meta, TARGET, TAKEN))
        }
    }

    /// Checks that a pending payload names the page that asks for the second factor.
    pub(crate) fn check_pending(&self, mistakes: &mut Mistakes) {
        let (at, message) = match (self.pending, &self.page) {
            (Some(pending), None) => (
                pending,
                "people are sent to a page that asks for the second factor: write `pending, page = \"/code\"`",
            ),
            (None, Some(page)) => (
                page.span(),
                "only a session that awaits a second factor leads to a page: write `pending` beside it",
            ),
            (Some(_), Some(page)) if !is_local(&page.value()) => (
                page.span(),
                "the page is a path of this server: one `/`, then letters, digits and marks, such as `\"/code\"`",
            ),
            (Some(pending), Some(_)) if self.auth_time => (
                pending,
                "who is asked for a second factor has not proved yet who they are: put `auth_time` on the payload \
                 of the whole session",
            ),
            (Some(_), Some(_)) | (None, None) => return,
        };
        mistakes.add(syn::Error::new(at, message));
    }

    /// Checks the names under which tokens refer to the type for ever.
    pub(crate) fn check_names(&self, input: &DeriveInput, mistakes: &mut Mistakes) -> String {
        for (index, literal) in self.name.iter().chain(&self.was).enumerate() {
            if let Err(message) = check_name(&literal.value()) {
                mistakes.add(syn::Error::new(literal.span(), message));
            }
            let before = self.name.iter().chain(&self.was).take(index);
            if before
                .map(LitStr::value)
                .any(|name| name == literal.value())
            {
                mistakes.add(syn::Error::new(literal.span(), SAID));
            }
        }
        if let Some(name) = &self.name {
            return name.value();
        }
        let own = input.ident.unraw().to_string();
        if claim::is_generic(&input.generics) {
            let message = "tokens name the type of their payload, and a generic one has many: write \
                           `#[session(name = \"..\")]` and use it with one set of arguments";
            mistakes.add(syn::Error::new(input.ident.span(), message));
        } else if check_name(&own).is_err() {
            let message = format!(
                "tokens name the type of their payload, and `{own}` does not fit into one: write \
                 `#[session(name = \"..\")]`"
            );
            mistakes.add(syn::Error::new(input.ident.span(), message));
        }
        own
    }
}

/// Reads a word that may occur once.
fn once<T>(
    slot: &mut Option<T>,
    meta: &ParseNestedMeta<'_>,
    read: impl FnOnce(&ParseNestedMeta<'_>) -> syn::Result<T>,
) -> syn::Result<()> {
    if slot.is_some() {
        return Err(meta.error(SAID));
    }
    *slot = Some(read(meta)?);
    Ok(())
}

const SAID: &str = "this is already said: remove one";

/// Whether a path leads a browser to this server.
fn is_local(path: &str) -> bool {
    let begins = path.starts_with('/') && !path.contains("//");
    begins
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// The longest name of a payload type, which is in a column and in every token.
const MAX_NAME: usize = 64;

fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err(format!(
        "the name of a payload has 1 to {MAX_NAME} letters (ASCII), digits and `_`, `-`, `.`, `:`"
    ))
}
