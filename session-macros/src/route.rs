//! A route function that a macro wraps: parse, check, expand; the same for `#[login]` and `#[logout]`.
//!
//! The user's function stays whole, as an inner function. The outer one takes the same arguments
//! and one hidden guard, last, so that the user's guards run first; it returns one concrete type,
//! so that rustc reports a wrong outcome once.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, Ident, Item, ItemFn, Lifetime, Pat, ReturnType, Signature, Type, parse_quote,
    parse_quote_spanned,
};

use crate::attr::{self, Mistakes};

/// What differs between the macros.
pub(crate) struct Macro {
    /// The attribute as the user types it, without `#[..]`.
    pub(crate) name: &'static str,
    /// What it makes of a route: "a login".
    pub(crate) what: &'static str,
    /// The path in `session_runtime::__private` of the hidden guard.
    pub(crate) guard: &'static str,
    /// The path there of the concrete response.
    pub(crate) response: &'static str,
    /// Turns `outcome`, of this type, into a decision.
    pub(crate) decide: fn(&Type) -> TokenStream,
}

impl Macro {
    /// Expands the macro; a mistake still yields a function and a route of that name, so that it is
    /// reported once.
    pub(crate) fn expand(&self, args: &TokenStream, item: &TokenStream) -> TokenStream {
        let function = match syn::parse2::<Item>(item.clone()) {
            Ok(Item::Fn(function)) => function,
            Ok(_) => {
                let name = self.name;
                let message =
                    format!("`#[{name}]` goes on a route function, above its `#[post(..)]`");
                return syn::Error::new(Span::call_site(), message).into_compile_error();
            }
            Err(syntax) => return syntax.into_compile_error(),
        };
        match Route::check(self, args, &function) {
            Ok(route) => route.expand(),
            // Where methods stand, nothing can stand in for one.
            Err(mistakes) if function.sig.receiver().is_some() => mistakes.into_compile_error(),
            Err(mistakes) => {
                let mistakes = mistakes.into_compile_error();
                let stand_in = stand_in(&function);
                quote!(#mistakes #stand_in)
            }
        }
    }

    /// A path into the hidden module of the runtime.
    fn path(&self, segment: &str, span: Span) -> TokenStream {
        let segment = Ident::new(segment, span);
        quote_spanned!(span=> ::session_runtime::__private::#segment)
    }
}

/// A route function in which every mistake that syntax shows has been ruled out.
struct Route<'a> {
    kind: &'a Macro,
    cross_site: bool,
    function: &'a ItemFn,
    arguments: Vec<Argument<'a>>,
    outcome: Type,
}

struct Argument<'a> {
    attrs: &'a [Attribute],
    name: &'a Ident,
    ty: &'a Type,
}

impl<'a> Route<'a> {
    fn check(kind: &'a Macro, args: &TokenStream, function: &'a ItemFn) -> syn::Result<Self> {
        let Macro { name, what, .. } = kind;
        let mut mistakes = Mistakes::default();
        let cross_site = match read_arguments(name, args) {
            Ok(cross_site) => Some(cross_site),
            Err(mistake) => {
                mistakes.add(mistake);
                None
            }
        };
        match function.attrs.iter().find(|attr| attr::is_route(attr)) {
            Some(route) if cross_site == Some(false) && attr::is_safe_route(route) => {
                let message = format!(
                    "any link could trigger {what} on this method: use `#[post(..)]`, or `#[{name}(cross_site)]` if \
                     this is a callback that checks its own state"
                );
                mistakes.add(syn::Error::new(route.path().span(), message));
            }
            Some(_) => {}
            None => {
                let message = format!(
                    "`#[{name}]` needs a route attribute below it: write `#[{name}]`, then `#[post(\"/{name}\", ..)]`"
                );
                mistakes.add(syn::Error::new(Span::call_site(), message));
            }
        }
        for second in function.attrs.iter().filter(|attr| attr::is_ours(attr)) {
            let message = "a route is a login or a logout, and that once: remove this attribute";
            mistakes.add(syn::Error::new(second.path().span(), message));
        }
        let mut arguments = Vec::new();
        for input in &function.sig.inputs {
            match argument(input) {
                Ok(argument) => arguments.push(argument),
                Err(mistake) => mistakes.add(mistake),
            }
        }
        let outcome = match &function.sig.output {
            // A body cannot name such a type, so it is inferred there.
            ReturnType::Type(_, ty) if mentions_impl(ty.to_token_stream()) => parse_quote!(_),
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => parse_quote_spanned!(function.sig.ident.span()=> ()),
        };
        mistakes.check()?;
        Ok(Self {
            kind,
            cross_site: cross_site == Some(true),
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
        let signature = self.outer_signature();
        let name = &sig.ident;
        let names = self.arguments.iter().map(|argument| argument.name);
        let awaited = sig
            .asyncness
            .map(|token| quote_spanned!(token.span=> .await));
        let decide = (self.kind.decide)(&self.outcome);
        let guard = self.kind.path(self.kind.guard, Span::call_site());
        let unwrapped = self.cross_site.then(|| quote!(.into_inner()));

        quote! {
            #(#attrs)*
            #vis #signature {
                #inner
                let outcome = #name(#(#names),*) #awaited;
                let decision = #decide;
                #guard::finish(__session #unwrapped, decision).await
            }
        }
    }

    /// Where the function's signature is not changed it keeps its spans: Rocket's own errors point there.
    fn outer_signature(&self) -> Signature {
        let mut sig = self.function.sig.clone();
        let request = Lifetime::new("'__session", Span::call_site());
        sig.generics = outer_generics(&sig, &request);
        sig.asyncness = Some(parse_quote!(async));
        sig.inputs = self
            .arguments
            .iter()
            .map(|Argument { attrs, name, ty }| -> FnArg { parse_quote!(#(#attrs)* #name: #ty) })
            .collect();
        // Rocket shows where a guard's type was written when its fairing is missing: at the function's name.
        let span = sig.ident.span().resolved_at(Span::call_site());
        let mut guard = self.kind.path(self.kind.guard, span);
        if self.cross_site {
            let cross_site = self.kind.path("CrossSite", span);
            guard = quote_spanned!(span=> #cross_site<#guard>);
        }
        sig.inputs
            .push(parse_quote_spanned!(span=> __session: #guard));
        let response = self.kind.path(self.kind.response, Span::call_site());
        sig.output = parse_quote!(-> #response<#request>);
        sig
    }
}

/// Reads the macro's own arguments: none, or `cross_site`.
fn read_arguments(name: &str, args: &TokenStream) -> syn::Result<bool> {
    let mut cross_site = false;
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident(attr::CROSS_SITE) && meta.input.is_empty() && !cross_site {
            cross_site = true;
            Ok(())
        } else {
            Err(meta.error(format!(
                "write `#[{name}]` or `#[{name}({})]`",
                attr::CROSS_SITE
            )))
        }
    });
    parser.parse2(args.clone())?;
    Ok(cross_site)
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

/// The user's function, without its attributes: those that set lint levels reach into it from the outer one.
fn inner_function(function: &ItemFn) -> TokenStream {
    let ItemFn { sig, block, .. } = function;
    quote!(#sig #block)
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

/// What stands for the function after a mistake: its body is still checked, and `routes![..]` still
/// finds a route.
///
/// The route comes through a glob import, which a real route of this name (`#[login]` below
/// `#[post(..)]`) shadows.
fn stand_in(function: &ItemFn) -> TokenStream {
    let inner = inner_function(function);
    let ItemFn {
        attrs, vis, sig, ..
    } = function;
    let name = &sig.ident;
    let used = attrs
        .iter()
        .filter(|attr| attr::is_route(attr) || attr::is_ours(attr))
        .map(Attribute::path);
    let (inputs, asyncness, generics) = (&sig.inputs, &sig.asyncness, &sig.generics);
    let conditions = &generics.where_clause;
    let module = Ident::new(&format!("__session_{name}"), Span::mixed_site());
    quote! {
        #[allow(unused, clippy::all)]
        #vis #asyncness fn #name #generics (#inputs) #conditions {
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
        // So that the imports of attributes that are left out here do not count as unused.
        #(#[allow(unused_imports)] use #used as _;)*
    }
}
