//! The options in the parentheses of `#[login(..)]` and `#[logout(..)]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::Parser;

use crate::attr;
use crate::runtime::{self, Runtime};

pub(crate) struct Options {
    /// Other sites may send browsers here.
    pub(crate) cross_site: bool,
    pub(crate) runtime: Runtime,
}

/// Reads the options of the macro `name`.
pub(crate) fn read(name: &str, args: &TokenStream) -> syn::Result<Options> {
    if let Some(TokenTree::Literal(path)) = args.clone().into_iter().next() {
        return Err(syn::Error::new(path.span(), below(name, &path.to_string())));
    }
    let (mut cross_site, mut declared) = (false, None);
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident(attr::CROSS_SITE) && !meta.input.peek(syn::Token![=]) && !cross_site {
            cross_site = true;
            Ok(())
        } else if meta.path.is_ident(attr::CRATE) && declared.is_none() {
            declared = Some(runtime::read_crate(&meta)?);
            Ok(())
        } else if attr::ROUTES.iter().any(|route| meta.path.is_ident(route)) {
            Err(meta.error(below(name, "\"/..\"")))
        } else {
            let (cross_site, krate) = (attr::CROSS_SITE, attr::CRATE);
            Err(meta.error(format!(
                "write `#[{name}]`, `#[{name}({cross_site})]` or `#[{name}({krate} = \"..\")]`"
            )))
        }
    });
    parser.parse2(args.clone())?;
    Ok(Options {
        cross_site,
        runtime: Runtime::find(declared),
    })
}

fn below(name: &str, path: &str) -> String {
    format!(
        "the route is an attribute of its own, below this one: write `#[{name}]`, then `#[post({path})]`"
    )
}
