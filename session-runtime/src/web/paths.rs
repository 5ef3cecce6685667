//! Every path of the wire, and every name of a header or cookie.

/// The path of the refresh route, which is also the path of its cookie.
pub(in crate::web) fn refresh_path(api_base_path: &str) -> String {
    format!("{api_base_path}/session/refresh")
}

/// Whether `path` is `base` or below it, by whole segments.
pub(in crate::web) fn is_below(path: &str, base: &str) -> bool {
    match path.strip_prefix(base.trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}
