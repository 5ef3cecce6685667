#[post("/logout")]
async fn logout<'__session>(
    __session: ::session_runtime::__private::Logout,
) -> ::session_runtime::__private::LogoutResponse<'__session> {
    let __outcome = {
        fn logout() -> Redirect {
            Redirect::to("/")
        }
        logout()
    };
    let __decision = {
        #[allow(unused_imports)]
        use ::session_runtime::__private::{KeepLayer as _, PeelLayer as _};
        let __layer = ::session_runtime::__private::Layer::Holds(&__outcome);
        #[allow(clippy::all)]
        let __layer = {
            let __layer = (&&__layer).peel();
            let __layer = (&&__layer).peel();
            let __layer = (&&__layer).peel();
            let __layer = (&&__layer).peel();
            let __layer = (&&__layer).peel();
            let __layer = (&&__layer).peel();
            let __layer = (&&__layer).peel();
            let __layer = (&&__layer).peel();
            __layer.refuses()
        };
        ::session_runtime::__private::LogoutDecision::new(__layer, __outcome)
    };
    ::session_runtime::__private::Logout::finish(__session, __decision).await
}
