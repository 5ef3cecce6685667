#[get("/oauth/callback?<code>&<state>")]
async fn callback<'__session>(
    code: &str,
    state: &str,
    __session: ::session_runtime::__private::CrossSite<
        ::session_runtime::__private::Login,
    >,
) -> ::session_runtime::__private::LoginResponse<'__session> {
    let __argument_0 = code;
    let __argument_1 = state;
    let __outcome = {
        async fn callback(
            code: &str,
            state: &str,
        ) -> Result<NewSession<Redirect>, Status> {
            exchange(code, state).await
        }
        callback(__argument_0, __argument_1).await
    };
    let __decision = <Result<
        NewSession<Redirect>,
        Status,
    > as ::session_runtime::__private::LoginOutcome<'_>>::decide(__outcome);
    ::session_runtime::__private::Login::finish(__session.into_inner(), __decision).await
}
