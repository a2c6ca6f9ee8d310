//! PEM: bytes in base64 between two lines that say what they are.

use crate::base64;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const LINE_BYTES: usize = 64;

/// One block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// `CERTIFICATE`, `PUBLIC KEY`, …
    pub(crate) label: &'a str,
    pub(crate) bytes: Vec<u8>,
}

/// The first block of a text, and what stands behind it.
pub(crate) fn read(text: &str) -> Option<(Block<'_>, &str)> {
    let (_, text) = text.split_once(BEGIN)?;
    let (label, text) = text.split_once(DASHES)?;
    let (body, text) = text.split_once(END)?;
    let rest = text.strip_prefix(label)?.strip_prefix(DASHES)?;
    let digits: String = body.split_ascii_whitespace().collect();
    let bytes = base64::decode(&digits).ok()?;
    Some((Block { label, bytes }, rest))
}

/// A text with one block.
pub(crate) fn write(label: &str, bytes: &[u8]) -> String {
    let digits = sdk::to_base64(bytes);
    let lines = digits.len().div_ceil(LINE_BYTES);
    let mut text = String::with_capacity(digits.len() + lines + 2 * (label.len() + 20));
    text.extend([BEGIN, label, DASHES, "\n"]);
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE_BYTES).unwrap_or((rest, ""));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.extend([END, label, DASHES, "\n"]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for length in [0, 1, 47, 48, 49, 200] {
            let bytes = vec![7; length];
            let text = write("A B", &bytes);
            assert!(text.lines().all(|line| line.len() <= LINE_BYTES));
            let both = format!("said\n{text}{}", write("C", b"x").replace('\n', "\r\n"));
            let (one, rest) = read(&both).unwrap();
            assert_eq!(
                one,
                Block {
                    label: "A B",
                    bytes
                }
            );
            let (other, rest) = read(rest).unwrap();
            assert_eq!((other.label, other.bytes.as_slice()), ("C", &b"x"[..]));
            assert_eq!(read(rest), None);
        }
    }

    #[test]
    fn what_is_none() {
        let whole = write("A", b"foo");
        for text in [
            "",
            "Zm9v",
            &whole.replace("END A", "END B"),
            &whole.replace("Zm9v", "Zm9"),
            &whole.replace("-----END A-----", ""),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
