//! `#[login]`: the wrapper of `route.rs`, which treats its return value as a login.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Type;
use syn::spanned::Spanned;

use crate::outcome;
use crate::route::Macro;
use crate::runtime::Runtime;

pub(crate) const LOGIN: Macro = Macro {
    name: "login",
    what: "a login",
    guard: "Login",
    response: "LoginResponse",
    check_outcome: outcome::check,
    decide,
};

/// The check uses the tokens of the return type, so that a wrong type is reported there.
fn decide(runtime: &Runtime, outcome: &Ident, ty: &Type) -> TokenStream {
    let span = ty.span().resolved_at(Span::call_site());
    let runtime = runtime.at(span);
    quote_spanned!(span=> <#ty as #runtime::__private::LoginOutcome<'_>>::decide(#outcome))
}
