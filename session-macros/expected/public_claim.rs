#[automatically_derived]
impl ::session_runtime::PublicClaim for Plan {
    fn assert_fields() {
        ::session_runtime::__private::is_public::<u32>();
        ::session_runtime::__private::is_public::<NaiveDate>();
    }
}
