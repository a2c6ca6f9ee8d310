//! Which hosts are granted. Pure.

use crate::address::{Reach, canonical, reach};
use core::fmt;
use std::net::IpAddr;

/// Hosts that may be reached: what an operator grants to a mount, or what a component's manifest
/// asks for.
///
/// `api.example.com`, `*.example.com` and `*` are names, `10.1.2.3` and `[fd00::1]` addresses, each
/// with a port behind a colon or with any port; `10.0.0.0/8` is a network. A name never leads to a
/// private address, unless that address is granted too, by itself or in a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(Vec<Grant>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Grant {
    Host { host: Pattern, port: Option<u16> },
    Network { address: IpAddr, bits: u8 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Any,
    /// All below a name, which begins with a dot.
    Below(String),
    Name(String),
    Address(IpAddr),
}

/// The host of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// In lowercase.
    Name(String),
    Address(IpAddr),
}

/// A grant that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It is none.
    #[error("{0:?} is neither a host, nor a host and a port, nor a network")]
    Malformed(String),
    /// The component does not ask for it.
    #[error("{0:?} is not among the hosts that the plugin declares")]
    Undeclared(String),
    /// Nothing there can ever be reached.
    #[error("{0:?} leads to addresses that are never granted")]
    Never(String),
}

/// Longest name of a host, as DNS has it.
const NAME_BYTES_MAX: usize = 253;

impl Grants {
    /// Reads a list.
    ///
    /// # Errors
    /// [`GrantError`] for the first that is none.
    pub fn parse(texts: &[String]) -> Result<Self, GrantError> {
        let grants = texts.iter().map(|text| Grant::parse(text));
        grants.collect::<Result<_, _>>().map(Self)
    }

    /// Is there anything in it?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that all of `granted` is asked for here.
    ///
    /// # Errors
    /// [`GrantError::Undeclared`] for the first that is not.
    pub fn check_declared(&self, granted: &Self) -> Result<(), GrantError> {
        let covers = |wanted: &Grant| self.0.iter().any(|declared| declared.covers(wanted));
        match granted.0.iter().find(|wanted| !covers(wanted)) {
            Some(wanted) => Err(GrantError::Undeclared(wanted.to_string())),
            None => Ok(()),
        }
    }

    /// Is a host granted, at this port?
    pub(crate) fn has_host(&self, host: &Host, port: u16) -> bool {
        self.0.iter().any(|grant| match (grant, host) {
            (
                Grant::Host {
                    host: pattern,
                    port: at,
                },
                host,
            ) => at.is_none_or(|at| at == port) && pattern.has(host),
            (Grant::Network { .. }, Host::Address(address)) => grant.has_address(*address),
            (Grant::Network { .. }, Host::Name(_)) => false,
        })
    }

    /// May a connection go to an address that a granted host leads to?
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        match reach(address) {
            Reach::Never => false,
            Reach::Public => true,
            Reach::Private => self.0.iter().any(|grant| grant.has_address(address)),
        }
    }
}

impl Grant {
    fn parse(text: &str) -> Result<Self, GrantError> {
        let malformed = || GrantError::Malformed(text.to_owned());
        if let Some((address, bits)) = text.split_once('/') {
            let address = canonical(address.parse().map_err(|_| malformed())?);
            let bits: u8 = bits.parse().map_err(|_| malformed())?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            return match bits <= most {
                true => Ok(Self::Network { address, bits }),
                false => Err(malformed()),
            };
        }
        let (host, port) = split_port(text).ok_or_else(malformed)?;
        let host = match Host::parse(host) {
            Some(Host::Address(address)) if reach(address) == Reach::Never => {
                return Err(GrantError::Never(text.to_owned()));
            }
            Some(Host::Address(address)) => Pattern::Address(address),
            Some(Host::Name(name)) => Pattern::Name(name),
            None if host == "*" => Pattern::Any,
            None => match host.strip_prefix('*').map(|below| (below, below.get(1..))) {
                Some((below, Some(name))) if below.starts_with('.') && is_name(name) => {
                    Pattern::Below(below.to_ascii_lowercase())
                }
                _ => return Err(malformed()),
            },
        };
        Ok(Self::Host { host, port })
    }

    /// Does this one, of a manifest, ask for all that `wanted` grants? Networks grant nothing by
    /// themselves to who asks for names, and are the operator's own to decide.
    fn covers(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (_, Self::Network { .. }) => true,
            (Self::Network { .. }, Self::Host { host, .. }) => match host {
                Pattern::Address(address) => self.has_address(*address),
                _ => false,
            },
            (
                Self::Host { host, port },
                Self::Host {
                    host: wanted,
                    port: at,
                },
            ) => (port.is_none() || port == at) && host.covers(wanted),
        }
    }

    /// Names it this very address, or the network of it?
    fn has_address(&self, wanted: IpAddr) -> bool {
        let wanted = canonical(wanted);
        match self {
            Self::Host { host, .. } => matches!(host, Pattern::Address(one) if *one == wanted),
            Self::Network { address, bits } => {
                let shift = |most: u32| most.saturating_sub(u32::from(*bits));
                match (address, wanted) {
                    (IpAddr::V4(net), IpAddr::V4(wanted)) => {
                        let differ = net.to_bits() ^ wanted.to_bits();
                        differ.checked_shr(shift(32)).unwrap_or(0) == 0
                    }
                    (IpAddr::V6(net), IpAddr::V6(wanted)) => {
                        let differ = net.to_bits() ^ wanted.to_bits();
                        differ.checked_shr(shift(128)).unwrap_or(0) == 0
                    }
                    _ => false,
                }
            }
        }
    }
}

impl Pattern {
    fn has(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Below(below), Host::Name(name)) => name.ends_with(below.as_str()),
            (Self::Name(own), Host::Name(name)) => own == name,
            (Self::Address(own), Host::Address(address)) => own == address,
            _ => false,
        }
    }

    fn covers(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Any, _) => true,
            (Self::Below(own), Self::Below(below)) => below.ends_with(own.as_str()),
            (own, Self::Name(name)) => own.has(&Host::Name(name.clone())),
            (own, wanted) => own == wanted,
        }
    }
}

impl Host {
    /// A name or an address; addresses of IPv6 in brackets.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bracketed = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(inner) = bracketed {
            let address: std::net::Ipv6Addr = inner.parse().ok()?;
            return Some(Self::Address(canonical(IpAddr::V6(address))));
        }
        if let Ok(address) = text.parse::<std::net::Ipv4Addr>() {
            return Some(Self::Address(IpAddr::V4(address)));
        }
        is_name(text).then(|| Self::Name(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = match self {
            Self::Network { address, bits } => return write!(f, "{address}/{bits}"),
            Self::Host { host, port } => (host, port),
        };
        match host {
            Pattern::Any => f.write_str("*")?,
            Pattern::Below(below) => write!(f, "*{below}")?,
            Pattern::Name(name) => f.write_str(name)?,
            Pattern::Address(address) => Host::Address(*address).fmt(f)?,
        }
        port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Host and port; the colons within brackets are none of it.
pub(crate) fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let after = text.rfind(']').unwrap_or(0);
    let Some(colon) = text.get(after..)?.find(':').map(|at| at + after) else {
        return Some((text, None));
    };
    let (host, port) = text.split_at_checked(colon)?;
    let port = port.strip_prefix(':')?;
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = port.parse().ok().filter(|port| digits && *port > 0)?;
    Some((host, Some(port)))
}

/// Labels of letters, digits, dashes and underscores. The last one is no number: what looks like an
/// address is one, or nothing.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(fine)
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    text.len() <= NAME_BYTES_MAX && text.split('.').all(is_label) && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grants(texts: &[&str]) -> Grants {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Grants::parse(&texts).unwrap()
    }

    #[test]
    fn hosts_are_granted_by_name_port_and_address() {
        let check = |granted: &str, host: &str, port: u16, expected: bool| {
            let host = Host::parse(host).unwrap();
            let found = grants(&[granted]).has_host(&host, port);
            assert_eq!(found, expected, "{granted} {host} {port}");
        };
        check("api.example.com", "api.example.com", 443, true);
        check("api.example.com", "API.example.com", 8443, true);
        check("api.example.com", "evil-api.example.com", 443, false);
        check("api.example.com", "api.example.com.evil.org", 443, false);
        check("api.example.com:8443", "api.example.com", 443, false);
        check("api.example.com:8443", "api.example.com", 8443, true);
        check("*.example.com", "a.b.example.com", 443, true);
        check("*.example.com", "example.com", 443, false);
        check("*.example.com", "evilexample.com", 443, false);
        check("*", "anything.org", 443, true);
        check("*", "1.1.1.1", 443, true);
        check("10.1.2.3", "10.1.2.3", 443, true);
        check("10.1.2.3", "10.1.2.4", 443, false);
        check("[::ffff:10.1.2.3]", "10.1.2.3", 443, true);
        check("10.0.0.0/8", "10.200.0.1", 443, true);
        check("10.0.0.0/8", "11.0.0.1", 443, false);
        check("fd12::/16", "[fd12:3::4]", 443, true);
        check("0.0.0.0/0", "8.8.8.8", 443, true);
        check("10.0.0.0/8", "localhost", 443, false);
    }

    #[test]
    fn private_addresses_are_granted_as_addresses() {
        let check = |granted: &[&str], address: &str, expected: bool| {
            let found = grants(granted).has_address(address.parse().unwrap());
            assert_eq!(found, expected, "{granted:?} {address}");
        };
        check(&["api.example.com"], "8.8.8.8", true);
        check(&["api.example.com"], "10.1.2.3", false);
        check(&["*"], "127.0.0.1", false);
        check(&["*", "127.0.0.1"], "127.0.0.1", true);
        check(&["*", "127.0.0.1"], "::ffff:127.0.0.1", true);
        check(&["*", "10.0.0.0/8"], "10.9.8.7", true);
        check(&["*", "0.0.0.0/0"], "169.254.169.254", false);
        check(&["*", "::/0"], "fe80::1", false);
    }

    #[test]
    fn only_what_is_declared_can_be_granted() {
        let check = |declared: &str, granted: &str, expected: bool| {
            let found = grants(&[declared]).check_declared(&grants(&[granted]));
            assert_eq!(found.is_ok(), expected, "{declared} {granted}");
        };
        check("*", "api.example.com", true);
        check("*", "*", true);
        check("*", "127.0.0.1:8200", true);
        check("*.example.com", "api.example.com", true);
        check("*.example.com", "*.eu.example.com", true);
        check("*.example.com", "*", false);
        check("*.example.com", "example.com", false);
        check("api.example.com", "api.example.com:443", true);
        check("api.example.com:443", "api.example.com", false);
        check("api.example.com", "10.1.2.3", false);
        check("api.example.com", "10.0.0.0/8", true);
        let none = Grants::default().check_declared(&grants(&["a.org"]));
        assert_eq!(none, Err(GrantError::Undeclared("a.org".into())));
    }

    #[test]
    fn what_is_no_grant_is_refused() {
        let check = |text: &str| Grants::parse(&[text.to_owned()]).unwrap_err();
        for text in [
            "",
            "http://a.org",
            "a.org/path",
            "a..org",
            "a.org:0",
            "a.org:65536",
            "a.org:+1",
            "user@a.org",
            "*a.org",
            "*.",
            "a.*.org",
            "127.1",
            "2130706433",
            "0x7f000001",
            "10.0.0.0/33",
            "[::1",
            "::1",
            "a org",
        ] {
            assert_eq!(check(text), GrantError::Malformed(text.into()));
        }
        assert!(matches!(check("169.254.169.254"), GrantError::Never(_)));
        assert!(matches!(check("0.0.0.0:80"), GrantError::Never(_)));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "(\\*\\.)?[a-z]{1,5}(\\.[a-z-]{1,5}){0,3}(:[1-9][0-9]{0,3})?") {
            let grants = grants(&[&text]);
            prop_assert_eq!(grants.0[0].to_string(), text);
        }

        #[test]
        fn anything_can_be_read_or_refused(text in "\\PC{0,40}") {
            let _ = Grants::parse(&[text]);
        }
    }
}
