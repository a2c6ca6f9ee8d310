//! PEM: bytes in base64 between two lines that say what they are.
//!
//! Lenient where programs differ (length of lines, white space, text between the blocks), and strict
//! in what the bytes are.

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemBlock {
    /// `CERTIFICATE`, `PUBLIC KEY`, …
    pub label: String,
    /// What stands between the lines.
    pub bytes: Vec<u8>,
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The blocks of a text, in their order. None where there is no whole block at all, one is cut short,
/// holds no base64, or ends with another label than it begins with.
pub fn from_pem(text: &str) -> Option<Vec<PemBlock>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) = after.split_once(DASHES)?;
        let (body, after) = after.split_once(END)?;
        rest = after.strip_prefix(label)?.strip_prefix(DASHES)?;
        let base64: String = body.split_ascii_whitespace().collect();
        blocks.push(PemBlock {
            label: label.to_owned(),
            bytes: crate::from_base64(&base64)?,
        });
    }
    (!blocks.is_empty()).then_some(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let a = "-----BEGIN A-----\nZm9v\n-----END A-----\n";
        let b = "-----BEGIN B C-----\r\nZm\r\n9v\r\n-----END B C-----";
        for (text, expected) in [
            (a.to_owned(), Some(vec!["A"])),
            (
                format!("said\n{a}and\n{b}\nthat is all"),
                Some(vec!["A", "B C"]),
            ),
            (a.replace('\n', " "), Some(vec!["A"])),
            (String::new(), None),
            ("Zm9v".to_owned(), None),
            (a.replace("END A", "END B"), None),
            (a.replace("Zm9v", "Zm9"), None),
            (a.replace("-----END A-----", ""), None),
            (format!("{a}-----BEGIN A-----\nZm9v"), None),
        ] {
            let found = from_pem(&text);
            let labels = found.as_ref().map(|blocks| {
                assert!(blocks.iter().all(|block| block.bytes == b"foo"));
                blocks.iter().map(|block| block.label.as_str()).collect()
            });
            assert_eq!(labels, expected, "{text}");
        }
    }
}
