//! `#[derive(JwtPayload)]`: parse, check, expand.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Fields, GenericParam, LitStr, Type, TypeParamBound, parse_quote,
};

use crate::attr::{self, Mistakes};
use crate::claim::{self, Level};

/// Expands the derive; a mistake still yields impls that fit anything, so that it is reported once.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(mistake) => return mistake.into_compile_error(),
    };
    match Payload::check(&input) {
        Ok(payload) => payload.expand(),
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            let stand_in = stand_in(&input);
            quote!(#mistakes #stand_in)
        }
    }
}

/// A payload type in which every mistake that syntax shows has been ruled out.
struct Payload<'a> {
    input: &'a DeriveInput,
    user_id: Type,
    data: Type,
    /// How tokens name it.
    name: String,
    /// How they named it before.
    was: Vec<String>,
    /// Whether its tokens say when the user logged in.
    auth_time: bool,
    /// The page that asks for the second factor which its sessions await.
    pending: Option<String>,
    claims: Vec<&'a Type>,
}

/// What `#[session(..)]` on a payload says.
#[derive(Default)]
struct Words {
    user_id: Option<Type>,
    data: Option<Type>,
    name: Option<LitStr>,
    was: Vec<LitStr>,
    auth_time: bool,
    pending: Option<Span>,
    page: Option<LitStr>,
}

impl<'a> Payload<'a> {
    fn check(input: &'a DeriveInput) -> syn::Result<Self> {
        let mut mistakes = Mistakes::default();
        let mut claims = Vec::new();
        match &input.data {
            Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => {
                claims = claim::check(&data.fields, &input.attrs, Level::Token, &mut mistakes);
            }
            _ => {
                let message = "a payload becomes a JSON object: derive `JwtPayload` on a struct with named fields";
                mistakes.add(syn::Error::new(input.ident.span(), message));
            }
        }
        if let Some(borrowed) = input.generics.lifetimes().next() {
            let message = "a payload is read from a token that is gone by then, so it owns its values: use `String` \
                           instead of `&str`, and remove the lifetime";
            mistakes.add(syn::Error::new(borrowed.lifetime.span(), message));
        }
        let mut words = Words::default();
        for attr in input
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident(attr::SESSION))
        {
            if let Err(mistake) = words.read(attr) {
                mistakes.add(mistake);
            }
        }
        let name = words.check_names(input, &mut mistakes);
        words.check_pending(&mut mistakes);
        mistakes.check()?;
        Ok(Self {
            input,
            name,
            was: words.was.iter().map(LitStr::value).collect(),
            user_id: words
                .user_id
                .unwrap_or_else(|| parse_quote!(::std::string::String)),
            data: words.data.unwrap_or_else(|| parse_quote!(())),
            auth_time: words.auth_time,
            pending: words.page.as_ref().map(LitStr::value),
            claims,
        })
    }

    fn expand(&self) -> TokenStream {
        let Self {
            input,
            user_id,
            data,
            name,
            was,
            auth_time,
            pending,
            claims,
        } = self;
        let ty = &input.ident;
        let generics = claim::bounded(&input.generics, &payload_bounds());
        let (parameters, arguments, conditions) = generics.split_for_impl();
        let are_public = claim::are_public(claims);
        let was = (!was.is_empty()).then(|| {
            quote!(
                const WAS: &'static [&'static str] = &[#(#was),*];
            )
        });
        let pending = pending.as_ref().map(|page| {
            quote!(
                const PENDING: ::core::option::Option<&'static str> = ::core::option::Option::Some(#page);
            )
        });
        let (says_so, has_it) = if *auth_time {
            (
                quote!(
                    const AUTH_TIME: bool = true;
                ),
                quote! {
                    #[automatically_derived]
                    impl #parameters ::session_runtime::HasAuthTime for #ty #arguments #conditions {}
                },
            )
        } else {
            (quote!(), quote!())
        };
        quote! {
            #[automatically_derived]
            impl #parameters ::session_runtime::JwtPayload for #ty #arguments #conditions {
                type UserId = #user_id;
                type Data = #data;
                const NAME: &'static str = #name;
                #was
                #says_so
                #pending
            }
            #has_it
            #[automatically_derived]
            impl #parameters ::session_runtime::GoesWith<#ty #arguments> for (#user_id, #data) #conditions {
                fn into_new_session(self, payload: #ty #arguments) -> ::session_runtime::NewSession {
                    #are_public
                    ::session_runtime::__private::new_session(&self.0, &payload, &self.1)
                }
            }
        }
    }
}

/// What a type parameter of a payload must be for the payload to be one.
fn payload_bounds() -> [TypeParamBound; 6] {
    [
        parse_quote!(::session_runtime::PublicClaim),
        parse_quote!(::session_runtime::__private::Serialize),
        parse_quote!(::session_runtime::__private::DeserializeOwned),
        parse_quote!(::core::marker::Send),
        parse_quote!(::core::marker::Sync),
        parse_quote!('static),
    ]
}

const TAKEN: &str = "`user_id = Type`, `data = Type`, `name = \"..\"`, `was = \"..\"`, `auth_time` and `pending, page = \"/..\"`";

impl Words {
    /// Reads `#[session(user_id = T, data = D, name = "..", was = "..", auth_time)]` and `#[session(pending, page = "/..")]`.
    fn read(&mut self, attr: &Attribute) -> syn::Result<()> {
        attr.parse_nested_meta(|meta| {
            if meta.path.is_ident(attr::AUTH_TIME) {
                self.auth_time = true;
                return Ok(());
            }
            if meta.path.is_ident(attr::PENDING) {
                self.pending = Some(meta.path.span());
                return Ok(());
            }
            if meta.path.is_ident(attr::PAGE) {
                if self.page.is_some() {
                    return Err(meta.error(SAID));
                }
                self.page = Some(meta.value()?.parse()?);
                return Ok(());
            }
            if meta.path.is_ident(attr::WAS) {
                self.was.push(meta.value()?.parse()?);
                return Ok(());
            }
            if meta.path.is_ident(attr::NAME) {
                if self.name.is_some() {
                    return Err(meta.error(SAID));
                }
                self.name = Some(meta.value()?.parse()?);
                return Ok(());
            }
            let place = if meta.path.is_ident(attr::USER_ID) {
                &mut self.user_id
            } else if meta.path.is_ident(attr::DATA) {
                &mut self.data
            } else {
                return Err(attr::unknown_word(&meta, "payload", TAKEN));
            };
            if place.is_some() {
                return Err(meta.error(SAID));
            }
            if !meta.input.peek(syn::Token![=]) {
                return Err(attr::unknown_word(&meta, "payload", TAKEN));
            }
            *place = Some(meta.value()?.parse()?);
            Ok(())
        })
    }

    /// A session that awaits a second factor leads to the page that asks for it.
    fn check_pending(&self, mistakes: &mut Mistakes) {
        let (at, message) = match (self.pending, &self.page) {
            (Some(pending), None) => (
                pending,
                "people are sent to a page that asks for the second factor: write `pending, page = \"/code\"`",
            ),
            (None, Some(page)) => (
                page.span(),
                "only a session that awaits a second factor leads to a page: write `pending` beside it",
            ),
            (Some(_), Some(page)) if !is_local(&page.value()) => (
                page.span(),
                "the page is a path of this server: one `/`, then letters, digits and marks, such as `\"/code\"`",
            ),
            (Some(pending), Some(_)) if self.auth_time => (
                pending,
                "who is asked for a second factor has not proved yet who they are: put `auth_time` on the payload \
                 of the whole session",
            ),
            (Some(_), Some(_)) | (None, None) => return,
        };
        mistakes.add(syn::Error::new(at, message));
    }

    /// How tokens will name the type, which they do in one of these names for ever.
    fn check_names(&self, input: &DeriveInput, mistakes: &mut Mistakes) -> String {
        for (index, literal) in self.name.iter().chain(&self.was).enumerate() {
            if let Err(message) = check_name(&literal.value()) {
                mistakes.add(syn::Error::new(literal.span(), message));
            }
            let before = self.name.iter().chain(&self.was).take(index);
            if before
                .map(LitStr::value)
                .any(|name| name == literal.value())
            {
                mistakes.add(syn::Error::new(literal.span(), SAID));
            }
        }
        if let Some(name) = &self.name {
            return name.value();
        }
        let own = input.ident.unraw().to_string();
        let mut generics = input.generics.params.iter();
        if generics.any(|parameter| !matches!(parameter, GenericParam::Lifetime(_))) {
            let message = "tokens name the type of their payload, and a generic one has many: write \
                           `#[session(name = \"..\")]` and use it with one set of arguments";
            mistakes.add(syn::Error::new(input.ident.span(), message));
        } else if check_name(&own).is_err() {
            let message = format!(
                "tokens name the type of their payload, and `{own}` does not fit into one: write \
                 `#[session(name = \"..\")]`"
            );
            mistakes.add(syn::Error::new(input.ident.span(), message));
        }
        own
    }
}

const SAID: &str = "this is already said: remove one";

/// Whether a browser stays on this server with it.
fn is_local(path: &str) -> bool {
    let begins = path.starts_with('/') && !path.contains("//");
    begins
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// The longest name of a payload type: it is a column, and in every token.
const MAX_NAME: usize = 64;

fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err(format!(
        "the name of a payload has 1 to {MAX_NAME} letters (ASCII), digits and `_`, `-`, `.`, `:`"
    ))
}

/// Impls that fit any login, for a type whose mistake is already reported.
fn stand_in(input: &DeriveInput) -> TokenStream {
    let name = &input.ident;
    let bounded = claim::bounded(&input.generics, &payload_bounds());
    let (parameters, arguments, conditions) = bounded.split_for_impl();
    let mut generics = bounded.clone();
    generics.params.push(parse_quote!(__U));
    generics.params.push(parse_quote!(__D));
    let (any_parameters, ..) = generics.split_for_impl();
    // One that borrows cannot be a payload at all, not even for show.
    let payload = input.generics.lifetimes().next().is_none().then(|| {
        quote! {
            impl #parameters ::session_runtime::JwtPayload for #name #arguments #conditions {
                type UserId = ::std::string::String;
                type Data = ();
                const NAME: &'static str = "";
            }
        }
    });
    quote! {
        #payload
        impl #any_parameters ::session_runtime::GoesWith<#name #arguments> for (__U, __D) #conditions {
            fn into_new_session(
                self,
                _: #name #arguments,
            ) -> ::session_runtime::NewSession {
                ::core::unreachable!()
            }
        }
    }
}
