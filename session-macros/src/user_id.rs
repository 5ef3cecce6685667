//! `#[derive(UserId)]`: a newtype of a user id is one.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Member, Type};

/// Expands the derive; a mistake still yields an impl, so that it is reported once.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(mistake) => return mistake.into_compile_error(),
    };
    let name = &input.ident;
    let (mistake, to_claim, from_claim) = match only_field(&input) {
        Ok((member, ty)) => {
            let user_id = quote_spanned!(ty.span()=> <#ty as ::session_runtime::UserId>);
            (
                TokenStream::new(),
                quote!(#user_id::to_claim(&self.#member)),
                quote!(#user_id::from_claim(claim).map(|id| Self { #member: id })),
            )
        }
        Err(mistake) => (
            mistake.into_compile_error(),
            quote!(::core::unreachable!()),
            quote!(::core::option::Option::None),
        ),
    };
    let (parameters, arguments, conditions) = input.generics.split_for_impl();
    quote! {
        #mistake
        #[automatically_derived]
        impl #parameters ::session_runtime::UserId for #name #arguments #conditions {
            fn to_claim(&self) -> ::std::borrow::Cow<'_, str> {
                #to_claim
            }

            fn from_claim(claim: &str) -> ::core::option::Option<Self> {
                #from_claim
            }
        }
    }
}

fn only_field(input: &DeriveInput) -> syn::Result<(Member, &Type)> {
    let fields = match &input.data {
        Data::Struct(data) => Some(&data.fields),
        Data::Enum(_) | Data::Union(_) => None,
    };
    match fields.map(|fields| (fields.len(), fields.members().next(), fields.iter().next())) {
        Some((1, Some(member), Some(field))) => Ok((member, &field.ty)),
        _ => Err(syn::Error::new(
            input.ident.span(),
            "a user id is one value: derive `UserId` on a struct with one field, such as `struct UserId(u64);`",
        )),
    }
}
