#[post("/logout")]
async fn logout<'__session>(
    __session: ::session_runtime::__private::Logout,
) -> ::session_runtime::__private::LogoutResponse<'__session> {
    fn logout() -> Redirect {
        Redirect::to("/")
    }
    let outcome = logout();
    let decision = {
        #[allow(unused_imports)]
        use ::session_runtime::__private::ProbeAny as _;
        ::session_runtime::__private::Probe(outcome).outcome().decide()
    };
    ::session_runtime::__private::Logout::finish(__session, decision).await
}
