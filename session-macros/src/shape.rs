//! The JSON that a type is written as.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{LitStr, Type};

use crate::runtime::Runtime;

/// The JSON of a type.
pub(crate) enum Shape {
    /// The JSON of another type, by `#[serde(into)]`; `None` if it is waived.
    Other(Option<Box<Type>>),
    Struct {
        tag: Option<LitStr>,
        fields: Parts,
    },
    Enum {
        tagging: Tagging,
        variants: Vec<Variant>,
    },
}

pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) untagged: bool,
    pub(crate) fields: Parts,
}

/// How the JSON of an enum names the variant.
pub(crate) enum Tagging {
    External,
    Internal(LitStr),
    Adjacent(LitStr, LitStr),
    None,
}

/// Fields that are written.
pub(crate) struct Parts {
    pub(crate) layout: Layout,
    pub(crate) fields: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// An object.
    Named,
    /// One field, written as itself.
    Transparent,
    Tuple,
    Unit,
}

pub(crate) struct Part {
    /// The name in the token; `None` in tuples and for flattened fields.
    pub(crate) name: Option<String>,
    pub(crate) flattened: bool,
    /// `None` if it is waived.
    pub(crate) ty: Option<Type>,
    pub(crate) span: Span,
}

impl Shape {
    /// The types that are written as they are, which must be public claims.
    pub(crate) fn types(&self) -> Vec<&Type> {
        match self {
            Self::Other(other) => other.as_deref().into_iter().collect(),
            Self::Struct { fields, .. } => fields.types().collect(),
            Self::Enum { variants, .. } => variants
                .iter()
                .flat_map(|variant| variant.fields.types())
                .collect(),
        }
    }

    /// Statements that compile if every type is a public claim; each is reported at its field,
    /// once, as [`Writer`](crate::members::Writer) asks the same of some of them.
    pub(crate) fn are_public(&self, runtime: &Runtime) -> TokenStream {
        self.types()
            .into_iter()
            .map(|ty| {
                let runtime = runtime.at(ty.span());
                quote_spanned!(ty.span()=> let _ = <#ty as #runtime::PublicClaim>::MEMBERS;)
            })
            .collect()
    }
}

impl Parts {
    fn types(&self) -> impl Iterator<Item = &Type> {
        self.fields.iter().filter_map(|part| part.ty.as_ref())
    }
}
