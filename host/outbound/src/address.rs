//! What an IP address leads to. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who can be behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anybody on the Internet.
    Public,
    /// This machine or its neighbors: only where the address itself was granted.
    Private,
    /// Nobody who is to be asked: clouds' metadata, link-local, multicast, no address at all.
    Never,
}

/// Where clouds give out credentials, besides link-local addresses.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// Tells what an address leads to.
pub(crate) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => reach_v4(address),
            None => reach_v6(address),
        },
    }
}

/// The address that one is another spelling of: grants and rules are about that one.
pub(crate) fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [first, second, third, _] = address.octets();
    match (first, second, third) {
        _ if METADATA_V4.contains(&address) => Reach::Never,
        // This network, link-local, multicast, and what is reserved, with the broadcast address.
        (0, ..) | (169, 254, _) | (224..=255, ..) => Reach::Never,
        (10 | 127, ..) | (172, 16..=31, _) | (192, 168, _) => Reach::Private,
        // Shared by carriers, given to protocols, kept for benchmarks.
        (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _) => Reach::Private,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let [first, second, ..] = address.segments();
    match (first, second) {
        _ if METADATA_V6.contains(&address) || address.is_unspecified() => Reach::Never,
        // Link-local and multicast.
        (0xfe80..=0xfebf | 0xff00..=0xffff, _) => Reach::Never,
        // Teredo hides an address that cannot be looked at.
        (0x2001, 0) => Reach::Never,
        // Unique local, site-local, discard-only, and all below 2000::, where loopback is.
        (0xfc00..=0xfdff | 0xfec0..=0xfeff | 0x0000..=0x1fff, _) => Reach::Private,
        _ => Reach::Public,
    }
}

/// The IPv4 address within one that carries it: mapped, compatible, translated (64:ff9b::/96), 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| {
        let [one, two] = high.to_be_bytes();
        let [three, four] = low.to_be_bytes();
        Some(Ipv4Addr::new(one, two, three, four))
    };
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => of(g, h),
        (0, 0, 0, 0, 0, 0) if !address.is_loopback() && !address.is_unspecified() => of(g, h),
        (0x2002, ..) => of(b, c),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_where_they_lead() {
        let check = |address: &str, expected: Reach| {
            assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
        };
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
        ] {
            check(public, Reach::Public);
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "198.18.0.1",
            "::1",
            "fd12::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:0001::",
        ] {
            check(private, Reach::Private);
        }
        for never in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "2001::1",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::",
            "::ffff:0.0.0.0",
        ] {
            check(never, Reach::Never);
        }
    }
}
