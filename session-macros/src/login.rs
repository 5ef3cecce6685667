//! `#[login]`: parse, check, expand.
//!
//! The user's function stays whole, as an inner function. The outer one takes the same arguments and one hidden guard, last, so that the
//! user's guards run first; it returns one concrete type, so that rustc reports a wrong outcome once.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, Ident, ItemFn, Lifetime, Pat, ReturnType, Signature, Type, parse_quote,
};

use crate::attr::{self, Mistakes};

/// Expands the macro; a mistake still yields a function and a route of that name, so that it is reported once.
pub(crate) fn expand(args: &TokenStream, item: &TokenStream) -> TokenStream {
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else {
        let message = "`#[login]` goes on a route function, above its `#[post(..)]`";
        let mistake = syn::Error::new(item.span(), message).into_compile_error();
        return quote!(#mistake #item);
    };
    match Login::check(args, &function) {
        Ok(login) => login.expand(),
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            let stand_in = stand_in(&function);
            quote!(#mistakes #stand_in)
        }
    }
}

/// A login function in which every mistake that syntax shows has been ruled out.
struct Login<'a> {
    function: &'a ItemFn,
    arguments: Vec<Argument<'a>>,
    outcome: Type,
}

struct Argument<'a> {
    attrs: &'a [Attribute],
    name: &'a Ident,
    ty: &'a Type,
}

impl<'a> Login<'a> {
    fn check(args: &TokenStream, function: &'a ItemFn) -> syn::Result<Self> {
        let mut mistakes = Mistakes::default();
        if !args.is_empty() {
            mistakes.add(syn::Error::new(
                args.span(),
                "`#[login]` takes no arguments: write `#[login]`",
            ));
        }
        if !function.attrs.iter().any(attr::is_route) {
            let message = "`#[login]` must stand above a route attribute: put `#[login]` above `#[post(\"/login\", ..)]`";
            mistakes.add(syn::Error::new(function.sig.ident.span(), message));
        }
        let mut arguments = Vec::new();
        for input in &function.sig.inputs {
            match argument(input) {
                Ok(argument) => arguments.push(argument),
                Err(mistake) => mistakes.add(mistake),
            }
        }
        let outcome = match &function.sig.output {
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => parse_quote!(()),
        };
        mistakes.check()?;
        Ok(Self {
            function,
            arguments,
            outcome,
        })
    }

    fn expand(&self) -> TokenStream {
        let ItemFn {
            attrs, vis, sig, ..
        } = self.function;
        let inner = inner_function(self.function);
        let name = &sig.ident;
        let awaited = sig
            .asyncness
            .map(|token| quote_spanned!(token.span=> .await));

        let request = Lifetime::new("'__session", Span::call_site());
        let generics = outer_generics(sig, &request);
        let (parameters, _, conditions) = generics.split_for_impl();

        let arguments = self
            .arguments
            .iter()
            .map(|Argument { attrs, name, ty }| quote!(#(#attrs)* #name: #ty));
        let names = self.arguments.iter().map(|argument| argument.name);
        // Rocket shows where a guard's type was written when its fairing is missing: at the function's name.
        let guard = quote_spanned!(name.span().resolved_at(Span::call_site())=> ::session_runtime::__private::Login);
        // What the function returns is judged here, so a wrong outcome is reported at its return type.
        let outcome_span = self.outcome.span().resolved_at(Span::call_site());
        let decide = quote_spanned!(outcome_span=> ::session_runtime::__private::LoginOutcome::decide(outcome));

        quote! {
            #(#attrs)*
            #vis async fn #name #parameters (
                #(#arguments,)*
                __session_login: #guard,
            ) -> ::session_runtime::__private::LoginResponse<#request>
            #conditions
            {
                #inner
                let outcome = #name(#(#names),*) #awaited;
                let decision = #decide;
                ::session_runtime::__private::Login::finish(__session_login, decision).await
            }
        }
    }
}

/// Rocket's routes take plain names, and so does the call of the inner function. `mut` stays with the inner one.
fn argument(input: &FnArg) -> syn::Result<Argument<'_>> {
    let FnArg::Typed(input) = input else {
        return Err(syn::Error::new(
            input.span(),
            "a route is a free function: remove `self`",
        ));
    };
    match &*input.pat {
        Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
            Ok(Argument {
                attrs: &input.attrs,
                name: &pattern.ident,
                ty: &input.ty,
            })
        }
        pattern => Err(syn::Error::new(
            pattern.span(),
            "an argument of a route is a plain name: write `name: Type`",
        )),
    }
}

/// The user's function, without what belongs to the route.
fn inner_function(function: &ItemFn) -> TokenStream {
    let ItemFn {
        attrs, sig, block, ..
    } = function;
    let lints = attrs.iter().filter(|attr| {
        ["allow", "deny", "expect", "forbid", "warn"]
            .iter()
            .any(|lint| attr.path().is_ident(lint))
    });
    quote!(#(#lints)* #sig #block)
}

/// The function's generics and the lifetime of the request, which every other lifetime of a route outlives.
fn outer_generics(sig: &Signature, request: &Lifetime) -> syn::Generics {
    let mut generics = sig.generics.clone();
    let outlived: Vec<Lifetime> = generics
        .lifetimes()
        .map(|parameter| parameter.lifetime.clone())
        .collect();
    generics.params.insert(0, parse_quote!(#request));
    if !outlived.is_empty() {
        generics.make_where_clause().predicates.extend(
            outlived
                .into_iter()
                .map(|lifetime| -> syn::WherePredicate { parse_quote!(#lifetime: #request) }),
        );
    }
    generics
}

/// What stands for a login function after a mistake: its body is still checked, and `routes![..]` still finds a route.
///
/// The route comes through a glob import, which a real route of this name (`#[login]` below `#[post(..)]`) shadows.
fn stand_in(function: &ItemFn) -> TokenStream {
    let inner = inner_function(function);
    let ItemFn { vis, sig, .. } = function;
    let name = &sig.ident;
    let (inputs, asyncness, generics) = (&sig.inputs, &sig.asyncness, &sig.generics);
    let conditions = &generics.where_clause;
    let module = Ident::new(&format!("__session_{name}"), Span::mixed_site());
    quote! {
        #[allow(unused, clippy::all)]
        #vis #asyncness fn #name #generics (#inputs) -> ::session_runtime::__private::LoginResponse<'static> #conditions {
            #inner
            ::core::unreachable!()
        }
        #[allow(nonstandard_style, unused)]
        mod #module {
            pub struct #name {}
            impl #name {
                pub fn into_route(self) -> ::session_runtime::__private::Route {
                    ::core::unreachable!()
                }
            }
        }
        #[allow(unused_imports)]
        #vis use #module::*;
    }
}
