//! A route function that a macro wraps, and the mistakes that are visible in its syntax, for both
//! `#[login]` and `#[logout]`. `wrap.rs` generates the code.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, GenericParam, Ident, ItemFn, Pat, ReturnType, Type, parse_quote,
    parse_quote_spanned,
};

use crate::attr::{self, Mistakes};
use crate::options::{self, Options};
use crate::runtime::Runtime;

/// What differs between the macros.
pub(crate) struct Macro {
    /// The attribute as the user types it, without `#[..]`.
    pub(crate) name: &'static str,
    /// What a route becomes: "a login".
    pub(crate) what: &'static str,
    /// The path in `session_runtime::__private` of the hidden guard.
    pub(crate) guard: &'static str,
    /// The path there of the response type.
    pub(crate) response: &'static str,
    /// Adds the mistakes in a return type.
    pub(crate) check_outcome: fn(&Type, &mut Mistakes),
    /// Generates code that turns the return value, a variable of this type, into a decision.
    pub(crate) decide: fn(&Runtime, &Ident, &Type) -> TokenStream,
}

/// A route function without any mistake that is visible in its syntax.
pub(crate) struct Route<'a> {
    pub(crate) kind: &'a Macro,
    pub(crate) options: Options,
    pub(crate) function: &'a ItemFn,
    /// Rocket's attribute, which expands what the macro generates.
    pub(crate) attribute: &'a Attribute,
    pub(crate) arguments: Vec<Argument<'a>>,
    pub(crate) outcome: Type,
}

pub(crate) struct Argument<'a> {
    pub(crate) attrs: &'a [Attribute],
    pub(crate) name: &'a Ident,
    pub(crate) ty: &'a Type,
}

impl<'a> Route<'a> {
    /// Checks the route, and reports every mistake in it at once.
    pub(crate) fn check(
        kind: &'a Macro,
        args: &TokenStream,
        function: &'a ItemFn,
    ) -> syn::Result<Self> {
        let mut mistakes = Mistakes::default();
        let options = mistakes.take(options::read(kind.name, args));
        let attribute = function.attrs.iter().find(|attr| attr::is_route(attr));
        match (attribute, &options) {
            (Some(route), Some(options)) => check_method(kind, options, route, &mut mistakes),
            (None, Some(_)) => {
                let name = kind.name;
                let message = format!(
                    "`#[{name}]` needs a route attribute below it: write `#[{name}]`, then `#[post(\"/{name}\", ..)]`"
                );
                mistakes.add(syn::Error::new(Span::call_site(), message));
            }
            // What was written into the macro's own parentheses may be meant as the route.
            (_, None) => {}
        }
        for second in function.attrs.iter().filter(|attr| attr::is_ours(attr)) {
            let message = "a route is a login or a logout, and that once: remove this attribute";
            mistakes.add(syn::Error::new(second.path().span(), message));
        }
        check_parameters(function, &mut mistakes);
        let arguments = function
            .sig
            .inputs
            .iter()
            .filter_map(|input| mistakes.take(argument(input)))
            .collect();
        let outcome = match &function.sig.output {
            // A body cannot name such a type, so it is inferred there.
            ReturnType::Type(_, ty) if mentions_impl(ty.to_token_stream()) => parse_quote!(_),
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => parse_quote_spanned!(function.sig.ident.span()=> ()),
        };
        (kind.check_outcome)(&outcome, &mut mistakes);
        mistakes.check()?;
        Ok(Self {
            kind,
            options: options.expect("a mistake in the options was reported"),
            function,
            attribute: attribute.expect("a missing attribute was reported"),
            arguments,
            outcome,
        })
    }
}

/// A method that any link can trigger needs a reason.
fn check_method(kind: &Macro, options: &Options, route: &Attribute, mistakes: &mut Mistakes) {
    let Macro { name, what, .. } = kind;
    if !options.cross_site && attr::is_safe_route(route) {
        let message = format!(
            "any link could trigger {what} on this method: use `#[post(..)]`, or `#[{name}(cross_site)]` if \
             this is a callback that checks its own state"
        );
        mistakes.add(syn::Error::new(route.path().span(), message));
    }
}

/// Rocket calls the function, and cannot infer any of these.
fn check_parameters(function: &ItemFn, mistakes: &mut Mistakes) {
    for parameter in &function.sig.generics.params {
        let name = match parameter {
            GenericParam::Type(parameter) => &parameter.ident,
            GenericParam::Const(parameter) => &parameter.ident,
            GenericParam::Lifetime(_) => continue,
        };
        let message = format!(
            "Rocket has to know the types of a route: remove the parameter `{name}`, and write what it stands for"
        );
        mistakes.add(syn::Error::new(name.span(), message));
    }
    for input in &function.sig.inputs {
        if let FnArg::Typed(input) = input
            && mentions_impl(input.ty.to_token_stream())
        {
            let message =
                "Rocket has to know the types of a route: write a type instead of `impl ..`";
            mistakes.add(syn::Error::new(input.ty.span(), message));
        }
    }
}

/// Rocket's routes take plain names, and so does the call of the inner function. `mut` stays with
/// the inner one.
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

/// Whether `impl Trait` occurs in a type.
fn mentions_impl(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Group(group) => mentions_impl(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
