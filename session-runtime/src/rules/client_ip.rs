//! The address of a client behind proxies.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

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
    fn only_trusted_hops_are_believed() {
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
}
