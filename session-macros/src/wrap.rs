//! Generates the code of a wrapped route function.
//!
//! The user's function is kept unchanged, as an inner function. The outer one takes the same
//! arguments and one hidden guard, last, so that the user's guards run first. It returns one
//! concrete type, so that rustc reports a wrong return type once.
//!
//! Any name that the user chooses works. Variables of the macro have mixed-site hygiene, so user
//! names cannot clash with them. Rocket compares the hidden argument and the lifetime as text, so
//! those get unused names.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{
    Attribute, FnArg, Generics, Ident, Item, ItemFn, Lifetime, Signature, Type, WherePredicate,
    parse_quote, parse_quote_spanned,
};

use crate::attr;
use crate::outcome;
use crate::route::{Argument, Macro, Route};
use crate::runtime::Runtime;

impl Macro {
    /// Expands the macro. After a mistake it still generates a function and a route of that name,
    /// so that the mistake is reported once.
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
            Ok(route) => expand(&route),
            // Among methods, there can be no stand-in.
            Err(mistakes) if function.sig.receiver().is_some() => mistakes.into_compile_error(),
            Err(mistakes) => {
                let mistakes = mistakes.into_compile_error();
                let stand_in = stand_in(&function);
                quote!(#mistakes #stand_in)
            }
        }
    }
}

fn expand(route: &Route<'_>) -> TokenStream {
    let runtime = &route.options.runtime;
    let ItemFn {
        attrs, vis, sig, ..
    } = route.function;
    let inner = inner_function(route.function);
    let hidden = hidden_argument(&route.arguments);
    let signature = outer_signature(route, &hidden);
    let name = &sig.ident;
    let names = route.arguments.iter().map(|argument| argument.name);
    let moved: Vec<Ident> = (0..route.arguments.len())
        .map(|index| Ident::new(&format!("__argument_{index}"), Span::mixed_site()))
        .collect();
    let [outcome, decision] =
        ["__outcome", "__decision"].map(|name| Ident::new(name, Span::mixed_site()));
    let awaited = sig
        .asyncness
        .map(|token| quote_spanned!(token.span=> .await));
    let decide = (route.kind.decide)(runtime, &outcome, &route.outcome);
    let guard = Ident::new(route.kind.guard, Span::call_site());
    let unwrapped = route.options.cross_site.then(|| quote!(.into_inner()));

    // An argument may have the name of the function, so each is in a block of its own.
    quote! {
        #(#attrs)*
        #vis #signature {
            #(let #moved = #names;)*
            let #outcome = {
                #inner
                #name(#(#moved),*) #awaited
            };
            let #decision = #decide;
            #runtime::__private::#guard::finish(#hidden #unwrapped, #decision).await
        }
    }
}

/// Unchanged parts of the function's signature keep their spans, because Rocket's own errors point
/// there.
fn outer_signature(route: &Route<'_>, hidden: &Ident) -> Signature {
    let mut sig = route.function.sig.clone();
    let runtime = &route.options.runtime;
    // Rocket finds its own variables by the hygiene of the generated types, which must be that of
    // its attribute; a `macro_rules!` may have passed that attribute in from elsewhere.
    let rocket = route.attribute.pound_token.spans[0];
    let request = request_lifetime(&sig.generics);
    sig.generics = outer_generics(&sig, &request);
    sig.constness = None;
    sig.abi = None;
    sig.asyncness = Some(parse_quote!(async));
    sig.inputs = route.arguments.iter().map(outer_argument).collect();
    // Rocket reports a missing fairing at the guard's type: here at the function's name.
    let span = sig.ident.span().resolved_at(rocket);
    let at_name = runtime.at(span);
    let guard = Ident::new(route.kind.guard, span);
    let mut guard = quote_spanned!(span=> #at_name::__private::#guard);
    if route.options.cross_site {
        guard = quote_spanned!(span=> #at_name::__private::CrossSite<#guard>);
    }
    sig.inputs
        .push(parse_quote_spanned!(span=> #hidden: #guard));
    let span = Span::call_site().resolved_at(rocket);
    let at_macro = runtime.at(span);
    let response = Ident::new(route.kind.response, span);
    sig.output = parse_quote_spanned!(span=> -> #at_macro::__private::#response<#request>);
    sig
}

fn outer_argument(argument: &Argument<'_>) -> FnArg {
    let Argument { attrs, name, ty } = argument;
    // A lint level is meant for the body, which is in the inner function.
    let attrs = attrs.iter().filter(|attr| !attr::is_lint_level(attr));
    let ty = ungrouped(ty);
    parse_quote!(#(#attrs)* #name: #ty)
}

/// A type that a `macro_rules!` passes on (`$ty:ty`) is in an invisible group, whose span Rocket
/// uses. The compiler drops the group from our output, so the first token gets the group's hygiene.
fn ungrouped(ty: &Type) -> TokenStream {
    let Type::Group(group) = ty else {
        return ty.to_token_stream();
    };
    let mut tokens: Vec<TokenTree> = ungrouped(&group.elem).into_iter().collect();
    if let Some(first) = tokens.first_mut() {
        // `$crate` means the crate of its own macro.
        let is_crate = matches!(&*first, TokenTree::Ident(word) if word == "$crate");
        if !is_crate {
            first.set_span(first.span().resolved_at(group.group_token.span));
        }
    }
    tokens.into_iter().collect()
}

/// A name that no argument has.
fn hidden_argument(arguments: &[Argument<'_>]) -> Ident {
    let mut name = "__session".to_owned();
    while arguments
        .iter()
        .any(|argument| argument.name.unraw() == name)
    {
        name.push('_');
    }
    Ident::new(&name, Span::mixed_site())
}

/// A lifetime that no parameter has.
fn request_lifetime(generics: &Generics) -> Lifetime {
    let mut name = "'__session".to_owned();
    while generics
        .lifetimes()
        .any(|parameter| parameter.lifetime.to_string() == name)
    {
        name.push('_');
    }
    Lifetime::new(&name, Span::mixed_site())
}

/// The user's function without its attributes; those that set lint levels apply to it from the
/// outer function.
fn inner_function(function: &ItemFn) -> TokenStream {
    let ItemFn { sig, block, .. } = function;
    quote!(#sig #block)
}

/// The function's generics and the lifetime of the request, which every other lifetime of a route
/// outlives.
fn outer_generics(sig: &Signature, request: &Lifetime) -> Generics {
    let mut generics = sig.generics.clone();
    let outlived: Vec<Lifetime> = generics
        .lifetimes()
        .map(|parameter| parameter.lifetime.clone())
        .collect();
    generics.params.insert(0, parse_quote!(#request));
    // Without type parameters a bound on a type adds nothing, and can mislead the borrow checker.
    if let Some(conditions) = &mut generics.where_clause {
        let predicates = std::mem::take(&mut conditions.predicates);
        let lifetimes = |predicate: &_| matches!(predicate, WherePredicate::Lifetime(_));
        conditions.predicates = predicates.into_iter().filter(lifetimes).collect();
    }
    if !outlived.is_empty() {
        generics.make_where_clause().predicates.extend(
            outlived
                .into_iter()
                .map(|lifetime| -> WherePredicate { parse_quote!(#lifetime: #request) }),
        );
    }
    generics
}

/// The function's stand-in after a mistake: its body is still checked, and `routes![..]` still
/// finds a route.
///
/// The route comes through a glob import, which a real route of this name (`#[login]` below
/// `#[post(..)]`) shadows.
fn stand_in(function: &ItemFn) -> TokenStream {
    // With the usual name, because a declared one may be the mistake.
    let runtime = Runtime::find(None);
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
    let module = Ident::new(&format!("__session_{}", name.unraw()), Span::mixed_site());
    // A type that cannot be returned was already reported.
    let inner = outcome::fits(&sig.output).then(|| inner_function(function));
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
                pub fn into_route(self) -> #runtime::__private::Route {
                    ::core::unreachable!()
                }
            }
        }
        #[allow(unused_imports)]
        #vis use #module::*;
        // Keeps imports of attributes that are left out here from being reported as unused.
        #(#[allow(unused_imports)] use #used as _;)*
    }
}
