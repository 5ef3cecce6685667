//! The members of the JSON of a type, as code for the compiler: what is flattened must not clash
//! with what is around it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{LitStr, Type};

use crate::claim::Level;
use crate::runtime::Runtime;
use crate::shape::{Layout, Part, Parts, Shape, Tagging, Variant};

/// Generates values of the runtime's `Members`.
pub(crate) struct Writer<'a>(pub(crate) &'a Runtime);

impl Writer<'_> {
    /// The members of a type.
    pub(crate) fn of(&self, shape: &Shape) -> TokenStream {
        match shape {
            Shape::Other(ty) => self.of_type(ty.as_deref()),
            Shape::Struct { tag, fields } => {
                let content = self.content(fields);
                match tag {
                    Some(tag) => {
                        let tag = self.named(&tag.value());
                        self.all([tag, content])
                    }
                    None => content,
                }
            }
            Shape::Enum { tagging, variants } => self.of_variants(tagging, variants),
        }
    }

    fn of_variants(&self, tagging: &Tagging, variants: &[Variant]) -> TokenStream {
        if let Tagging::Adjacent(tag, content) = tagging {
            return self.all([tag, content].map(|name| self.named(&name.value())));
        }
        let members = variants.iter().map(|variant| {
            let content = self.content(&variant.fields);
            match tagging {
                Tagging::Internal(tag) if !variant.untagged => {
                    self.all([self.named(&tag.value()), content])
                }
                Tagging::External if !variant.untagged => self.named(&variant.name),
                _ => content,
            }
        });
        let members: Vec<_> = members.collect();
        let runtime = self.0;
        quote!(#runtime::__private::Members::OneOf(&[#(#members),*]))
    }

    /// The members of the fields, without what is around them.
    fn content(&self, parts: &Parts) -> TokenStream {
        match parts.layout {
            Layout::Tuple => {
                let runtime = self.0;
                quote!(#runtime::__private::Members::Value)
            }
            Layout::Unit => self.all([]),
            // At most one is not empty, otherwise serde refuses the type.
            Layout::Transparent => match parts.fields.as_slice() {
                [only] => self.of_type(only.ty.as_ref()),
                fields => self.all(fields.iter().map(|part| self.of_type(part.ty.as_ref()))),
            },
            Layout::Named => self.all(parts.fields.iter().map(|part| self.of_part(part))),
        }
    }

    fn of_part(&self, part: &Part) -> TokenStream {
        match &part.name {
            Some(name) => self.named(name),
            None => self.of_type(part.ty.as_ref()),
        }
    }

    /// Nothing is known about a waived type.
    fn of_type(&self, ty: Option<&Type>) -> TokenStream {
        let runtime = self.0;
        match ty {
            Some(ty) => {
                let runtime = runtime.at(ty.span());
                quote_spanned!(ty.span()=> <#ty as #runtime::PublicClaim>::MEMBERS)
            }
            None => quote!(#runtime::__private::Members::Open),
        }
    }

    fn named(&self, name: &str) -> TokenStream {
        let runtime = self.0;
        quote!(#runtime::__private::Members::Named(#name))
    }

    fn all(&self, members: impl IntoIterator<Item = TokenStream>) -> TokenStream {
        let runtime = self.0;
        let members = members.into_iter();
        quote!(#runtime::__private::Members::All(&[#(#members),*]))
    }

    /// Expressions that compile if nothing that is flattened clashes; each error is reported at its
    /// field.
    pub(crate) fn checks(&self, shape: &Shape, level: Level) -> Vec<TokenStream> {
        match shape {
            Shape::Other(Some(ty)) if level == Level::Token => {
                vec![self.check(ty, self.all([]), level)]
            }
            Shape::Other(_) => Vec::new(),
            Shape::Struct { tag, fields } => self.check_parts(tag.as_ref(), fields, level),
            Shape::Enum { tagging, variants } => {
                let tag = match tagging {
                    Tagging::Internal(tag) => Some(tag),
                    _ => None,
                };
                variants
                    .iter()
                    .flat_map(|variant| self.check_parts(tag, &variant.fields, level))
                    .collect()
            }
        }
    }

    fn check_parts(&self, tag: Option<&LitStr>, parts: &Parts, level: Level) -> Vec<TokenStream> {
        // A payload that is written as its only field, or a variant beside its tag.
        let transparent = parts.layout == Layout::Transparent;
        let joins = transparent && (level == Level::Token || tag.is_some());
        let tag = tag.map(|tag| self.named(&tag.value()));
        let named = || parts.fields.iter().filter(|part| part.name.is_some());
        let mut checks = Vec::new();
        for (index, part) in parts.fields.iter().enumerate() {
            let Some(ty) = part.ty.as_ref().filter(|_| part.flattened || joins) else {
                continue;
            };
            let flattened = parts.fields.iter().take(index);
            let flattened = flattened.filter(|part| part.name.is_none());
            let others = named()
                .filter(|_| !transparent)
                .chain(flattened)
                .map(|part| self.of_part(part));
            checks.push(self.check(ty, self.all(tag.clone().into_iter().chain(others)), level));
        }
        checks
    }

    fn check(&self, ty: &Type, others: TokenStream, level: Level) -> TokenStream {
        let runtime = self.0.at(ty.span());
        let members = self.of_type(Some(ty));
        let told = told(ty);
        let level = match level {
            Level::Token => quote!(Token),
            Level::Nested => quote!(Claim),
        };
        quote_spanned! {ty.span()=>
            #runtime::__private::require_room(#told, &#members, &#others, #runtime::__private::Level::#level)
        }
    }
}

/// A type as people write it.
fn told(ty: &Type) -> String {
    let mut text = ty.to_token_stream().to_string();
    for (spaced, tight) in [
        (" ::", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}
