//! A call that is refused, told by the end that was called: in the answer or in its trailers.

use http::{HeaderMap, HeaderName, HeaderValue};

/// In trailers: why the rest of the frames does not come.
pub(crate) const REFUSED: HeaderName = HeaderName::from_static("casemate-refused");

/// The longest reason that is told or read, in bytes.
pub(crate) const REASON_BYTES_MAX: usize = 1024;

/// Trailers that tell the reason.
pub(crate) fn write(reason: &str) -> HeaderMap {
    let bytes = shortened(reason).as_bytes();
    // What a header cannot have becomes a space: a reason is to be read by people.
    let visible = bytes.iter().map(|byte| match byte {
        b' '..=b'~' | 0x80.. => *byte,
        _ => b' ',
    });
    let mut trailers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(&visible.collect::<Vec<_>>()) {
        trailers.insert(REFUSED, value);
    }
    trailers
}

/// The reason that trailers tell.
pub(crate) fn read(trailers: &HeaderMap) -> Option<String> {
    trailers.get(REFUSED).map(|value| text(value.as_bytes()))
}

/// As much of a reason as is told.
pub(crate) fn shortened(reason: &str) -> &str {
    reason
        .get(..reason.floor_char_boundary(REASON_BYTES_MAX))
        .unwrap_or_default()
}

/// What the other end said, for an operator: of bounded length and on one line.
pub(crate) fn text(bytes: &[u8]) -> String {
    let bytes = bytes.get(..REASON_BYTES_MAX).unwrap_or(bytes);
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    String::from_utf8_lossy(bytes)
        .chars()
        .map(visible)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_comes_as_it_went_but_on_one_line() {
        let long = "ä".repeat(REASON_BYTES_MAX);
        let cases = [
            ("no such method", "no such method"),
            ("Zürich is sealed", "Zürich is sealed"),
            ("a\r\nset: b", "a  set: b"),
            ("", ""),
            (&long, long.get(..REASON_BYTES_MAX).unwrap()),
        ];
        for (reason, expected) in cases {
            assert_eq!(read(&write(reason)).as_deref(), Some(expected));
            assert_eq!(text(shortened(reason).as_bytes()), expected);
        }
        assert_eq!(read(&HeaderMap::new()), None);
    }
}
