//! The macros of `session-runtime`. Entry points only; their docs stand at the re-exports there, where the examples compile.

mod attr;
mod login;
mod payload;

use proc_macro::TokenStream;

#[allow(
    missing_docs,
    reason = "documented at the re-export in session-runtime"
)]
#[proc_macro_attribute]
pub fn login(args: TokenStream, item: TokenStream) -> TokenStream {
    login::expand(&args.into(), &item.into()).into()
}

#[allow(
    missing_docs,
    reason = "documented at the re-export in session-runtime"
)]
#[proc_macro_derive(JwtPayload, attributes(session))]
pub fn jwt_payload(item: TokenStream) -> TokenStream {
    payload::expand(item.into()).into()
}
