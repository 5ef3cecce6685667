//! The bodies of the wire, each once.

/// A login, or a page that answers like one.
pub const OK: &str = r#"{"status":"OK"}"#;
/// Nobody is logged in.
pub const UNAUTHORISED: &str = r#"{"message":"unauthorised"}"#;
/// The access token has expired: the front end refreshes.
pub const TRY_REFRESH: &str = r#"{"message":"try refresh token"}"#;
/// A superseded refresh token was presented.
pub const THEFT: &str = r#"{"message":"token theft detected"}"#;
/// The session is of another payload type, or its payload no longer fits.
pub const SIGN_IN_AGAIN: &str = r#"{"message":"sign in again"}"#;
/// A page of another site sent the request.
pub const REFUSED: &str = r#"{"message":"cross-site request refused"}"#;
/// The database does not answer.
pub const UNAVAILABLE: &str = r#"{"message":"temporarily unavailable"}"#;
/// The application broke.
pub const BROKEN: &str = r#"{"message":"internal error"}"#;
