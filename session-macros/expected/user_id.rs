#[automatically_derived]
impl ::session_runtime::UserId for AccountNumber {
    fn to_claim(&self) -> ::std::borrow::Cow<'_, str> {
        <u64 as ::session_runtime::UserId>::to_claim(&self.0)
    }
    fn from_claim(claim: &str) -> ::core::option::Option<Self> {
        <u64 as ::session_runtime::UserId>::from_claim(claim).map(|id| Self { 0: id })
    }
}
