//! `#[session(public)]`: declares that browsers may read a value.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr};

use crate::attr::{self, Mistakes};

/// `public`, and the reason.
#[derive(Default)]
pub(crate) struct Waiver {
    /// The word, if it was written, with its position.
    pub(crate) public: Option<syn::Path>,
    reason: bool,
}

impl Waiver {
    /// Reads `public` or `reason = ".."`; `false` if the word is another.
    pub(crate) fn read_word(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<bool> {
        if meta.path.is_ident(attr::PUBLIC) {
            if meta.input.peek(syn::Token![=]) {
                return Err(meta.error("`public` has no value: write `#[session(public)]`"));
            }
            self.public = Some(meta.path.clone());
            return Ok(true);
        }
        if !meta.path.is_ident(attr::REASON) {
            return Ok(false);
        }
        self.reason = true;
        let reason: LitStr = meta.value()?.parse()?;
        if reason.value().trim().is_empty() {
            let message = "say why the field may be read by browsers";
            return Err(syn::Error::new(reason.span(), message));
        }
        Ok(true)
    }

    /// Reads the attribute of a field or a variant, which accepts no other word. One mistake is
    /// enough: a wrongly waived value is not checked as well.
    pub(crate) fn read(attrs: &[Attribute], target: &str, mistakes: &mut Mistakes) -> bool {
        let mut waiver = Self::default();
        let mut wrong = false;
        for attr in attr::ours(attrs) {
            let read = attr::read(attr, target, TAKEN, |meta| {
                if waiver.read_word(&meta)? {
                    return Ok(());
                }
                Err(attr::unknown_word(&meta, target, TAKEN))
            });
            let empty = read.is_ok() && waiver.public.is_none();
            wrong |= mistakes.take(read).is_none();
            if empty {
                wrong = true;
                mistakes.add(syn::Error::new_spanned(
                    attr,
                    "write `#[session(public)]`, with or without a `reason`",
                ));
            }
        }
        wrong || waiver.public.is_some()
    }
}

const TAKEN: &str = "`public` and `reason = \"..\"`";
