//! What a payload, or a part of one, writes into the token: the names after serde's renames, and
//! whether they may be public.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, DataEnum, Fields, GenericParam, Generics, Type, TypeParamBound};

use crate::attr::Mistakes;
use crate::names::{self, RenameRule};
use crate::serde;
use crate::shape::{Layout, Part, Parts, Shape, Tagging, Variant};
use crate::waiver::Waiver;

/// Where the fields are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Directly in the token, where the protocol has claims of its own.
    Token,
    /// Inside a claim.
    Nested,
}

/// Reads the fields of a struct, and checks them.
pub(crate) fn of_struct(
    fields: &Fields,
    attrs: &[Attribute],
    waiver: &Waiver,
    level: Level,
    mistakes: &mut Mistakes,
) -> Shape {
    let container = serde::Container::read(attrs);
    if let Some(other) = other(&container, waiver, mistakes) {
        return other;
    }
    let mut parts = parts(fields, container.rename_all, level, mistakes);
    if container.transparent {
        parts.layout = Layout::Transparent;
    }
    if let Some(tag) = &container.tag {
        check_name(&tag.value(), tag.span(), level, mistakes);
        check_once(&tag.value(), tag.span(), &parts.fields, mistakes);
    }
    Shape::Struct {
        tag: container.tag,
        fields: parts,
    }
}

/// Reads the variants of an enum, and checks them.
pub(crate) fn of_enum(
    data: &DataEnum,
    attrs: &[Attribute],
    waiver: &Waiver,
    mistakes: &mut Mistakes,
) -> Shape {
    let container = serde::Container::read(attrs);
    if let Some(other) = other(&container, waiver, mistakes) {
        return other;
    }
    let variants = data
        .variants
        .iter()
        .filter_map(|variant| of_variant(variant, &container, mistakes))
        .collect();
    let tagging = match (container.tag, container.content) {
        _ if container.untagged => Tagging::None,
        (Some(tag), Some(content)) => Tagging::Adjacent(tag, content),
        (Some(tag), None) => Tagging::Internal(tag),
        (None, _) => Tagging::External,
    };
    Shape::Enum { tagging, variants }
}

/// Checks the name of a variant that holds a value like the name of a field. A variant without a
/// value is only a word: `LoginMethod::Password` is not a password.
fn of_variant(
    variant: &syn::Variant,
    container: &serde::Container,
    mistakes: &mut Mistakes,
) -> Option<Variant> {
    let waived = Waiver::read(&variant.attrs, "variant", mistakes);
    let words = serde::Variant::read(&variant.attrs);
    if words.skipped {
        return None;
    }
    let ident = variant.ident.unraw().to_string();
    let (name, span) = match &words.rename {
        Some(literal) => (literal.value(), literal.span()),
        None => (
            container.rename_all.apply_to_variant(&ident),
            variant.ident.span(),
        ),
    };
    if let (Some(with), false) = (&words.with, waived) {
        mistakes.add(written_by(with, "variant"));
    }
    let rule = words.rename_all.unwrap_or(container.rename_all_fields);
    let mut fields = parts(&variant.fields, rule, Level::Nested, mistakes);
    if words.with.is_some() {
        for field in &mut fields.fields {
            field.ty = None;
        }
    }
    if !waived && !fields.fields.is_empty() {
        check_secret(&ident, &name, span, mistakes);
    }
    Some(Variant {
        name,
        untagged: words.untagged,
        fields,
    })
}

/// With `#[serde(into = "Other")]` the other type is written, not this one.
fn other(container: &serde::Container, waiver: &Waiver, mistakes: &mut Mistakes) -> Option<Shape> {
    match (&container.into, &waiver.public) {
        (Some(_), Some(_)) => Some(Shape::Other(None)),
        (Some(into), None) => {
            // If the string is not a type, serde reports it.
            let ty = into.parse::<Type>().ok().map(Box::new);
            Some(Shape::Other(ty))
        }
        (None, Some(public)) => {
            let message =
                "`public` goes above a field; on a type it is for `#[serde(into = \"..\")]`";
            mistakes.add(syn::Error::new_spanned(public, message));
            None
        }
        (None, None) => None,
    }
}

fn parts(fields: &Fields, rule: RenameRule, level: Level, mistakes: &mut Mistakes) -> Parts {
    let mut read: Vec<Part> = Vec::new();
    for field in fields {
        if let Some(part) = part(field, rule, level, mistakes) {
            if let Some(name) = &part.name {
                check_once(name, part.span, &read, mistakes);
            }
            read.push(part);
        }
    }
    let layout = match fields {
        Fields::Named(_) => Layout::Named,
        Fields::Unit => Layout::Unit,
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Layout::Transparent,
        Fields::Unnamed(_) => Layout::Tuple,
    };
    Parts {
        layout,
        fields: read,
    }
}

fn part(
    field: &syn::Field,
    rule: RenameRule,
    level: Level,
    mistakes: &mut Mistakes,
) -> Option<Part> {
    let waived = Waiver::read(&field.attrs, "field", mistakes);
    let words = serde::Field::read(&field.attrs);
    if words.skipped {
        return None;
    }
    if let (Some(with), false) = (&words.with, waived) {
        mistakes.add(written_by(with, "field"));
    }
    let mut part = Part {
        name: None,
        flattened: words.flattened,
        ty: (!waived && words.with.is_none()).then(|| field.ty.clone()),
        span: field.ty.span(),
    };
    if let Some(ident) = field.ident.as_ref().filter(|_| !words.flattened) {
        let own = ident.unraw().to_string();
        let (name, span) = match &words.rename {
            Some(literal) => (literal.value(), literal.span()),
            None => (rule.apply(&own), ident.span()),
        };
        if check_name(&name, span, level, mistakes) && !waived {
            check_secret(&own, &name, span, mistakes);
        }
        (part.name, part.span) = (Some(name), span);
    }
    Some(part)
}

/// Whether a name is free.
fn check_name(name: &str, span: Span, level: Level, mistakes: &mut Mistakes) -> bool {
    let reserved = level == Level::Token && names::is_reserved(name);
    if reserved {
        let message = format!(
            "the claim `{name}` belongs to the session protocol: give the field another name, or \
             `#[serde(rename = \"app_{name}\")]`"
        );
        mistakes.add(syn::Error::new(span, message));
    }
    !reserved
}

/// Refuses a name that occurs twice, because parsers disagree about such an object.
fn check_once(name: &str, span: Span, before: &[Part], mistakes: &mut Mistakes) {
    let mut names = before.iter().filter_map(|part| part.name.as_deref());
    if names.any(|other| other == name) {
        let message = format!("another field is written as `{name}` too: rename one of them");
        mistakes.add(syn::Error::new(span, message));
    }
}

fn check_secret(own: &str, name: &str, span: Span, mistakes: &mut Mistakes) {
    if let Some(word) = names::secret_in(own).or_else(|| names::secret_in(name)) {
        let message = format!(
            "`{name}` looks like a secret (`{word}`), and browsers can read the payload: keep it in the session data, or \
             write `#[session(public)]` above it if it is meant to be read"
        );
        mistakes.add(syn::Error::new(span, message));
    }
}

fn written_by(with: &serde::With, target: &str) -> syn::Error {
    let message = format!(
        "`{}` decides what is written, and browsers can read it: write `#[session(public)]` above this {target} if \
         that is fine, or keep it in the session data",
        with.word
    );
    syn::Error::new(with.span, message)
}

/// The generics with `bounds` on each type parameter.
pub(crate) fn bounded(generics: &Generics, bounds: &[TypeParamBound]) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.extend(bounds.iter().cloned());
    }
    generics
}

/// Whether a type that is written depends on a type parameter.
pub(crate) fn is_generic(generics: &Generics) -> bool {
    generics
        .params
        .iter()
        .any(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
}
