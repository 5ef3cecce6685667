//! The macros of `session-runtime`. Only the entry points are here; the documentation is at the
//! re-exports there, where the examples compile.

mod attr;
mod claim;
#[cfg(test)]
mod golden;
mod login;
mod logout;
mod members;
mod names;
mod options;
mod outcome;
mod payload;
mod payload_attrs;
mod public_claim;
mod route;
mod runtime;
mod serde;
mod shape;
mod user_id;
mod waiver;
mod wrap;

use proc_macro::TokenStream;

#[allow(
    missing_docs,
    reason = "documented at the re-export in session-runtime"
)]
#[proc_macro_attribute]
pub fn login(args: TokenStream, item: TokenStream) -> TokenStream {
    login::LOGIN.expand(&args.into(), &item.into()).into()
}

#[allow(
    missing_docs,
    reason = "documented at the re-export in session-runtime"
)]
#[proc_macro_attribute]
pub fn logout(args: TokenStream, item: TokenStream) -> TokenStream {
    logout::LOGOUT.expand(&args.into(), &item.into()).into()
}

#[allow(
    missing_docs,
    reason = "documented at the re-export in session-runtime"
)]
#[proc_macro_derive(JwtPayload, attributes(session))]
pub fn jwt_payload(item: TokenStream) -> TokenStream {
    payload::expand(item.into()).into()
}

#[allow(
    missing_docs,
    reason = "documented at the re-export in session-runtime"
)]
#[proc_macro_derive(PublicClaim, attributes(session))]
pub fn public_claim(item: TokenStream) -> TokenStream {
    public_claim::expand(item.into()).into()
}

#[allow(
    missing_docs,
    reason = "documented at the re-export in session-runtime"
)]
#[proc_macro_derive(UserId, attributes(session))]
pub fn user_id(item: TokenStream) -> TokenStream {
    user_id::expand(item.into()).into()
}
