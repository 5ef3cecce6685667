//! `#[derive(UserId)]`: a newtype of a user id is one.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Member, Type};

use crate::attr::{self, Mistakes};
use crate::runtime::{self, Runtime};

/// Expands the derive. After a mistake it still generates an impl, so that the mistake is reported
/// once.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(mistake) => return mistake.into_compile_error(),
    };
    let mut mistakes = Mistakes::default();
    let mut declared = None;
    for attr in attr::ours(&input.attrs) {
        let read = attr::read(attr, TARGET, TAKEN, |meta| {
            if meta.path.is_ident(attr::CRATE) {
                declared = Some(runtime::read_crate(&meta)?);
                return Ok(());
            }
            Err(attr::unknown_word(&meta, TARGET, TAKEN))
        });
        mistakes.take(read);
    }
    let runtime = Runtime::find(declared);
    let field = mistakes.take(only_field(&input));
    let (to_claim, from_claim) = match field {
        Some((member, ty)) => {
            let runtime = runtime.at(ty.span());
            let user_id = quote_spanned!(ty.span()=> <#ty as #runtime::UserId>);
            (
                quote!(#user_id::to_claim(&self.#member)),
                quote!(#user_id::from_claim(claim).map(|id| Self { #member: id })),
            )
        }
        None => (
            quote!(::core::unreachable!()),
            quote!(::core::option::Option::None),
        ),
    };
    let mistakes = mistakes.check().map_err(syn::Error::into_compile_error);
    let mistakes = mistakes.err();
    let name = &input.ident;
    let (parameters, arguments, conditions) = input.generics.split_for_impl();
    quote! {
        #mistakes
        #[automatically_derived]
        impl #parameters #runtime::UserId for #name #arguments #conditions {
            fn to_claim(&self) -> ::std::borrow::Cow<'_, str> {
                #to_claim
            }

            fn from_claim(claim: &str) -> ::core::option::Option<Self> {
                #from_claim
            }
        }
    }
}

const TARGET: &str = "user id";
const TAKEN: &str = "`crate = \"..\"`";

fn only_field(input: &DeriveInput) -> syn::Result<(Member, &Type)> {
    let fields = match &input.data {
        Data::Struct(data) => Some(&data.fields),
        Data::Enum(_) | Data::Union(_) => None,
    };
    match fields.map(|fields| (fields.len(), fields.members().next(), fields.iter().next())) {
        Some((1, Some(member), Some(field))) => Ok((member, &field.ty)),
        _ => Err(syn::Error::new(
            input.ident.span(),
            "a user id is one value: derive `UserId` on a struct with one field, such as `struct UserId(u64);`",
        )),
    }
}
