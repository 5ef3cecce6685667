#[allow(clippy::needless_pass_by_value)]
#[rocket::put("/login/<user>")]
pub(crate) async fn login<'__session, 'r>(
    user: &'r str,
    jar: &CookieJar<'_>,
    __session: ::session_runtime::__private::Login,
) -> ::session_runtime::__private::LoginResponse<'__session>
where
    'r: '__session,
{
    fn login<'r>(user: &'r str, mut jar: &CookieJar<'_>) -> Option<Outcome> {
        None
    }
    let outcome = login(user, jar);
    let decision = <Option<
        Outcome,
    > as ::session_runtime::__private::LoginOutcome<'_>>::decide(outcome);
    ::session_runtime::__private::Login::finish(__session, decision).await
}
