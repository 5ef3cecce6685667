//! `#[login]`: the wrapper of `route.rs`, judging its outcome as a login.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Type;
use syn::spanned::Spanned;

use crate::route::Macro;

pub(crate) const LOGIN: Macro = Macro {
    name: "login",
    what: "a login",
    guard: "Login",
    response: "LoginResponse",
    decide,
};

/// What the function returns is judged by its own tokens, so a wrong outcome is reported at its return type.
fn decide(outcome: &Type) -> TokenStream {
    let span = outcome.span().resolved_at(Span::call_site());
    quote_spanned!(span=> <#outcome as ::session_runtime::__private::LoginOutcome<'_>>::decide(outcome))
}
