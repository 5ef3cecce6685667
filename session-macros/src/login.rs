//! `#[login]`: the wrapper of `route.rs`, judging its outcome as a login.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Type;
use syn::spanned::Spanned;

use crate::route::Macro;
use crate::runtime::Runtime;

pub(crate) const LOGIN: Macro = Macro {
    name: "login",
    what: "a login",
    guard: "Login",
    response: "LoginResponse",
    decide,
};

/// What the function returns is judged by its own tokens, so a wrong outcome is reported at its return type.
fn decide(runtime: &Runtime, outcome: &Ident, ty: &Type) -> TokenStream {
    let span = ty.span().resolved_at(Span::call_site());
    let runtime = runtime.at(span);
    quote_spanned!(span=> <#ty as #runtime::__private::LoginOutcome<'_>>::decide(#outcome))
}
