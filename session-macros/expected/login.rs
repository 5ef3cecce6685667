/// The login of the README.
#[post("/login", data = "<credentials>")]
async fn login<'__session>(
    credentials: Json<Credentials>,
    users: Users,
    __session: ::session_runtime::__private::Login,
) -> ::session_runtime::__private::LoginResponse<'__session> {
    let __argument_0 = credentials;
    let __argument_1 = users;
    let __outcome = {
        async fn login(
            credentials: Json<Credentials>,
            users: Users,
        ) -> Result<(String, Claims, Preferences), LoginError> {
            let user = users.verify(&credentials).await?;
            Ok((
                user.id,
                Claims { name: user.name },
                Preferences {
                    awesome_things: vec![],
                },
            ))
        }
        login(__argument_0, __argument_1).await
    };
    let __decision = <Result<
        (String, Claims, Preferences),
        LoginError,
    > as ::session_runtime::__private::LoginOutcome<'_>>::decide(__outcome);
    ::session_runtime::__private::Login::finish(__session, __decision).await
}
