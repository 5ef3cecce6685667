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

/// `Result` and `Option` have an inherent `outcome`, which is found before the one of the trait
/// that every type has.
fn decide(outcome: &Type) -> TokenStream {
    let span = outcome.span().resolved_at(Span::call_site());
    quote_spanned! {span=> {
        #[allow(unused_imports)]
        use ::session_runtime::__private::ProbeAny as _;
        ::session_runtime::__private::Probe(outcome).outcome().decide()
    }}
}
