//! Networks of addresses, as roles and users are bound to them.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// An address with the length of its network: `10.0.0.0/8`, or one address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANetwork;

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an address or a network such as 10.0.0.0/8")
    }
}

impl core::error::Error for NotANetwork {}

const fn full_length(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let full = full_length(address);
        let length = match length {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
            None => full,
        };
        match length <= full {
            true => Ok(Self { address, length }),
            false => Err(NotANetwork),
        }
    }
}

/// A single address stands without its length.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length == full_length(self.address) {
            true => write!(f, "{}", self.address),
            false => write!(f, "{}/{}", self.address, self.length),
        }
    }
}

impl Network {
    /// Is the address in it? An IPv4 address counts as one also where it comes as IPv6.
    pub fn contains(&self, address: IpAddr) -> bool {
        let cut = |bits: u128, full: u8| {
            let host = u32::from(full.saturating_sub(self.length));
            bits.checked_shr(host).unwrap_or(0)
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                cut(u32::from(own).into(), 32) == cut(u32::from(other).into(), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => cut(own.into(), 128) == cut(other.into(), 128),
            _ => false,
        }
    }

    /// Is every address of the other in it?
    pub fn covers(&self, other: &Self) -> bool {
        let is_same_sort = self.address.is_ipv4() == other.address.is_ipv4();
        is_same_sort && self.length <= other.length && self.contains(other.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_network_and_what_it_contains() {
        let check = |network: &str, address: &str, expected| {
            let network: Network = network.parse().unwrap();
            let address = address.parse().unwrap();
            assert_eq!(network.contains(address), expected, "{network} {address}");
        };
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.1/8", "10.9.9.9", true);
        check("10.0.0.1", "10.0.0.1", true);
        check("10.0.0.1", "10.0.0.2", false);
        check("0.0.0.0/0", "255.255.255.255", true);
        check("0.0.0.0/0", "::1", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("::/0", "fe80::1", true);
        check("fe80::/10", "fe80::1", true);
        check("fe80::/10", "fec0::1", false);
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "x",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0/8",
            "::/129",
            "10.0.0.1:80",
            "/tmp/socket",
            "10.0.0.0/8/8",
            "010.0.0.1",
            "::1/x",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn a_network_covers_smaller_ones() {
        let check = |outer: &str, inner: &str, expected| {
            let (outer, inner): (Network, Network) =
                (outer.parse().unwrap(), inner.parse().unwrap());
            assert_eq!(outer.covers(&inner), expected, "{outer} {inner}");
        };
        check("10.0.0.0/8", "10.1.0.0/16", true);
        check("10.0.0.0/8", "10.0.0.0/8", true);
        check("10.1.0.0/16", "10.0.0.0/8", false);
        check("10.0.0.0/8", "11.0.0.0/16", false);
        check("0.0.0.0/0", "::1", false);
        check("::/0", "10.0.0.1", false);
    }
}
