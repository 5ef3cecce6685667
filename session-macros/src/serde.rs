//! What `#[serde(..)]` says about the JSON that a type is written as. Mistakes that serde reports
//! are left to serde, and attributes that only concern reading are ignored.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, LitStr};

use crate::names::RenameRule;

/// `#[serde(..)]` on a struct or an enum.
#[derive(Default)]
pub(crate) struct Container {
    /// For the fields of a struct, or the variants of an enum.
    pub(crate) rename_all: RenameRule,
    /// For the fields of all variants.
    pub(crate) rename_all_fields: RenameRule,
    pub(crate) tag: Option<LitStr>,
    pub(crate) content: Option<LitStr>,
    pub(crate) untagged: bool,
    pub(crate) transparent: bool,
    /// The type that is written instead of this one.
    pub(crate) into: Option<LitStr>,
}

/// `#[serde(..)]` on a variant.
#[derive(Default)]
pub(crate) struct Variant {
    pub(crate) rename: Option<LitStr>,
    /// For its fields.
    pub(crate) rename_all: Option<RenameRule>,
    pub(crate) untagged: bool,
    pub(crate) skipped: bool,
    pub(crate) with: Option<With>,
}

/// `#[serde(..)]` on a field.
#[derive(Default)]
pub(crate) struct Field {
    pub(crate) rename: Option<LitStr>,
    pub(crate) skipped: bool,
    pub(crate) flattened: bool,
    pub(crate) with: Option<With>,
}

/// A function that writes the value instead of its type.
pub(crate) struct With {
    /// `with` or `serialize_with`.
    pub(crate) word: String,
    pub(crate) span: Span,
}

impl Container {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut container = Self::default();
        for Word { name, value, .. } in words(attrs) {
            match (name.as_str(), value) {
                ("rename_all", Some(rule)) => container.rename_all = rule_of(&rule),
                ("rename_all_fields", Some(rule)) => container.rename_all_fields = rule_of(&rule),
                ("tag", tag) => container.tag = tag,
                ("content", content) => container.content = content,
                ("into", into) => container.into = into,
                ("untagged", None) => container.untagged = true,
                ("transparent", None) => container.transparent = true,
                _ => {}
            }
        }
        container
    }
}

impl Variant {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut variant = Self::default();
        for word in words(attrs) {
            match (word.name.as_str(), &word.value) {
                ("rename", Some(_)) => variant.rename = word.value,
                ("rename_all", Some(rule)) => variant.rename_all = Some(rule_of(rule)),
                ("untagged", None) => variant.untagged = true,
                ("skip" | "skip_serializing", None) => variant.skipped = true,
                ("with" | "serialize_with", Some(_)) => variant.with = Some(word.into()),
                _ => {}
            }
        }
        variant
    }
}

impl Field {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut field = Self::default();
        for word in words(attrs) {
            match (word.name.as_str(), &word.value) {
                ("rename", Some(_)) => field.rename = word.value,
                ("flatten", None) => field.flattened = true,
                ("skip" | "skip_serializing", None) => field.skipped = true,
                ("with" | "serialize_with", Some(_)) => field.with = Some(word.into()),
                _ => {}
            }
        }
        field
    }
}

fn rule_of(literal: &LitStr) -> RenameRule {
    RenameRule::named(&literal.value())
}

/// One word in the parentheses, with its value for writing.
struct Word {
    name: String,
    span: Span,
    value: Option<LitStr>,
}

impl From<Word> for With {
    fn from(word: Word) -> Self {
        Self {
            word: word.name,
            span: word.span,
        }
    }
}

fn words(attrs: &[Attribute]) -> Vec<Word> {
    let mut words = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let _serde_reports_it = attr.parse_nested_meta(|meta| {
            words.extend(word(&meta)?);
            Ok(())
        });
    }
    words
}

fn word(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Word>> {
    let name = match meta.path.get_ident() {
        Some(ident) => ident.to_string(),
        None => return Ok(None),
    };
    let mut value = None;
    if meta.input.peek(syn::Token![=]) {
        value = Some(meta.value()?.parse()?);
    } else if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|inner| {
            let text = inner.value()?.parse()?;
            if inner.path.is_ident("serialize") {
                value = Some(text);
            }
            Ok(())
        })?;
        if value.is_none() {
            return Ok(None);
        }
    }
    let span = meta.path.span();
    Ok(Some(Word { name, span, value }))
}
