//! `#[derive(JwtPayload)]`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Fields, Type, parse_quote};

use crate::attr::{self, Mistakes};

/// Expands the derive; a mistake still yields impls that fit anything, so that it is reported once.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(mistake) => return mistake.into_compile_error(),
    };
    match Payload::check(&input) {
        Ok(payload) => payload.expand(),
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            let stand_in = stand_in(&input);
            quote!(#mistakes #stand_in)
        }
    }
}

/// A payload type in which every mistake that syntax shows has been ruled out.
struct Payload<'a> {
    input: &'a DeriveInput,
    user_id: Type,
    data: Type,
}

impl<'a> Payload<'a> {
    fn check(input: &'a DeriveInput) -> syn::Result<Self> {
        let mut mistakes = Mistakes::default();
        if !has_named_fields(input) {
            let message = "a payload becomes a JSON object: derive `JwtPayload` on a struct with named fields";
            mistakes.add(syn::Error::new(input.ident.span(), message));
        }
        let (mut user_id, mut data) = (None, None);
        for attr in input
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident(attr::SESSION))
        {
            if let Err(mistake) = read_words(attr, &mut user_id, &mut data) {
                mistakes.add(mistake);
            }
        }
        mistakes.check()?;
        Ok(Self {
            input,
            user_id: user_id.unwrap_or_else(|| parse_quote!(::std::string::String)),
            data: data.unwrap_or_else(|| parse_quote!(())),
        })
    }

    fn expand(&self) -> TokenStream {
        let Self {
            input,
            user_id,
            data,
        } = self;
        let name = &input.ident;
        let (parameters, arguments, conditions) = input.generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #parameters ::session_runtime::JwtPayload for #name #arguments #conditions {
                type UserId = #user_id;
                type Data = #data;
            }
            #[automatically_derived]
            impl #parameters ::session_runtime::GoesWith<#name #arguments> for (#user_id, #data) #conditions {
                fn into_new_session(
                    self,
                    payload: #name #arguments,
                ) -> ::core::result::Result<::session_runtime::NewSession, ::session_runtime::Error> {
                    ::session_runtime::NewSession::serialise(&self.0, &payload, &self.1)
                }
            }
        }
    }
}

fn has_named_fields(input: &DeriveInput) -> bool {
    matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)))
}

/// Reads `#[session(user_id = T, data = D)]`.
fn read_words(
    attr: &Attribute,
    user_id: &mut Option<Type>,
    data: &mut Option<Type>,
) -> syn::Result<()> {
    attr.parse_nested_meta(|meta| {
        let place = if meta.path.is_ident(attr::USER_ID) {
            &mut *user_id
        } else if meta.path.is_ident(attr::DATA) {
            &mut *data
        } else {
            return Err(attr::unknown_word(
                &meta,
                "`user_id = Type` and `data = Type`",
            ));
        };
        if place.is_some() {
            return Err(meta.error("this is already said: remove one"));
        }
        *place = Some(meta.value()?.parse()?);
        Ok(())
    })
}

/// Impls that fit any login, for a type whose mistake is already reported.
fn stand_in(input: &DeriveInput) -> TokenStream {
    let name = &input.ident;
    let (parameters, arguments, conditions) = input.generics.split_for_impl();
    let mut generics = input.generics.clone();
    generics.params.push(parse_quote!(__U));
    generics.params.push(parse_quote!(__D));
    let (any_parameters, ..) = generics.split_for_impl();
    quote! {
        impl #parameters ::session_runtime::JwtPayload for #name #arguments #conditions {
            type UserId = ::std::string::String;
            type Data = ();
        }
        impl #any_parameters ::session_runtime::GoesWith<#name #arguments> for (__U, __D) #conditions {
            fn into_new_session(
                self,
                _: #name #arguments,
            ) -> ::core::result::Result<::session_runtime::NewSession, ::session_runtime::Error> {
                ::core::unreachable!()
            }
        }
    }
}
