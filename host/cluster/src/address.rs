//! Addresses as operators write them.

/// A host, by name or IP address, and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// The longest address, in bytes: a name in DNS has 253.
const ADDRESS_BYTES_MAX: usize = 300;

impl Address {
    /// Reads `host:port`, `192.0.2.1:port` or `[2001:db8::1]:port`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(format!("an address has {ADDRESS_BYTES_MAX} bytes at most"));
        }
        let form = || String::from("an address has the form host:port, without a scheme or a path");
        let (host, port) = text.rsplit_once(':').ok_or_else(form)?;
        let port: u16 = port
            .parse()
            .map_err(|_| String::from("its port is no number up to 65535"))?;
        if port == 0 {
            return Err(String::from("port 0 is no port to connect to"));
        }
        let host = match host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
        {
            Some(inner) => {
                let address: core::net::Ipv6Addr = inner
                    .parse()
                    .map_err(|_| String::from("what stands in brackets is no IPv6 address"))?;
                address.to_string()
            }
            None if host.contains(':') && !host.contains('/') => {
                return Err(String::from("an IPv6 address stands in brackets"));
            }
            None => String::from(host),
        };
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
        if host.is_empty() || !host.chars().all(is_plain) {
            return Err(form());
        }
        Ok(Self { host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let cases = [
            ("example.com:8201", Ok(("example.com", 8201))),
            ("192.0.2.1:1", Ok(("192.0.2.1", 1))),
            ("[2001:db8::1]:8201", Ok(("2001:db8::1", 8201))),
            ("example.com", Err("form")),
            (":8201", Err("form")),
            ("https://example.com:8201", Err("form")),
            ("user@example.com:8201", Err("form")),
            ("example.com:", Err("number")),
            ("example.com:8201/", Err("number")),
            ("example.com:65536", Err("number")),
            ("example.com:0", Err("port 0")),
            ("2001:db8::1:8201", Err("brackets")),
            ("[example.com]:8201", Err("IPv6")),
        ];
        for (text, expected) in cases {
            match (Address::parse(text), expected) {
                (Ok(address), Ok((host, port))) => {
                    assert_eq!((address.host.as_str(), address.port), (host, port));
                }
                (Err(reason), Err(word)) => assert!(reason.contains(word), "{text}: {reason}"),
                (parsed, _) => panic!("{text}: {parsed:?}"),
            }
        }
        assert!(Address::parse(&"a".repeat(1000)).is_err());
    }
}
