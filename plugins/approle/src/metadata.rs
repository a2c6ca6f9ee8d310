//! What a secret id says of its bearer: pairs, as a JSON object (also in base64) or as `a=b,c=d`.

use sdk::{Result, from_base64, invalid};
use std::collections::BTreeMap;

/// The pairs that `text` says.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    let decoded = from_base64(text).and_then(|bytes| String::from_utf8(bytes).ok());
    let object = [Some(text), decoded.as_deref()]
        .into_iter()
        .flatten()
        .find_map(|text| serde_json::from_str(text).ok());
    match object {
        Some(pairs) => Ok(pairs),
        None => text.split(',').map(pair).collect(),
    }
}

fn pair(text: &str) -> Result<(String, String)> {
    let pair = text
        .split_once('=')
        .map(|(name, value)| (name.trim(), value.trim()));
    match pair.filter(|(name, value)| !name.is_empty() && !value.is_empty()) {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(invalid(
            "failed to parse metadata: failed to parse the input: invalid <key,value> format",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn table() {
        let check = |text: &str, pairs: Option<&[(&str, &str)]>| {
            let parsed = parse(text).ok();
            let owned = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
            let pairs = pairs.map(|pairs| pairs.iter().map(owned).collect());
            assert_eq!(parsed, pairs, "{text}");
        };
        check("", Some(&[]));
        check("{}", Some(&[]));
        check(
            r#"{"a":"b","c":"d=e,f"}"#,
            Some(&[("a", "b"), ("c", "d=e,f")]),
        );
        check("eyJhIjoiYiJ9", Some(&[("a", "b")]));
        check("a=b, c=d=e", Some(&[("a", "b"), ("c", "d=e")]));
        check("x", None);
        check("=b", None);
        check(r#"{"a":1}"#, None);
        check(r#"{"a":"b""#, None);
    }
}
