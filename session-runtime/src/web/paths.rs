//! Every path of the wire, and every name of a header or cookie.

/// The header in which a request asks for a transport.
pub(in crate::web) const AUTH_MODE: &str = "st-auth-mode";

/// Which part of the back end a front end means to call; no form can send it.
pub(in crate::web) const RID: &str = "rid";

/// User id, end and payload of the access token, for the front end.
pub(in crate::web) const FRONT_TOKEN: &str = "front-token";

/// The token that a page sends beside its cookies, with `csrf = "via-token"`.
pub(in crate::web) const ANTI_CSRF: &str = "anti-csrf";

/// A cookie of earlier front ends: never set, only removed.
pub(in crate::web) const LEGACY_COOKIE: &str = "sIdRefreshToken";

/// The path of the refresh route, which is also the path of its cookie.
pub(in crate::web) fn refresh_path(api_base_path: &str) -> String {
    format!("{api_base_path}/session/refresh")
}

/// The URL of a browser for a `path` of this server: with the path in front that a proxy strips.
pub(in crate::web) fn outer(outer_path: Option<&str>, path: &str) -> String {
    format!("{}{path}", outer_path.unwrap_or_default())
}

/// The `Path` of a cookie for what is below `path` on this server.
pub(in crate::web) fn cookie_path(outer_path: Option<&str>, path: &str) -> String {
    match (outer_path, path) {
        (Some(outer_path), "/") => outer_path.to_owned(),
        _ => outer(outer_path, path),
    }
}

/// Whether `path` is `base` or below it, by whole segments.
pub(in crate::web) fn is_below(path: &str, base: &str) -> bool {
    match path.strip_prefix(base.trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}
