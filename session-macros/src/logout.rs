//! `#[logout]`: the wrapper of `route.rs`, which treats its return value as a logout.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Type;
use syn::spanned::Spanned;

use crate::route::Macro;
use crate::runtime::Runtime;

pub(crate) const LOGOUT: Macro = Macro {
    name: "logout",
    what: "a logout",
    guard: "Logout",
    response: "LogoutResponse",
    check_outcome: |_, _| {},
    decide,
};

/// Whether the return value is `Err` or `None` is asked layer by layer, by methods that differ in
/// their references; see `Layer` in the runtime.
fn decide(runtime: &Runtime, outcome: &Ident, ty: &Type) -> TokenStream {
    let span = ty.span().resolved_at(Span::call_site());
    let runtime = runtime.at(span);
    let outcome = Ident::new(&outcome.to_string(), outcome.span().located_at(span));
    let layer = Ident::new("__layer", Span::mixed_site().located_at(span));
    let peels = (0..LAYERS).map(|_| quote_spanned!(span=> let #layer = (&&#layer).peel();));
    quote_spanned! {span=> {
        #[allow(unused_imports)]
        use #runtime::__private::{KeepLayer as _, PeelLayer as _};
        let #layer = #runtime::__private::Layer::Holds(&#outcome);
        #[allow(clippy::all)]
        let #layer = {
            #(#peels)*
            #layer.refuses()
        };
        #runtime::__private::LogoutDecision::new(#layer, #outcome)
    }}
}

/// How many layers of `Result`, `Option` and the like are supported; nobody writes so many.
const LAYERS: usize = 8;
