#[automatically_derived]
impl ::session_runtime::PublicClaim for Plan {
    const MEMBERS: ::session_runtime::__private::Members = ::session_runtime::__private::Members::OneOf(
        &[
            ::session_runtime::__private::Members::Named("Free"),
            ::session_runtime::__private::Members::Named("Paid"),
        ],
    );
    fn assert_fields() {
        let _ = <u32 as ::session_runtime::PublicClaim>::MEMBERS;
        let _ = <NaiveDate as ::session_runtime::PublicClaim>::MEMBERS;
    }
}
