//! `#[logout]`: the wrapper of `route.rs`, judging its outcome as a logout.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Type;
use syn::spanned::Spanned;

use crate::route::Macro;

pub(crate) const LOGOUT: Macro = Macro {
    name: "logout",
    what: "a logout",
    guard: "Logout",
    response: "LogoutResponse",
    decide,
};

/// Whether the outcome refuses is asked by methods that differ in their references; see `Probe`.
fn decide(outcome: &Type) -> TokenStream {
    let span = outcome.span().resolved_at(Span::call_site());
    quote_spanned! {span=> {
        #[allow(unused_imports)]
        use ::session_runtime::__private::{StaysIfFlat as _, StaysIfNested as _, StaysNever as _};
        #[allow(clippy::all)]
        let stays = (&&&::session_runtime::__private::Probe(&outcome)).stays();
        ::session_runtime::__private::LogoutDecision::new(stays, outcome)
    }}
}
