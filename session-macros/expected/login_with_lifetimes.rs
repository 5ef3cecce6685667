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
    let __argument_0 = user;
    let __argument_1 = jar;
    let __outcome = {
        fn login<'r>(user: &'r str, mut jar: &CookieJar<'_>) -> Option<Outcome> {
            None
        }
        login(__argument_0, __argument_1)
    };
    let __decision = <Option<
        Outcome,
    > as ::session_runtime::__private::LoginOutcome<'_>>::decide(__outcome);
    ::session_runtime::__private::Login::finish(__session, __decision).await
}
