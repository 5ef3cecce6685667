//! `LocalUrl`: where a browser may be sent back to, whatever a request says (CWE-601).

use std::fmt;

use rocket::form::{self, FromFormField, ValueField};
use rocket::http::uri::Origin;
use rocket::response::Redirect;

use crate::web::paths::{is_below, outer};

/// A URL of this server, for redirects that a request may choose: the type of a `next` field.
///
/// As a form field or query parameter it never fails: a missing value, a URL of another server and
/// anything else are read as `/` (open redirects, CWE-601).
///
/// ```
/// # use rocket::{form::Form, post, response::Redirect, FromForm};
/// # use session_runtime::LocalUrl;
/// #[derive(FromForm)]
/// struct Choice { language: String, next: LocalUrl }
///
/// #[post("/language", data = "<choice>")]
/// fn language(choice: Form<Choice>) -> Redirect {
///     choice.next.to_redirect()
/// }
/// assert_eq!(LocalUrl::parse("//evil.example"), None);
/// # let _ = rocket::routes![language];
/// ```
#[doc(alias = "next")]
#[doc(alias = "open redirect")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalUrl(String);

impl LocalUrl {
    /// The length of the longest URL that is accepted, in bytes.
    pub const LONGEST: usize = 2048;

    /// Parses a path with or without a query; `None` if a browser could end up on another server.
    ///
    /// It must start with exactly one slash. It must not contain a backslash, which browsers treat
    /// as a slash, a segment `.` or `..`, which they resolve, or anything but printable ASCII,
    /// which they drop or encode.
    ///
    /// ```
    /// use session_runtime::LocalUrl;
    ///
    /// assert!(LocalUrl::parse("/orders?page=2").is_some());
    /// assert!(LocalUrl::parse("https://evil.example").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let path = text.split('?').next().unwrap_or_default();
        let local = path.starts_with('/') && !path.contains("//") && !path.split('/').any(is_dots);
        let short = text.len() <= Self::LONGEST;
        (printable && local && short && Origin::parse(text).is_ok()).then(|| Self(text.to_owned()))
    }

    /// Parses it; anything else becomes `/`.
    pub(in crate::web) fn or_root(text: &str) -> Self {
        Self::parse(text).unwrap_or_default()
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Redirects the browser there with 303, so that it requests the page instead of posting again.
    ///
    /// ```
    /// use session_runtime::LocalUrl;
    ///
    /// #[rocket::get("/next?<to>")]
    /// fn next(to: &str) -> Option<rocket::response::Redirect> {
    ///     Some(LocalUrl::parse(to)?.to_redirect())
    /// }
    /// # let _ = rocket::routes![next];
    /// ```
    pub fn to_redirect(&self) -> Redirect {
        Redirect::to(self.0.clone())
    }

    /// This URL as browsers know it: with the path in front that a proxy strips.
    pub(in crate::web) fn below(&self, outer_path: Option<&str>) -> Self {
        let root = || Self(outer(outer_path, "/"));
        Self::parse(&outer(outer_path, &self.0)).unwrap_or_else(root)
    }

    /// This URL without that path if it is below it, otherwise the application's root.
    pub(in crate::web) fn within(self, outer_path: Option<&str>) -> Self {
        match outer_path {
            Some(outer_path) if !is_below(self.path(), outer_path) => {
                Self(outer(Some(outer_path), "/"))
            }
            _ => self,
        }
    }

    /// The path, without the query.
    pub(in crate::web) fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }

    /// This URL with the page to return to, unless that is too long for a header: proxies answer 502
    /// to large ones, and an encoded URL is up to three times as long.
    pub(in crate::web) fn with_next(&self, next: &Self) -> Self {
        let with_next = self.with("next", next);
        if with_next.as_str().len() > Self::LONGEST {
            return self.clone();
        }
        with_next
    }

    /// This URL with one more parameter; the query is encoded.
    pub(in crate::web) fn with(&self, name: &str, value: &Self) -> Self {
        let mark = if self.0.contains('?') { '&' } else { '?' };
        let encoded = rocket::http::RawStr::new(value.as_str()).percent_encode();
        Self(format!("{}{mark}{name}={encoded}", self.0))
    }
}

/// Whether browsers resolve a segment (WHATWG URL, "single-dot" and "double-dot path segment").
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

impl Default for LocalUrl {
    /// `/`.
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for LocalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[rocket::async_trait]
impl<'v> FromFormField<'v> for LocalUrl {
    fn from_value(field: ValueField<'v>) -> form::Result<'v, Self> {
        Ok(Self::or_root(field.value))
    }

    fn default() -> Option<Self> {
        Some(<Self as Default>::default())
    }
}
