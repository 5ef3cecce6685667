//! The settings of which all processes of an application must have the same values.

use aws_lc_rs::digest;

use crate::keys::sealing::hex;

/// The setting of which every process must have the same value so that a revoked session is refused
/// everywhere.
pub(crate) const REVOCATION: &str = "revocation";

/// The prefix of the cookies, which by default follows from their domain and path.
const PREFIX: &str = "cookie_prefix";

/// The settings that all processes of an application have in common: what one issues under its own,
/// the others do not find or refuse; or they accept what it has revoked.
const SHARED: [&str; 7] = [
    "audience",
    "access_cookie_name",
    "refresh_cookie_name",
    "cookie_domain",
    "access_token_path",
    PREFIX,
    REVOCATION,
];

/// The values of the shared settings, each as a fingerprint. The issuer precedes them, because only
/// processes of one application are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    issuer: String,
    values: String,
}

impl Fingerprint {
    /// Of the values in the order of the settings: audience, names of both cookies, domain, path,
    /// prefix, and whether revocations are checked.
    pub(crate) fn of(issuer: &str, values: [&str; SHARED.len()]) -> Self {
        Self {
            issuer: short(issuer, 8),
            values: values.map(|value| short(value, 4)).join(":"),
        }
    }

    /// The beginning of all announcements of this issuer.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The rest of the announcement.
    pub(crate) fn values(&self) -> &str {
        &self.values
    }

    /// The settings that have other values in another announcement.
    pub(crate) fn differing(&self, other: &str) -> Vec<&'static str> {
        let pairs = self.values.split(':').zip(other.split(':'));
        let settings = SHARED.into_iter().zip(pairs);
        let mut differing: Vec<_> = settings
            .filter(|(_, (mine, theirs))| mine != theirs)
            .map(|(setting, _)| setting)
            .collect();
        let decides = |setting: &&str| matches!(*setting, "cookie_domain" | "access_token_path");
        if differing.iter().any(decides) {
            differing.retain(|setting| *setting != PREFIX);
        }
        differing
    }
}

/// The first bytes of a digest.
fn short(value: &str, bytes: usize) -> String {
    hex(&digest::digest(&digest::SHA256, value.as_bytes()).as_ref()[..bytes])
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [&str; SHARED.len()] = [
        "api.test",
        "sAccessToken",
        "sRefreshToken",
        "",
        "/",
        "__Host-",
        "",
    ];

    #[test]
    fn each_setting_that_differs_is_named() {
        let mine = Fingerprint::of("https://a.test/auth", VALUES);
        assert_eq!(mine.differing(mine.values()), [""; 0]);
        for (index, setting) in SHARED.into_iter().enumerate() {
            let mut values = VALUES;
            values[index] = "another";
            let other = Fingerprint::of("https://a.test/auth", values);
            assert_eq!(mine.differing(other.values()), [setting]);
        }
        let other = Fingerprint::of("https://a.test/auth", [""; SHARED.len()]);
        assert_eq!(
            mine.differing(other.values()).len(),
            4,
            "the domain is absent in both, the prefix follows from the path, revocations are checked"
        );
    }

    /// An announcement fits into the name of a counter on every database.
    #[test]
    fn an_announcement_fits_into_its_column() {
        let longest = "x".repeat(1000);
        let mine = Fingerprint::of(&longest, [longest.as_str(); SHARED.len()]);
        assert!(mine.issuer().len() + mine.values().len() < 100);
    }
}
