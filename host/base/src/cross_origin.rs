//! Which web pages may ask from a browser.

/// The rules for requests of other origins, `sys/config/cors`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrossOrigin {
    /// The origins that may ask, or `*` alone.
    pub origins: Vec<String>,
    /// The headers that they may send.
    pub headers: Vec<String>,
    /// May they send what the browser keeps for this server?
    pub credentials: bool,
}

impl CrossOrigin {
    /// May pages of this origin ask?
    pub fn allows(&self, origin: &str) -> bool {
        let mut origins = self.origins.iter();
        origins.any(|allowed| allowed == "*" || allowed == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_whole() {
        let check = |allowed: &str, origin: &str, expected: bool| {
            let rules = CrossOrigin {
                origins: vec![allowed.to_owned()],
                ..CrossOrigin::default()
            };
            assert_eq!(rules.allows(origin), expected, "{allowed} {origin}");
        };
        check("*", "https://a", true);
        check("https://a", "https://a", true);
        check("https://a", "https://a:8443", false);
        check("https://a", "https://a.b", false);
        check("https://a", "null", false);
    }
}
