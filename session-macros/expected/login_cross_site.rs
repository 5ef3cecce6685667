#[get("/oauth/callback?<code>&<state>")]
async fn callback<'__session>(
    code: &str,
    state: &str,
    __session: ::session_runtime::__private::CrossSite<
        ::session_runtime::__private::Login,
    >,
) -> ::session_runtime::__private::LoginResponse<'__session> {
    async fn callback(code: &str, state: &str) -> Result<NewSession<Redirect>, Status> {
        exchange(code, state).await
    }
    let outcome = callback(code, state).await;
    let decision = <Result<
        NewSession<Redirect>,
        Status,
    > as ::session_runtime::__private::LoginOutcome<'_>>::decide(outcome);
    ::session_runtime::__private::Login::finish(__session.into_inner(), decision).await
}
