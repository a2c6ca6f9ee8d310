//! What an entry wants of a certificate, and what it tells of it.

use crate::entry::Entry;
use crate::x509::Certificate;
use crate::x509::certificate::extension_text;
use core::fmt::Write;
use sdk::matches_glob;

/// An extension that must be there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Required<'a> {
    is_hex: bool,
    oid: &'a str,
    glob: &'a str,
}

/// Reads `oid:glob` or `hex:oid:glob`.
pub(crate) fn required(text: &str) -> Option<Required<'_>> {
    let (is_hex, text) = match text.strip_prefix("hex:") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (oid, glob) = text.split_once(':')?;
    let is_oid = oid.contains('.') && oid.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_oid.then_some(Required { is_hex, oid, glob })
}

/// Is the certificate one that the entry takes?
pub(crate) fn are_allowed(entry: &Entry, certificate: &Certificate) -> bool {
    let names = &certificate.names;
    let common = core::slice::from_ref(&names.common);
    let all = [common, &names.dns, &names.emails].concat();
    any(&entry.allowed_names, &all)
        && any(&entry.allowed_common_names, common)
        && any(&entry.allowed_dns_sans, &names.dns)
        && any(&entry.allowed_email_sans, &names.emails)
        && any(&entry.allowed_uri_sans, &names.uris)
        && any(&entry.allowed_organizational_units, &names.units)
        && entry
            .required_extensions
            .iter()
            .flatten()
            .all(|text| required(text).is_some_and(|required| has(certificate, &required)))
}

/// Does one of the globs match one of the names? There may be none.
fn any(globs: &Option<Vec<String>>, names: &[String]) -> bool {
    let Some(globs) = globs.as_deref().filter(|globs| !globs.is_empty()) else {
        return true;
    };
    let matches = |glob: &String| names.iter().any(|name| matches_glob(glob, name));
    globs.iter().any(matches)
}

fn has(certificate: &Certificate, required: &Required<'_>) -> bool {
    let value = certificate.extension(required.oid);
    value.is_some_and(|value| match required.is_hex {
        true => matches_glob(&required.glob.to_lowercase(), &hex(value, "")),
        false => matches_glob(required.glob, extension_text(value)),
    })
}

/// What a token tells of the certificate.
pub(crate) fn metadata(
    name: &str,
    entry: &Entry,
    certificate: &Certificate,
) -> Vec<(String, String)> {
    let mut metadata = vec![
        (
            "authority_key_id".to_owned(),
            hex(&certificate.authority_key_id, ":"),
        ),
        ("cert_name".to_owned(), name.to_owned()),
        ("common_name".to_owned(), certificate.names.common.clone()),
        ("serial_number".to_owned(), certificate.serial_text.clone()),
        (
            "subject_key_id".to_owned(),
            hex(&certificate.subject_key_id, ":"),
        ),
    ];
    for oid in entry.allowed_metadata_extensions.iter().flatten() {
        if let Some(value) = certificate.extension(oid) {
            metadata.push((oid.replace('.', "-"), extension_text(value).to_owned()));
        }
    }
    metadata
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8], between: &str) -> String {
    let mut text = String::with_capacity(bytes.len() * (2 + between.len()));
    for byte in bytes {
        if !text.is_empty() {
            text.push_str(between);
        }
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_extensions() {
        for (text, expected) in [
            ("1.2.3:x", Some((false, "1.2.3", "x"))),
            ("1.2.3:", Some((false, "1.2.3", ""))),
            ("1.2.3:a:b*", Some((false, "1.2.3", "a:b*"))),
            ("hex:1.2.3:0c*", Some((true, "1.2.3", "0c*"))),
            ("1.2.3", None),
            ("x:y", None),
            ("hex:x", None),
            ("", None),
        ] {
            let found = required(text).map(|found| (found.is_hex, found.oid, found.glob));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn texts_of_extensions() {
        for (value, expected) in [
            (&b"\x0c\x03abc"[..], "abc"),
            (b"\x13\x01a", "a"),
            (b"\x16\x03ia5", "ia5"),
            (b"\x0c\x04abc", ""),
            (b"\x0c\x02abc", ""),
            (b"\x04\x03abc", ""),
            (b"\x0c\x02\xff\xff", ""),
            (b"abc", ""),
            (b"", ""),
        ] {
            assert_eq!(extension_text(value), expected, "{value:?}");
        }
        for length in [127_u16, 128, 255, 256, 65_535] {
            let text = "x".repeat(usize::from(length));
            let [high, low] = length.to_be_bytes();
            let head = match length {
                ..=127 => vec![0x0c, low],
                128..=255 => vec![0x0c, 0x81, low],
                _ => vec![0x0c, 0x82, high, low],
            };
            let value = [head, text.clone().into_bytes()].concat();
            assert_eq!(extension_text(&value), text);
        }
    }
}
