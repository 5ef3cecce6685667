//! `#[derive(JwtPayload)]`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, LitStr, Type, TypeParamBound, parse_quote};

use crate::attr::Mistakes;
use crate::claim::{self, Level};
use crate::members::Writer;
use crate::payload_attrs::PayloadAttrs;
use crate::runtime::Runtime;
use crate::shape::Shape;

/// Expands the derive. After a mistake it still generates impls that fit anything, so that the
/// mistake is reported once.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(mistake) => return mistake.into_compile_error(),
    };
    let mut mistakes = Mistakes::default();
    let attrs = PayloadAttrs::read(&input.attrs, &mut mistakes);
    let runtime = Runtime::find(attrs.krate.clone());
    match Payload::check(&input, attrs, mistakes) {
        Ok(payload) => payload.expand(&runtime),
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            let stand_in = stand_in(&input, &runtime);
            quote!(#mistakes #stand_in)
        }
    }
}

/// A payload type without any mistake that is visible in its syntax.
struct Payload<'a> {
    input: &'a DeriveInput,
    user_id: Type,
    data: Type,
    /// Its name in tokens.
    name: String,
    /// Its former names.
    was: Vec<String>,
    /// Whether its tokens say when the user logged in.
    auth_time: bool,
    /// The page that asks for the second factor, if its sessions await one.
    pending: Option<String>,
    shape: Shape,
}

impl<'a> Payload<'a> {
    fn check(
        input: &'a DeriveInput,
        attrs: PayloadAttrs,
        mut mistakes: Mistakes,
    ) -> syn::Result<Self> {
        let shape = match &input.data {
            Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => {
                Some(claim::of_struct(
                    &data.fields,
                    &input.attrs,
                    &attrs.waiver,
                    Level::Token,
                    &mut mistakes,
                ))
            }
            _ => {
                let message = "a payload becomes a JSON object: derive `JwtPayload` on a struct with named fields";
                mistakes.add(syn::Error::new(input.ident.span(), message));
                None
            }
        };
        if let Some(borrowed) = input.generics.lifetimes().next() {
            let message = "a payload is read from a token that is gone by then, so it owns its values: use `String` \
                           instead of `&str`, and remove the lifetime";
            mistakes.add(syn::Error::new(borrowed.lifetime.span(), message));
        }
        let name = attrs.check_names(input, &mut mistakes);
        attrs.check_pending(&mut mistakes);
        mistakes.check()?;
        Ok(Self {
            input,
            name,
            was: attrs.was.iter().map(LitStr::value).collect(),
            user_id: attrs
                .user_id
                .unwrap_or_else(|| parse_quote!(::std::string::String)),
            data: attrs.data.unwrap_or_else(|| parse_quote!(())),
            auth_time: attrs.auth_time,
            pending: attrs.page.as_ref().map(LitStr::value),
            shape: shape.expect("what has no shape was reported"),
        })
    }

    fn expand(&self, runtime: &Runtime) -> TokenStream {
        let Self {
            input,
            user_id,
            data,
            name,
            was,
            auth_time,
            pending,
            shape,
        } = self;
        let ty = &input.ident;
        let generics = claim::bounded(&input.generics, &payload_bounds(runtime));
        let (parameters, arguments, conditions) = generics.split_for_impl();
        let are_public = shape.are_public(runtime);
        let checks = Writer(runtime).checks(shape, Level::Token);
        // A generic type is checked when it is used.
        let (checked_now, checked_in_use) = if claim::is_generic(&input.generics) {
            (Vec::new(), checks)
        } else {
            (checks, Vec::new())
        };
        let was = (!was.is_empty()).then(|| {
            quote!(
                const WAS: &'static [&'static str] = &[#(#was),*];
            )
        });
        let pending = pending.as_ref().map(|page| {
            quote!(
                const PENDING: ::core::option::Option<&'static str> = ::core::option::Option::Some(#page);
            )
        });
        let (says_so, has_it) = if *auth_time {
            (
                quote!(
                    const AUTH_TIME: bool = true;
                ),
                quote! {
                    #[automatically_derived]
                    impl #parameters #runtime::payload::HasAuthTime for #ty #arguments #conditions {}
                },
            )
        } else {
            (quote!(), quote!())
        };
        quote! {
            #(const _: () = #checked_now;)*
            #[automatically_derived]
            impl #parameters #runtime::JwtPayload for #ty #arguments #conditions {
                type UserId = #user_id;
                type Data = #data;
                const NAME: &'static str = #name;
                #was
                #says_so
                #pending
            }
            #has_it
            #[automatically_derived]
            impl #parameters #runtime::new_session::GoesWith<#ty #arguments> for (#user_id, #data) #conditions {
                fn into_new_session(self, payload: #ty #arguments) -> #runtime::NewSession {
                    #are_public
                    #(const { #checked_in_use };)*
                    #runtime::__private::new_session(&self.0, &payload, &self.1)
                }
            }
        }
    }
}

/// The bounds on type parameters that make the payload one.
fn payload_bounds(runtime: &Runtime) -> [TypeParamBound; 6] {
    [
        parse_quote!(#runtime::PublicClaim),
        parse_quote!(#runtime::__private::Serialize),
        parse_quote!(#runtime::__private::DeserializeOwned),
        parse_quote!(::core::marker::Send),
        parse_quote!(::core::marker::Sync),
        parse_quote!('static),
    ]
}

/// Impls that fit any login, for a type whose mistake is already reported.
fn stand_in(input: &DeriveInput, runtime: &Runtime) -> TokenStream {
    let name = &input.ident;
    let bounded = claim::bounded(&input.generics, &payload_bounds(runtime));
    let (parameters, arguments, conditions) = bounded.split_for_impl();
    let mut generics = bounded.clone();
    generics.params.push(parse_quote!(__U));
    generics.params.push(parse_quote!(__D));
    let (any_parameters, ..) = generics.split_for_impl();
    // A type that borrows cannot be a payload, not even as a stand-in.
    let payload = input.generics.lifetimes().next().is_none().then(|| {
        quote! {
            impl #parameters #runtime::JwtPayload for #name #arguments #conditions {
                type UserId = ::std::string::String;
                type Data = ();
                const NAME: &'static str = "";
            }
        }
    });
    quote! {
        #payload
        impl #any_parameters #runtime::new_session::GoesWith<#name #arguments> for (__U, __D) #conditions {
            fn into_new_session(
                self,
                _: #name #arguments,
            ) -> #runtime::NewSession {
                ::core::unreachable!()
            }
        }
    }
}
