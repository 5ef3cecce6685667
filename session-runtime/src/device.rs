//! The device on which a session started: what a user needs to recognise it in a list, and no more.

use std::net::{IpAddr, SocketAddr};

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

/// The client's address: the last one in `forwarded` (nearest hop last) that is not a trusted
/// proxy's.
///
/// Anybody who is not in `trusted` can write anything into the header, so what is further away is
/// ignored.
pub(crate) fn client_ip<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[IpNet],
) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut client = peer.to_canonical();
    for hop in forwarded.rev() {
        if !is_trusted(&client) {
            break;
        }
        match address(hop.trim()) {
            Some(ip) => client = ip.to_canonical(),
            None => break,
        }
    }
    client
}

/// An address as proxies write it: some add the port (`203.0.113.7:4711`, `[2001:db8::7]:4711`),
/// some brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse().ok().map(|address: SocketAddr| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse().ok().or_else(with_port).or_else(in_brackets)
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
    fn only_hops_of_ours_are_believed() {
        let trusted = [
            "10.0.0.0/8".parse().expect("a net"),
            "::1/128".parse().expect("a net"),
        ];
        for (peer, forwarded, client) in [
            ("198.51.100.1", vec!["203.0.113.7"], "198.51.100.1"),
            ("10.0.0.1", vec!["203.0.113.7"], "203.0.113.7"),
            ("::ffff:10.0.0.1", vec!["::ffff:203.0.113.7"], "203.0.113.7"),
            ("::1", vec!["2001:DB8::7"], "2001:db8::7"),
            ("10.0.0.1", vec!["203.0.113.7", "10.9.9.9"], "203.0.113.7"),
            ("10.0.0.1", vec!["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", vec!["203.0.113.7", "junk"], "10.0.0.1"),
            ("10.0.0.1", vec!["203.0.113.7:443"], "203.0.113.7"),
            ("10.0.0.1", vec!["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", vec!["[2001:db8::7]"], "2001:db8::7"),
            ("10.0.0.1", vec!["203.0.113.7:"], "10.0.0.1"),
            ("10.0.0.1", vec!["203.0.113.7:443:1"], "10.0.0.1"),
            ("10.0.0.1", vec!["unknown"], "10.0.0.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
        ] {
            assert_eq!(
                client_ip(ip(peer), forwarded.into_iter(), &trusted),
                ip(client),
                "{peer}"
            );
        }
    }

    #[test]
    fn a_user_agent_is_cut_and_cannot_forge_lines() {
        let hostile = format!("<b>\r\n\u{202e}evil\u{0}{}", "x".repeat(10_000));
        let device = Device::new(Some(&hostile), None, KeptIp::None);
        assert!(device.user_agent.starts_with("<b>evilxxx"));
        assert_eq!(device.user_agent.chars().count(), Device::USER_AGENT);
    }
}
