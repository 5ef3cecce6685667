//! What a `#[login]` function returns, as far as its syntax shows.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use crate::attr::Mistakes;

/// Refuses references among the values of a session: rustc would complain about a lifetime as well,
/// and advise another reference.
pub(crate) fn check(outcome: &Type, mistakes: &mut Mistakes) {
    match outcome {
        Type::Group(group) => check(&group.elem, mistakes),
        Type::Paren(paren) => check(&paren.elem, mistakes),
        Type::Tuple(values) if matches!(values.elems.len(), 3 | 4) => {
            for value in values.elems.iter().take(3) {
                if let Type::Reference(reference) = value {
                    let owned = owned(&reference.elem);
                    let message = format!(
                        "a session owns its values: return `{owned}` instead of a reference"
                    );
                    mistakes.add(syn::Error::new(value.span(), message));
                }
            }
        }
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else {
                return;
            };
            let wraps = last.ident == "Result" || last.ident == "Option";
            if let (true, PathArguments::AngleBracketed(arguments)) = (wraps, &last.arguments)
                && let Some(GenericArgument::Type(inner)) = arguments.args.first()
            {
                check(inner, mistakes);
            }
        }
        _ => {}
    }
}

/// Whether [`check`] finds nothing in what a function returns.
pub(crate) fn fits(output: &ReturnType) -> bool {
    let mut mistakes = Mistakes::default();
    if let ReturnType::Type(_, outcome) = output {
        check(outcome, &mut mistakes);
    }
    mistakes.check().is_ok()
}

/// The owned type for a reference to `ty`.
fn owned(ty: &Type) -> String {
    match ty {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::Slice(slice) => format!("Vec<{}>", slice.elem.to_token_stream()),
        ty => ty.to_token_stream().to_string(),
    }
}
