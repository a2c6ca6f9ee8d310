//! Patterns in which `*` stands for any text, the empty one too. Nothing else is special.

/// Does all of `text` match?
///
/// Takes time in the product of both lengths at most.
pub fn matches_glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        // The first place leaves the most for the parts that follow.
        match text.split_once(part) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "A", false),
            ("*", "", true),
            ("**", "abc", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "ac", true),
            ("a*bc", "abbc", true),
            ("ab*bc", "abc", false),
            ("*b*", "abc", true),
            ("a*b*c*", "aXbXc", true),
            ("a*b*c", "aXcXb", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "example.com", false),
            ("ü*", "über", true),
        ] {
            assert_eq!(matches_glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
