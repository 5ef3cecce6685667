//! Origins and sites: which pages are ours, and which of them a browser takes for neighbours.

use std::net::IpAddr;

use public_suffix::{DEFAULT_PROVIDER as PUBLIC_SUFFIXES, EffectiveTLDProvider};
use rocket::http::uri::Absolute;

/// Scheme, host and port of a page or a server, in lower case as browsers send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct WebOrigin {
    /// As in the header `Origin`.
    pub(in crate::web) text: String,
    pub(in crate::web) scheme: String,
    pub(in crate::web) host: String,
}

impl WebOrigin {
    /// Reads `https://host:port`; `None` for anything more or less.
    pub(in crate::web) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('/').to_ascii_lowercase();
        let uri = Absolute::parse(&text).ok()?;
        let authority = uri.authority()?;
        let bare =
            uri.path().raw().is_empty() && uri.query().is_none() && authority.user_info().is_none();
        let scheme = uri.scheme();
        if !bare || !matches!(scheme, "http" | "https") || authority.host().is_empty() {
            return None;
        }
        Some(Self {
            scheme: scheme.to_owned(),
            host: authority.host().to_owned(),
            text: text.clone(),
        })
    }

    /// Whether it is plain http on this machine.
    pub(in crate::web) fn is_local_http(&self) -> bool {
        let address = address(&self.host);
        self.scheme == "http"
            && (self.host == "localhost" || address.is_some_and(|address| address.is_loopback()))
    }

    /// Whether a browser sends `SameSite` cookies from one to the other: scheme and registrable
    /// domain are equal (RFC 6265bis section 5.2).
    pub(in crate::web) fn is_same_site(&self, other: &Self) -> bool {
        self.scheme == other.scheme && site(&self.host) == site(&other.host)
    }
}

/// The registrable domain of a host; an address or a name without one is its own site.
fn site(host: &str) -> &str {
    if address(host).is_some() {
        return host;
    }
    PUBLIC_SUFFIXES.effective_tld_plus_one(host).unwrap_or(host)
}

/// Whether everybody may register names below a domain, so that browsers refuse its cookies.
pub(in crate::web) fn is_public_suffix(domain: &str) -> bool {
    address(domain).is_none() && domain.contains('.') && PUBLIC_SUFFIXES.is_effective_tld(domain)
}

/// Reads a cookie domain as people write it (`.example.com`, `https://API.example.com`); `None` if it
/// is none.
pub(in crate::web) fn cookie_domain(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let host = match lower.split_once("://") {
        Some(_) => WebOrigin::parse(&lower)?.host,
        None => lower.trim_start_matches('.').to_owned(),
    };
    let is_name = !host.is_empty()
        && host.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    (is_name || address(&host).is_some()).then_some(host)
}

/// Whether a browser takes a cookie of `domain` from `host` (RFC 6265bis section 5.1.3).
pub(in crate::web) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || (address(host).is_none()
            && host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.')))
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> WebOrigin {
        WebOrigin::parse(text).expect(text)
    }

    #[test]
    fn origins_are_scheme_host_and_port() {
        for (text, read) in [
            ("https://example.com", Some("https://example.com")),
            ("https://API.example.com/", Some("https://api.example.com")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://[::1]:8000", Some("http://[::1]:8000")),
            ("https://example.com/path", None),
            ("https://example.com?x", None),
            ("https://user@example.com", None),
            ("ftp://example.com", None),
            ("example.com", None),
            ("*", None),
            ("null", None),
            ("", None),
        ] {
            let origin = WebOrigin::parse(text).map(|origin| origin.text);
            assert_eq!(origin.as_deref(), read, "{text}");
        }
    }

    #[test]
    fn sites_are_what_browsers_take_for_neighbours() {
        for (one, other, same) in [
            ("https://example.com", "https://api.example.com", true),
            ("https://a.example.co.uk", "https://b.example.co.uk", true),
            ("https://one.co.uk", "https://two.co.uk", false),
            ("https://one.github.io", "https://two.github.io", false),
            ("http://example.com", "https://example.com", false),
            ("http://localhost:3000", "http://localhost:8000", true),
            ("http://127.0.0.1:3000", "http://127.0.0.1:8000", true),
            ("http://127.0.0.1", "http://127.0.0.2", false),
            ("http://localhost", "http://127.0.0.1", false),
        ] {
            assert_eq!(
                origin(one).is_same_site(&origin(other)),
                same,
                "{one} {other}"
            );
        }
    }

    /// Behaviour 14.
    #[test]
    fn cookie_domains_are_read_as_people_write_them() {
        for (text, read) in [
            (".example.com", Some("example.com")),
            ("example.com", Some("example.com")),
            ("https://API.example.com", Some("api.example.com")),
            ("localhost", Some("localhost")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("", None),
            (".", None),
            ("exa mple.com", None),
            ("example.com; Secure", None),
            ("example..com", None),
            ("https://example.com/path", None),
        ] {
            assert_eq!(cookie_domain(text).as_deref(), read, "{text}");
        }
        assert!(is_public_suffix("co.uk") && is_public_suffix("github.io"));
        assert!(!is_public_suffix("example.com") && !is_public_suffix("localhost"));
        assert!(domain_matches("api.example.com", "example.com"));
        assert!(!domain_matches("badexample.com", "example.com"));
    }
}
