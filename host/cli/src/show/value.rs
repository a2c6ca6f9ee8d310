//! JSON values in one line, as Go's `%v` prints them.

use serde_json::Value;

/// A value in one line: maps as `map[a:1 b:2]`, lists as `[a b]`, null as `<nil>`.
///
/// Numbers keep the text in which they came.
pub(crate) fn inline(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(inline).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let items: Vec<String> = entries
                .into_iter()
                .map(|(key, value)| format!("{key}:{}", inline(value)))
                .collect();
            format!("map[{}]", items.join(" "))
        }
    }
}

/// A list of strings with each quoted: `["default" "root"]`. Null is an empty list.
pub(crate) fn quoted_list(value: Option<&Value>) -> String {
    let items: Vec<String> = crate::answer::texts(value)
        .iter()
        .map(|text| format!("{text:?}"))
        .collect();
    format!("[{}]", items.join(" "))
}

/// Whether a whole number under this key is a number of seconds.
pub(crate) fn is_duration_key(key: &str) -> bool {
    matches!(key, "ttl" | "period" | "duration" | "lease_max")
        || ["_ttl", "_period", "_duration"]
            .iter()
            .any(|ending| key.ends_with(ending))
}

/// A field of an answer as the table shows it.
pub(crate) fn field(key: &str, value: &Value) -> String {
    match value.as_i64() {
        Some(seconds) if is_duration_key(key) => super::duration::human(seconds),
        _ => inline(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let check = |json: &str, expected: &str| {
            assert_eq!(inline(&serde_json::from_str(json).unwrap()), expected);
        };
        check("null", "<nil>");
        check("1.50", "1.50");
        check("12345678901234567890", "12345678901234567890");
        check(r#"[1,"a",null]"#, "[1 a <nil>]");
        check(r#"{"b":{"y":1},"a":[]}"#, "map[a:[] b:map[y:1]]");
    }

    #[test]
    fn fields() {
        let check = |key: &str, json: &str, expected: &str| {
            assert_eq!(field(key, &serde_json::from_str(json).unwrap()), expected);
        };
        check("ttl", "61", "1m1s");
        check("max_ttl", "0", "0s");
        check("xttl", "61", "61");
        check("x_lease", "61", "61");
        check("max_ttl", "61.5", "61.5");
        check("max_ttl", "\"61\"", "61");
    }
}
