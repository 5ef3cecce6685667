//! Every path that clients call, and the names of headers and cookies: the one file that knows them,
//! but for those of device-bound sessions, whose draft may still change (`token/device_bound.rs`).
//!
//! Rocket wants the paths of routes as literals: `web/routes/mod.rs` tests that they are these.

/// The default of `api_base_path`.
pub(crate) const API_BASE_PATH: &str = "/auth";

/// The default of `access_cookie_name`.
pub(crate) const ACCESS_COOKIE: &str = "sAccessToken";

/// The default of `refresh_cookie_name`.
pub(crate) const REFRESH_COOKIE: &str = "sRefreshToken";

/// The name of the cookie with the hash of a refresh token, after its prefix.
pub(crate) const REFRESH_HASH_COOKIE: &str = "sRefreshHash";

/// A cookie of earlier front ends: never set, only removed.
pub(crate) const LEGACY_COOKIE: &str = "sIdRefreshToken";

/// The default of `access_token_header`.
pub(crate) const ACCESS_HEADER: &str = "st-access-token";

/// The default of `refresh_token_header`.
pub(crate) const REFRESH_HEADER: &str = "st-refresh-token";

/// User id, end and payload of the access token, for the front end.
pub(crate) const FRONT_TOKEN: &str = "front-token";

/// The token that a page sends beside its cookies, with `csrf = "via-token"`.
pub(crate) const ANTI_CSRF: &str = "anti-csrf";

/// The header in which a request asks for cookies or headers.
pub(crate) const AUTH_MODE: &str = "st-auth-mode";

/// The header that names the part of the back end which a front end calls; no form can send it.
pub(crate) const RID: &str = "rid";

/// The header in which a front end names the versions that it understands.
pub(crate) const FDI_VERSION: &str = "fdi-version";

/// The header in which a browser says where a request comes from (Fetch Metadata).
pub(crate) const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The refresh route, below `api_base_path`.
pub(crate) const REFRESH: &str = "/session/refresh";

/// The page that refreshes, below `api_base_path`; the refresh cookie must reach it too.
pub(crate) const REFRESH_PAGE: &str = "/session/refresh/page";

/// Where browsers refresh sessions that are bound to a device, below `api_base_path`.
pub(crate) const DEVICE_REFRESH: &str = "/session/refresh/device";

/// Where browsers register the key of a device, below `api_base_path`.
pub(crate) const DEVICE_REGISTER: &str = "/session/refresh/device/register";

/// The sign-out route, below `api_base_path`.
pub(crate) const SIGN_OUT: &str = "/signout";

/// The published keys, below `api_base_path`.
pub(crate) const JWKS: &str = "/jwt/jwks.json";
