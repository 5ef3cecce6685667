//! What stands around an application: the proxies that people run, as their Debian packages come;
//! other environments and applications beside it; and deploys that change a setting under a
//! logged-in browser. `tests/run neighbours` installs what is needed. What was tried in which
//! version is written to `target/neighbours.md`.

mod curl;
mod deploys;
mod environments;
mod validity;

mod proxies;
mod table;
mod upstream;

mod everyday;
mod forwarded;
mod heads;
mod streams;
mod sub_path;

/// One test for each proxy.
macro_rules! behind_each {
    ($($name:ident)*) => {
        $(
            mod $name {
                #[test]
                fn nginx() {
                    super::$name($crate::proxies::Kind::Nginx);
                }

                #[test]
                fn apache() {
                    super::$name($crate::proxies::Kind::Apache);
                }

                #[test]
                fn haproxy() {
                    super::$name($crate::proxies::Kind::Haproxy);
                }

                #[test]
                fn caddy() {
                    super::$name($crate::proxies::Kind::Caddy);
                }
            }
        )*
    };
}
pub(crate) use behind_each;
