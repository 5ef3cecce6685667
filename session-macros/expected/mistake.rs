::core::compile_error! {
    "`#[login]` needs a route attribute below it: write `#[login]`, then `#[post(\"/login\", ..)]`"
}
#[allow(unused, clippy::all)]
async fn login(user: String) {
    async fn login(user: String) -> (String, Claims, ()) {
        (user, Claims, ())
    }
    ::core::unreachable!()
}
#[allow(nonstandard_style, unused)]
mod __session_login {
    pub struct login {}
    impl login {
        pub fn into_route(self) -> ::session_runtime::__private::Route {
            ::core::unreachable!()
        }
    }
}
#[allow(unused_imports)]
use __session_login::*;
