//! The fields of a payload as the token will carry them: their names after serde's renames, and
//! whether they may be public.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Field, Fields, Generics, LitStr, Type, TypeParamBound};

use crate::attr::{self, Mistakes};
use crate::words::{self, RenameRule};

/// Where the fields stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Their names are claims of the token, where the protocol has names of its own.
    Token,
    /// They are inside a claim.
    Nested,
}

/// Checks the names of `fields`, and returns the types that must be public claims.
pub(crate) fn check<'a>(
    fields: &'a Fields,
    container: &[Attribute],
    level: Level,
    mistakes: &mut Mistakes,
) -> Vec<&'a Type> {
    let mut rule = RenameRule::default();
    for attr in serde(container) {
        read(attr, mistakes, |word, value| {
            if word == "rename_all" {
                rule = RenameRule::named(&value.value());
            } else if level == Level::Token && word == "tag" && words::is_reserved(&value.value()) {
                return Err(reserved(value.span(), &value.value()));
            }
            Ok(())
        });
    }
    fields
        .iter()
        .filter_map(|field| check_field(field, rule, level, mistakes))
        .collect()
}

fn check_field<'a>(
    field: &'a Field,
    rule: RenameRule,
    level: Level,
    mistakes: &mut Mistakes,
) -> Option<&'a Type> {
    let waived = read_waiver(&field.attrs, mistakes);
    let (mut renamed, mut carried, mut flattened) = (None, true, false);
    for attr in serde(&field.attrs) {
        let flags = read(attr, mistakes, |word, value| {
            if word == "rename" {
                renamed = Some(value.clone());
            }
            Ok(())
        });
        carried &= !flags
            .iter()
            .any(|flag| flag == "skip" || flag == "skip_serializing");
        flattened |= flags.iter().any(|flag| flag == "flatten");
    }
    if !carried {
        return None;
    }
    if let Some(ident) = field.ident.as_ref().filter(|_| !flattened) {
        let (name, span) = match &renamed {
            Some(literal) => (literal.value(), literal.span()),
            None => (rule.apply(&ident.unraw().to_string()), ident.span()),
        };
        if level == Level::Token && words::is_reserved(&name) {
            mistakes.add(reserved(span, &name));
        } else if !waived
            && let Some(word) =
                words::secret_in(&ident.unraw().to_string()).or(words::secret_in(&name))
        {
            mistakes.add(syn::Error::new(span, secret(&name, &word)));
        }
    }
    (!waived).then_some(&field.ty)
}

fn reserved(span: proc_macro2::Span, name: &str) -> syn::Error {
    let message = format!(
        "the claim `{name}` belongs to the session protocol: give the field another name, or \
         `#[serde(rename = \"app_{name}\")]`"
    );
    syn::Error::new(span, message)
}

fn secret(name: &str, word: &str) -> String {
    format!(
        "`{name}` looks like a secret (`{word}`), and browsers can read the payload: keep it in the session data, or \
         write `#[session(public)]` above it if it is meant to be read"
    )
}

/// Reads `#[session(public)]` and `#[session(public, reason = "..")]`.
fn read_waiver(attrs: &[Attribute], mistakes: &mut Mistakes) -> bool {
    let mut waived = false;
    for attr in attrs
        .iter()
        .filter(|attr| attr.path().is_ident(attr::SESSION))
    {
        let read = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident(attr::PUBLIC) {
                waived = true;
                return Ok(());
            }
            if meta.path.is_ident(attr::REASON) {
                let reason: LitStr = meta.value()?.parse()?;
                return match reason.value().trim() {
                    "" => Err(syn::Error::new(
                        reason.span(),
                        "say why the field may be read by browsers",
                    )),
                    _ => Ok(()),
                };
            }
            Err(attr::unknown_word(
                &meta,
                "field",
                "`public` and `reason = \"..\"`",
            ))
        });
        if let Err(mistake) = read {
            mistakes.add(mistake);
        } else if !waived {
            // One mistake is enough: the field is not judged as well.
            waived = true;
            mistakes.add(syn::Error::new_spanned(
                attr,
                "write `#[session(public)]`, with or without a `reason`",
            ));
        }
    }
    waived
}

/// Statements that compile if every type is a public claim; each is reported at its field.
pub(crate) fn are_public(types: &[&Type]) -> TokenStream {
    let asserts = types
        .iter()
        .map(|ty| quote_spanned!(ty.span()=> ::session_runtime::__private::is_public::<#ty>();));
    quote!(#(#asserts)*)
}

/// The generics with `bounds` on each type parameter.
pub(crate) fn bounded(generics: &Generics, bounds: &[TypeParamBound]) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.extend(bounds.iter().cloned());
    }
    generics
}

fn serde(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("serde"))
}

/// Walks one `#[serde(..)]`: hands each `word = "text"` that matters for serialising to `see`, and
/// returns the words without a value. What serde itself will complain about is left to serde.
fn read(
    attr: &Attribute,
    mistakes: &mut Mistakes,
    mut see: impl FnMut(&str, &LitStr) -> syn::Result<()>,
) -> Vec<String> {
    let mut flags = Vec::new();
    let mut seen = Vec::new();
    let _serde_reports_it = attr.parse_nested_meta(|meta| {
        let word = word(&meta);
        if meta.input.peek(syn::Token![=]) {
            if let Ok(text) = meta.value()?.parse::<LitStr>() {
                seen.push((word, text));
            }
        } else if meta.input.peek(syn::token::Paren) {
            meta.parse_nested_meta(|inner| {
                let text = inner.value()?.parse::<LitStr>();
                if let (true, Ok(text)) = (inner.path.is_ident("serialize"), text) {
                    seen.push((word.clone(), text));
                }
                Ok(())
            })?;
        } else {
            flags.push(word);
        }
        Ok(())
    });
    for (word, text) in &seen {
        if let Err(mistake) = see(word, text) {
            mistakes.add(mistake);
        }
    }
    flags
}

fn word(meta: &ParseNestedMeta<'_>) -> String {
    meta.path
        .get_ident()
        .map(ToString::to_string)
        .unwrap_or_default()
}
