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
        use ::session_runtime::__private::{
            StaysIfFlat as _, StaysIfNested as _, StaysNever as _,
        };
        #[allow(clippy::all)]
        let stays = (&&&::session_runtime::__private::Probe(&outcome)).stays();
        ::session_runtime::__private::LogoutDecision::new(stays, outcome)
    };
    ::session_runtime::__private::Logout::finish(__session, decision).await
}
