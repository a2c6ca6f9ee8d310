//! Networks that a token is bound to.

use crate::Token;
use core::net::IpAddr;

/// May the token be used from this address? One that is bound to nothing may from everywhere; a
/// network that cannot be read lets nobody in.
pub fn is_bound_to(token: &Token, address: IpAddr) -> bool {
    token.bound_cidrs.is_empty() || token.bound_cidrs.iter().any(|cidr| contains(cidr, address))
}

/// The spelling of a network that a token can be bound to: a single address stands without its
/// length. None for what is neither an address nor a network.
pub fn parse_network(text: &str) -> Option<String> {
    let text = text.trim();
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let bits = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    };
    match length {
        None => Some(address.to_owned()),
        Some(length) if length == bits => Some(address.to_owned()),
        Some(length) if length < bits => Some(text.to_owned()),
        Some(_) => None,
    }
}

fn contains(cidr: &str, address: IpAddr) -> bool {
    let (network, length) = match cidr.split_once('/') {
        Some((network, length)) => (network, length.parse::<u32>().ok()),
        None => (cidr, Some(128)),
    };
    let (Ok(network), Some(length)) = (network.parse::<IpAddr>(), length) else {
        return false;
    };
    match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let mask = u32::MAX
                .checked_shl(32_u32.saturating_sub(length))
                .unwrap_or(0);
            u32::from(network) & mask == u32::from(address) & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let mask = u128::MAX
                .checked_shl(128_u32.saturating_sub(length))
                .unwrap_or(0);
            u128::from(network) & mask == u128::from(address) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{contains, parse_network};

    #[test]
    fn spellings() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse_network(text).as_deref(), expected, "{text}");
        };
        check("1.1.1.1/32", Some("1.1.1.1"));
        check(" 1.1.1.1", Some("1.1.1.1"));
        check("::1/128", Some("::1"));
        check("10.1.2.3/8", Some("10.1.2.3/8"));
        check("10.0.0.0/33", None);
        check("zz", None);
        check("", None);
    }

    #[test]
    fn table() {
        let check = |cidr: &str, address: &str, expected: bool| {
            assert_eq!(
                contains(cidr, address.parse().unwrap()),
                expected,
                "{cidr} {address}"
            );
        };
        check("10.0.0.0/8", "10.1.2.3", true);
        check("10.0.0.0/8", "11.1.2.3", false);
        check("10.0.0.1", "10.0.0.1", true);
        check("10.0.0.1", "10.0.0.2", false);
        check("0.0.0.0/0", "1.2.3.4", true);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("fd00::/8", "fd00::1", true);
        check("fd00::/8", "fe00::1", false);
        check("10.0.0.0/x", "10.0.0.1", false);
        check("nonsense", "10.0.0.1", false);
    }
}
