//! What a server answered, and what a test expects of it.

use serde_json::Value;

use crate::browser::{ACCESS, ACCESS_HEADER, HASH, REFRESH, REFRESH_HEADER};
use crate::names::is_base;
use crate::token;

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// All values of a header.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    /// The only value of a header.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut values = self.all(name);
        let first = values.next();
        assert!(values.next().is_none(), "more than one {name}");
        first
    }

    /// The `Set-Cookie` line of a cookie; of a session's cookie, named by its beginning, the one that sets it
    /// or else one that removes it.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| {
            let found = line.split('=').next().unwrap_or_default();
            found == name || (is_base(name) && found.starts_with(&format!("{name}.")))
        };
        let lines = || self.all("set-cookie").filter(named);
        lines()
            .find(|line| !line.contains("=;"))
            .or_else(|| lines().next())
    }

    /// What its front-token says.
    pub fn front_token(&self) -> Value {
        token::front(self.header("front-token").expect("a front-token"))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// Checks status and body.
    #[track_caller]
    pub fn expect(&self, status: u16, body: &str) -> &Self {
        assert_eq!((self.status, self.body.as_str()), (status, body));
        self
    }

    /// Checks that the browser's session is left alone.
    #[track_caller]
    pub fn expect_untouched(&self) -> &Self {
        assert_eq!(self.all("set-cookie").count(), 0, "cookies were touched");
        for name in [
            "front-token",
            "anti-csrf",
            ACCESS_HEADER,
            REFRESH_HEADER,
            "access-control-expose-headers",
        ] {
            assert_eq!(self.header(name), None, "{name}");
        }
        self
    }

    /// Checks that the front end forgets the session, and that its cookies are removed.
    #[track_caller]
    pub fn expect_cleared(&self) -> &Self {
        assert_eq!(self.header("front-token"), Some("remove"));
        self.expect_removed()
    }

    /// Checks that the cookies of one session are removed.
    #[track_caller]
    pub fn expect_removed(&self) -> &Self {
        assert_eq!(self.all("set-cookie").count(), 3, "cookies of one session");
        for name in [ACCESS, REFRESH, HASH] {
            let line = self.set_cookie(name).expect("a removal cookie");
            assert!(line.starts_with(name) && line.contains("=;"), "{line}");
            assert!(
                line.ends_with("Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
                "{line}"
            );
        }
        self
    }
}
