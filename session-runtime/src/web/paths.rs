//! How paths relate: behind a proxy, below each other, and as the `Path` of a cookie.

use crate::wire_names::REFRESH;

/// The path of the refresh route, which is also the path of its cookie.
pub(in crate::web) fn refresh_path(api_base_path: &str) -> String {
    format!("{api_base_path}{REFRESH}")
}

/// The path that a browser uses for a `path` of this server: with the part in front that a proxy
/// strips.
pub(in crate::web) fn outer(outer_path: Option<&str>, path: &str) -> String {
    format!("{}{path}", outer_path.unwrap_or_default())
}

/// The `Path` of a cookie for everything below `path` on this server.
pub(in crate::web) fn cookie_path(outer_path: Option<&str>, path: &str) -> String {
    match (outer_path, path) {
        (Some(outer_path), "/") => outer_path.to_owned(),
        _ => outer(outer_path, path),
    }
}

/// Whether browsers send a cookie with this `Path` to `path` (RFC 6265 section 5.1.4): one that ends
/// with a slash is not sent to the path without it.
pub(in crate::web) fn is_sent_to(path: &str, cookie_path: &str) -> bool {
    match path.strip_prefix(cookie_path) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'),
        None => false,
    }
}

/// Whether `path` is `base` or below it, by whole segments.
pub(in crate::web) fn is_below(path: &str, base: &str) -> bool {
    match path.strip_prefix(base.trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_sent_to;

    #[test]
    fn cookies_are_sent_where_their_path_matches() {
        for (path, cookie_path, sent) in [
            ("/auth/session/refresh", "/auth/session/refresh", true),
            ("/auth/session/refresh", "/auth/session/refresh/", false),
            ("/auth/session/refresh", "/auth/session", true),
            ("/auth/session/refresh", "/auth/session/", true),
            ("/auth/session/refresh", "/auth/sess", false),
            ("/auth/session/refresh", "/", true),
            ("/authors", "/auth", false),
            ("/auth", "/auth/session", false),
        ] {
            assert_eq!(is_sent_to(path, cookie_path), sent, "{path} {cookie_path}");
        }
    }
}
