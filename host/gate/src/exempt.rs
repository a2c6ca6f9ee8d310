//! Paths that no rate limit holds for.

/// Beginnings of paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exempt(Vec<String>);

impl Exempt {
    /// All paths that begin with one of these; a slash in front and a star at the end mean nothing, and
    /// an empty text no path at all.
    pub fn new(beginnings: &[String]) -> Self {
        let bare = |text: &String| {
            let text = text.strip_prefix('/').unwrap_or(text);
            text.strip_suffix('*').unwrap_or(text).to_owned()
        };
        let given = beginnings.iter().filter(|text| !text.is_empty());
        Self(given.map(bare).collect())
    }

    /// Is it one of them?
    pub fn holds(&self, path: &str) -> bool {
        self.0.iter().any(|beginning| path.starts_with(beginning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings() {
        let exempt = ["kv/a", "kv/b*", "/kv/c/", ""].map(String::from);
        let exempt = Exempt::new(&exempt);
        let check = |path: &str, expected| assert_eq!(exempt.holds(path), expected, "{path}");
        check("kv/a", true);
        check("kv/a/x", true);
        check("kv/ab", true);
        check("kv/bc", true);
        check("kv/c", false);
        check("kv/c/x", true);
        check("kv/d", false);
        assert!(!Exempt::default().holds("kv/a"));
    }
}
