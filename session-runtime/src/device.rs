//! The device on which a session started: what a user needs to recognise it in a list, and no more.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::config::KeptIp;

/// The device on which a session started, as its request described it.
///
/// Both fields come from the client and prove nothing; show them to the user only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Device {
    /// The header `User-Agent`, without control characters, cut to [`USER_AGENT`](Self::USER_AGENT)
    /// characters.
    pub user_agent: String,
    /// The IP address, by default without its last part: `203.0.113.0/24`, `2001:db8:7::/48`.
    pub ip: String,
}

impl Device {
    /// The length to which a user agent is cut, in characters.
    pub const USER_AGENT: usize = 256;

    pub(crate) fn new(user_agent: Option<&str>, ip: Option<IpAddr>, kept: KeptIp) -> Self {
        Self {
            user_agent: user_agent.map(printable).unwrap_or_default(),
            ip: ip.and_then(|ip| shorten(ip, kept)).unwrap_or_default(),
        }
    }
}

/// The string without control characters, and without those that reverse the direction of text.
fn printable(text: &str) -> String {
    let turns_around = |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .filter(|letter| !letter.is_control() && !turns_around(*letter))
        .take(Device::USER_AGENT)
        .collect()
}

fn shorten(ip: IpAddr, kept: KeptIp) -> Option<String> {
    let ip = ip.to_canonical();
    match kept {
        KeptIp::None => None,
        KeptIp::Full => Some(ip.to_string()),
        KeptIp::Truncated => {
            let bits = if ip.is_ipv4() { 24 } else { 48 };
            let network = IpNet::new(ip, bits).ok()?.trunc();
            Some(network.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn addresses_are_kept_without_their_last_part() {
        for (address, kept, text) in [
            ("203.0.113.77", KeptIp::Truncated, "203.0.113.0/24"),
            ("2001:DB8:7:8::9", KeptIp::Truncated, "2001:db8:7::/48"),
            ("::ffff:203.0.113.77", KeptIp::Truncated, "203.0.113.0/24"),
            ("203.0.113.77", KeptIp::Full, "203.0.113.77"),
            ("203.0.113.77", KeptIp::None, ""),
        ] {
            assert_eq!(
                Device::new(None, Some(ip(address)), kept).ip,
                text,
                "{address}"
            );
        }
        assert_eq!(Device::new(None, None, KeptIp::Full), Device::default());
    }

    #[test]
    fn a_user_agent_is_cut_and_cannot_forge_lines() {
        let hostile = format!("<b>\r\n\u{202e}evil\u{0}{}", "x".repeat(10_000));
        let device = Device::new(Some(&hostile), None, KeptIp::None);
        assert!(device.user_agent.starts_with("<b>evilxxx"));
        assert_eq!(device.user_agent.chars().count(), Device::USER_AGENT);
    }
}
