//! `#[derive(PublicClaim)]`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Type, parse_quote};

use crate::attr::Mistakes;
use crate::claim::{self, Level};

/// Expands the derive; a mistake still yields the impl, so that it is reported once.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(mistake) => return mistake.into_compile_error(),
    };
    let (mistakes, claims) = match check(&input) {
        Ok(claims) => (TokenStream::new(), claims),
        Err(mistakes) => (mistakes.into_compile_error(), Vec::new()),
    };
    let name = &input.ident;
    let generics = claim::bounded(
        &input.generics,
        &[parse_quote!(::session_runtime::PublicClaim)],
    );
    let (parameters, arguments, conditions) = generics.split_for_impl();
    let are_public = claim::are_public(&claims);
    quote! {
        #mistakes
        #[automatically_derived]
        impl #parameters ::session_runtime::PublicClaim for #name #arguments #conditions {
            fn assert_fields() {
                #are_public
            }
        }
    }
}

/// The types that must be public claims themselves.
fn check(input: &DeriveInput) -> syn::Result<Vec<&Type>> {
    let mut mistakes = Mistakes::default();
    let mut claims = Vec::new();
    match &input.data {
        Data::Struct(data) => {
            claims = claim::check(&data.fields, &input.attrs, Level::Nested, &mut mistakes)
        }
        Data::Enum(data) => {
            for variant in &data.variants {
                claims.extend(claim::check(
                    &variant.fields,
                    &variant.attrs,
                    Level::Nested,
                    &mut mistakes,
                ));
            }
        }
        Data::Union(_) => {
            let message =
                "a union cannot be part of a payload: derive `PublicClaim` on a struct or enum";
            mistakes.add(syn::Error::new(input.ident.span(), message));
        }
    }
    mistakes.check()?;
    Ok(claims)
}
