//! PEM, written.

const LINE_BYTES: usize = 64;

/// A text with one block.
pub(crate) fn write(label: &str, bytes: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let digits = sdk::to_base64(bytes);
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE_BYTES).unwrap_or((rest, ""));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for length in [0, 1, 47, 48, 49, 200] {
            let text = write("A B", &vec![7; length]);
            assert!(text.lines().all(|line| line.len() <= LINE_BYTES));
            let blocks = sdk::from_pem(&text).unwrap();
            assert_eq!((blocks.len(), blocks[0].label.as_str()), (1, "A B"));
            assert_eq!(blocks[0].bytes, vec![7; length]);
        }
    }
}
