//! `#[derive(PublicClaim)]`: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Path, parse_quote};

use crate::attr::{self, Mistakes};
use crate::claim::{self, Level};
use crate::members::Writer;
use crate::runtime::{self, Runtime};
use crate::shape::Shape;
use crate::waiver::Waiver;

/// Expands the derive. After a mistake it still generates the impl, so that the mistake is reported
/// once.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(mistake) => return mistake.into_compile_error(),
    };
    let mut mistakes = Mistakes::default();
    let words = Words::read(&input, &mut mistakes);
    let shape = shape(&input, &words.waiver, &mut mistakes);
    let runtime = Runtime::find(words.declared);
    let (mistakes, contents, checks) = match (mistakes.check(), shape) {
        (Ok(()), Some(shape)) => {
            let (contents, checks) = contents(&input, &shape, &runtime);
            (None, Some(contents), checks)
        }
        (Err(mistakes), _) => (Some(mistakes.into_compile_error()), None, Vec::new()),
        (Ok(()), None) => unreachable!("what has no shape was reported"),
    };
    let name = &input.ident;
    let generics = claim::bounded(&input.generics, &[parse_quote!(#runtime::PublicClaim)]);
    let (parameters, arguments, conditions) = generics.split_for_impl();
    quote! {
        #mistakes
        #(const _: () = #checks;)*
        #[automatically_derived]
        impl #parameters #runtime::PublicClaim for #name #arguments #conditions {
            #contents
        }
    }
}

/// The contents of the impl, and checks beside it.
fn contents(
    input: &DeriveInput,
    shape: &Shape,
    runtime: &Runtime,
) -> (TokenStream, Vec<TokenStream>) {
    let writer = Writer(runtime);
    let are_public = shape.are_public(runtime);
    let mut members = writer.of(shape);
    let mut checks = writer.checks(shape, Level::Nested);
    // A generic type is checked where it is used.
    if claim::is_generic(&input.generics) && !checks.is_empty() {
        members = quote!({ #(#checks;)* #members });
        checks.clear();
    }
    let contents = quote! {
        const MEMBERS: #runtime::__private::Members = #members;

        fn assert_fields() {
            #are_public
        }
    };
    (contents, checks)
}

fn shape(input: &DeriveInput, waiver: &Waiver, mistakes: &mut Mistakes) -> Option<Shape> {
    match &input.data {
        Data::Struct(data) => Some(claim::of_struct(
            &data.fields,
            &input.attrs,
            waiver,
            Level::Nested,
            mistakes,
        )),
        Data::Enum(data) => Some(claim::of_enum(data, &input.attrs, waiver, mistakes)),
        Data::Union(_) => {
            let message =
                "a union cannot be part of a payload: derive `PublicClaim` on a struct or enum";
            mistakes.add(syn::Error::new(input.ident.span(), message));
            None
        }
    }
}

/// The words of `#[session(..)]` on the type.
#[derive(Default)]
struct Words {
    waiver: Waiver,
    declared: Option<Path>,
}

impl Words {
    fn read(input: &DeriveInput, mistakes: &mut Mistakes) -> Self {
        let mut words = Self::default();
        for attr in attr::ours(&input.attrs) {
            let read = attr::read(attr, TARGET, TAKEN, |meta| {
                if meta.path.is_ident(attr::CRATE) {
                    words.declared = Some(runtime::read_crate(&meta)?);
                    return Ok(());
                }
                if words.waiver.read_word(&meta)? {
                    return Ok(());
                }
                Err(attr::unknown_word(&meta, TARGET, TAKEN))
            });
            mistakes.take(read);
        }
        words
    }
}

const TARGET: &str = "claim";
const TAKEN: &str = "`crate = \"..\"`, and `public` for `#[serde(into = \"..\")]`";
