//! Origins and sites: which pages belong to the application, and which of them are same-site.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

/// Schemes whose pages have no origin of their own, or that have no pages.
const NO_ORIGIN: [&str; 9] = [
    "about",
    "blob",
    "data",
    "file",
    "ftp",
    "javascript",
    "null",
    "ws",
    "wss",
];

impl WebOrigin {
    /// Parses `https://host:port` into what browsers send; `None` for anything more or less, and
    /// for what no browser sends.
    pub(in crate::web) fn parse(text: &str) -> Option<Self> {
        Self::of_this_server(text).filter(Self::has_port)
    }

    /// The same, whose port may be 0: Rocket chooses the port of a server for tests.
    pub(in crate::web) fn of_this_server(text: &str) -> Option<Self> {
        Self::read(text).filter(Self::has_cookies)
    }

    fn has_port(&self) -> bool {
        !self.text.ends_with(":0")
    }

    /// The same, and also the origins that apps and extensions use, such as
    /// `capacitor://localhost`.
    pub(in crate::web) fn parse_page(text: &str) -> Option<Self> {
        let made_up = |scheme: &str| !NO_ORIGIN.contains(&scheme);
        Self::read(text)
            .filter(Self::has_port)
            .filter(|origin| origin.has_cookies() || made_up(&origin.scheme))
    }

    fn read(text: &str) -> Option<Self> {
        let lower = text.trim_end_matches('/').to_ascii_lowercase();
        let (scheme, authority) = lower.split_once("://")?;
        let uri = Absolute::parse(&lower).ok()?;
        let bare = uri.path().raw().is_empty() && uri.query().is_none();
        let parsed = uri.authority()?;
        if !bare || parsed.user_info().is_some() {
            return None;
        }
        let host = canonical(parsed.host())?;
        let default_port = match scheme {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        };
        // A port that Rocket cannot read, or an empty one.
        let says_port = authority.len() > parsed.host().len();
        let port = match parsed.port() {
            None if says_port => return None,
            port => port.filter(|port| Some(*port) != default_port),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self {
            text: format!("{scheme}://{host}{port}"),
            scheme: scheme.to_owned(),
            host,
        })
    }

    /// Whether browsers store cookies for its pages.
    pub(in crate::web) fn has_cookies(&self) -> bool {
        matches!(&*self.scheme, "http" | "https")
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

/// Whether everybody may register names below a domain, so that browsers refuse its cookies. A
/// single label counts, whether or not there is such a top-level domain (Public Suffix List, the
/// rule `*`).
pub(in crate::web) fn is_public_suffix(domain: &str) -> bool {
    address(domain).is_none() && (!domain.contains('.') || PUBLIC_SUFFIXES.is_effective_tld(domain))
}

/// Parses a cookie domain as people write it (`.example.com`, `https://API.example.com`); `None` if
/// it is not a domain.
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

/// Whether a browser accepts a cookie of `domain` from `host` (RFC 6265bis section 5.1.3).
pub(in crate::web) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || (address(host).is_none()
            && host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.')))
}

/// A host in the form that browsers use; `None` if they would write it differently, or refuse it.
fn canonical(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    // Browsers read `127.1` and `0x7f.1` as addresses.
    let is_number = |label: &str| {
        label.bytes().all(|byte| byte.is_ascii_digit())
            || label
                .strip_prefix("0x")
                .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let last = host.trim_end_matches('.').rsplit('.').next()?;
    if is_number(last) {
        let address: Ipv4Addr = host.parse().ok()?;
        return Some(address.to_string());
    }
    let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    // The name of the root may stand behind it.
    let labels = host.strip_suffix('.').unwrap_or(host).split('.');
    let are_labels = labels
        .into_iter()
        .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let is_name = are_labels && host.bytes().all(of_a_name);
    is_name.then(|| host.to_owned())
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
            ("https://example.com:443", Some("https://example.com")),
            ("http://example.com:80/", Some("http://example.com")),
            ("http://example.com:443", Some("http://example.com:443")),
            ("http://[0:0:0:0:0:0:0:1]", Some("http://[::1]")),
            ("http://[2001:DB8::0:7]:80", Some("http://[2001:db8::7]")),
            ("https://192.168.0.7:8443", Some("https://192.168.0.7:8443")),
            ("https://*.example.com", None),
            ("https://exa mple.com", None),
            ("https://ex\u{e4}mple.com", None),
            ("https://a..com", None),
            ("https://.a.com", None),
            ("https://-a.com", None),
            ("https://a-.com", None),
            ("https://a.com..", None),
            (
                "https://xn--mller-kva.example",
                Some("https://xn--mller-kva.example"),
            ),
            ("https://example.com:0", None),
            ("https://127.1", None),
            ("https://0x7f.0.0.1", None),
            ("https://0x7f000001", None),
            ("https://example.com:99999", None),
            ("capacitor://localhost", None),
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
    fn shells_of_apps_have_origins_of_their_own() {
        for (text, read) in [
            ("capacitor://localhost", Some("capacitor://localhost")),
            ("tauri://localhost", Some("tauri://localhost")),
            (
                "chrome-extension://abcdefghijklmnop",
                Some("chrome-extension://abcdefghijklmnop"),
            ),
            ("https://example.com:443", Some("https://example.com")),
            ("file://", None),
            ("file://host", None),
            ("wss://example.com", None),
            ("capacitor://", None),
            ("capacitor://localhost/page", None),
            ("null", None),
            ("*", None),
        ] {
            let origin = WebOrigin::parse_page(text).map(|origin| origin.text);
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
        assert!(is_public_suffix("com") && is_public_suffix("test") && is_public_suffix("lan"));
        assert!(!is_public_suffix("example.com") && !is_public_suffix("127.0.0.1"));
        assert!(!is_public_suffix("example.test") && !is_public_suffix("[::1]"));
        assert!(domain_matches("api.example.com", "example.com"));
        assert!(!domain_matches("badexample.com", "example.com"));
    }
}
