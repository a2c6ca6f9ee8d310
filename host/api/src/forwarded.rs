//! Whose word on the client's address is taken.

use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;

/// A block of addresses, `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressBlock {
    first: u128,
    mask: u128,
    is_v4: bool,
}

/// A text that is no block of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a block of addresses")]
pub struct AddressBlockError(String);

impl AddressBlock {
    /// Is `address` in this block? IPv4 inside IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (number, is_v4) = number_of(address);
        is_v4 == self.is_v4 && number & self.mask == self.first
    }
}

impl FromStr for AddressBlock {
    type Err = AddressBlockError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AddressBlockError(text.to_owned());
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text.trim(), None),
        };
        let (number, is_v4) = number_of(address.parse().map_err(|_| wrong())?);
        let bits = if is_v4 { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse::<u32>().map_err(|_| wrong())?,
            None => bits,
        };
        let host_bits = bits.checked_sub(length).ok_or_else(wrong)?;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        Ok(Self {
            first: number & mask,
            mask,
            is_v4,
        })
    }
}

fn number_of(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), true),
        IpAddr::V6(v6) => (u128::from(v6), false),
    }
}

/// What to do where a rule of [`ForwardedRules`] is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// Refuse the request.
    Refuse,
    /// Take the connection's own address.
    UseConnection,
}

/// When `X-Forwarded-For` is believed. Without rules it never is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardedRules {
    /// The proxies that may send it.
    pub authorized: Vec<AddressBlock>,
    /// How many entries from the end are further proxies.
    pub hop_skips: usize,
    /// For a peer that is not one of the proxies.
    pub not_authorized: Otherwise,
    /// For a proxy's request without the header.
    pub not_present: Otherwise,
}

impl ForwardedRules {
    /// The client's address, from the connection's and the header's values in their order.
    ///
    /// # Errors
    /// A message for the caller, 400.
    pub(crate) fn client_address(
        &self,
        connection: SocketAddr,
        values: &[&str],
    ) -> Result<SocketAddr, String> {
        let refuse = |otherwise: Otherwise, message: &str| match otherwise {
            Otherwise::Refuse => Err(message.to_owned()),
            Otherwise::UseConnection => Ok(connection),
        };
        if values.is_empty() {
            return refuse(
                self.not_present,
                "missing x-forwarded-for header and configured to reject when not present",
            );
        }
        if !self
            .authorized
            .iter()
            .any(|block| block.contains(connection.ip()))
        {
            return refuse(
                self.not_authorized,
                "client address not authorized for x-forwarded-for and configured to reject connection",
            );
        }
        let chain: Vec<&str> = values.iter().flat_map(|value| value.split(',')).collect();
        let index = chain.len().checked_sub(1 + self.hop_skips);
        let Some(entry) = index.and_then(|index| chain.get(index)) else {
            return Err(format!(
                "malformed x-forwarded-for configuration or request, hops to skip ({}) would skip before earliest chain link (chain length {})",
                self.hop_skips,
                chain.len()
            ));
        };
        let address = parse_entry(entry.trim())
            .ok_or_else(|| String::from("malformed x-forwarded-for address"))?;
        Ok(SocketAddr::new(address, connection.port()))
    }
}

/// `1.2.3.4`, `1.2.3.4:80`, `::1` or `[::1]:80`.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|e| e.strip_suffix(']'));
    bare.unwrap_or(entry)
        .parse()
        .or_else(|_| entry.parse::<SocketAddr>().map(|address| address.ip()))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let check = |block: &str, address: &str, expected: Option<bool>| {
            let block = block.parse::<AddressBlock>().ok();
            let inside = block.map(|block| block.contains(address.parse().unwrap()));
            assert_eq!(inside, expected, "{block:?} {address}");
        };
        check("10.0.0.0/8", "10.255.0.1", Some(true));
        check("10.0.0.0/8", "11.0.0.1", Some(false));
        check("10.1.2.3/8", "10.9.9.9", Some(true));
        check("10.0.0.1", "10.0.0.1", Some(true));
        check("10.0.0.1", "10.0.0.2", Some(false));
        check("0.0.0.0/0", "1.2.3.4", Some(true));
        check("0.0.0.0/0", "::1", Some(false));
        check("127.0.0.1", "::ffff:127.0.0.1", Some(true));
        check("fd00::/8", "fd12::1", Some(true));
        check("::/0", "fd12::1", Some(true));
        check("10.0.0.0/33", "10.0.0.1", None);
        check("localhost", "10.0.0.1", None);
        check("10.0.0.0/", "10.0.0.1", None);
    }

    #[test]
    fn addresses() {
        let rules = ForwardedRules {
            authorized: vec!["10.0.0.0/8".parse().unwrap()],
            hop_skips: 0,
            not_authorized: Otherwise::Refuse,
            not_present: Otherwise::Refuse,
        };
        let lax = ForwardedRules {
            not_authorized: Otherwise::UseConnection,
            not_present: Otherwise::UseConnection,
            ..rules.clone()
        };
        let skip = ForwardedRules {
            hop_skips: 1,
            ..rules.clone()
        };
        let check = |rules: &ForwardedRules, from: &str, values: &[&str], expected: &str| {
            let from = SocketAddr::new(from.parse().unwrap(), 7);
            let found = match rules.client_address(from, values) {
                Ok(address) => address.to_string(),
                Err(message) => message,
            };
            assert!(found.starts_with(expected), "{found} {expected}");
        };
        check(&rules, "10.0.0.1", &["1.2.3.4"], "1.2.3.4:7");
        check(&rules, "10.0.0.1", &["9.9.9.9, 1.2.3.4"], "1.2.3.4:7");
        check(&rules, "10.0.0.1", &["9.9.9.9", "1.2.3.4:88"], "1.2.3.4:7");
        check(&rules, "10.0.0.1", &["[fd00::1]:88"], "[fd00::1]:7");
        check(&rules, "10.0.0.1", &["x"], "malformed x-forwarded-for addr");
        check(&rules, "10.0.0.1", &[], "missing x-forwarded-for");
        check(&rules, "8.8.8.8", &["1.2.3.4"], "client address not auth");
        check(&lax, "10.0.0.1", &[], "10.0.0.1:7");
        check(&lax, "8.8.8.8", &["1.2.3.4"], "8.8.8.8:7");
        check(&skip, "10.0.0.1", &["1.2.3.4, 10.0.0.9"], "1.2.3.4:7");
        check(
            &skip,
            "10.0.0.1",
            &["1.2.3.4"],
            "malformed x-forwarded-for conf",
        );
    }
}
