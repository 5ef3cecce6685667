#[automatically_derived]
impl<
    T: ::session_runtime::PublicClaim + ::session_runtime::__private::Serialize
        + ::session_runtime::__private::DeserializeOwned + ::core::marker::Send
        + ::core::marker::Sync + 'static,
> ::session_runtime::JwtPayload for Claims<T> {
    type UserId = u64;
    type Data = Preferences;
    const NAME: &'static str = "Claims";
    const WAS: &'static [&'static str] = &["OldClaims"];
}
#[automatically_derived]
impl<
    T: ::session_runtime::PublicClaim + ::session_runtime::__private::Serialize
        + ::session_runtime::__private::DeserializeOwned + ::core::marker::Send
        + ::core::marker::Sync + 'static,
> ::session_runtime::new_session::GoesWith<Claims<T>> for (u64, Preferences) {
    fn into_new_session(self, payload: Claims<T>) -> ::session_runtime::NewSession {
        let _ = <String as ::session_runtime::PublicClaim>::MEMBERS;
        let _ = <Vec<T> as ::session_runtime::PublicClaim>::MEMBERS;
        ::session_runtime::__private::new_session(&self.0, &payload, &self.1)
    }
}
