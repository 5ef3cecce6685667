//! The name of `session-runtime` in the user's crate, whose `Cargo.toml` may rename it.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::{LitStr, Path};

use crate::attr;

/// The path to the library, which precedes everything that the macros generate.
pub(crate) enum Runtime {
    /// `crate = ".."`: its spans are the literal's, so that a wrong one is reported once, and
    /// there.
    Declared(Path),
    /// The name of the dependency.
    Found(String),
}

impl Runtime {
    /// The path that the user declares, or the name in `Cargo.toml`. If that does not contain the
    /// library (another build system, a library that re-exports it), the usual name is used.
    pub(crate) fn find(declared: Option<Path>) -> Self {
        match (declared, crate_name("session-runtime")) {
            (Some(path), _) => Self::Declared(path),
            (None, Ok(FoundCrate::Name(name))) => Self::Found(name),
            (None, Ok(FoundCrate::Itself) | Err(_)) => Self::Found("session_runtime".into()),
        }
    }

    /// The path, with errors reported at `span`.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        match self {
            Self::Declared(path) => path.to_token_stream(),
            Self::Found(name) => {
                let name = Ident::new(name, span);
                quote_spanned!(span=> ::#name)
            }
        }
    }
}

impl ToTokens for Runtime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.at(Span::call_site()));
    }
}

/// Reads the value of `crate = ".."`.
pub(crate) fn read_crate(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    let value = meta.value().and_then(|value| value.parse::<LitStr>());
    value
        .and_then(|literal| literal.parse_with(Path::parse_mod_style))
        .map_err(|mistake| {
            let message = format!(
                "write `{} = \"..\"` with the path to `session-runtime`, such as `\"my_library::sessions\"`",
                attr::CRATE
            );
            syn::Error::new(mistake.span(), message)
        })
}
