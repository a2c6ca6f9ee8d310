//! Custom metadata: a few short texts that people hang on a secret.

use sdk::{Json, Result, invalid};
use std::collections::BTreeMap;

const KEYS_MAX: usize = 64;
const KEY_BYTES_MAX: usize = 128;
const VALUE_BYTES_MAX: usize = 512;

/// Names and texts.
pub(crate) type Custom = BTreeMap<String, String>;

/// Takes an object for custom metadata: numbers and booleans become texts, as everywhere in fields.
pub(crate) fn texts(object: serde_json::Map<String, Json>) -> Result<Custom> {
    object
        .into_iter()
        .map(|(key, value)| Ok((key, text(value)?)))
        .collect()
}

fn text(value: Json) -> Result<String> {
    let found = match value {
        Json::String(text) => return Ok(text),
        Json::Number(number) => return Ok(number.to_string()),
        Json::Bool(flag) => return Ok(u8::from(flag).to_string()),
        Json::Null => return Ok(String::new()),
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    };
    Err(invalid(format!(
        "custom_metadata validation failed: '' expected type 'string', got unconvertible type '{found}'"
    )))
}

/// Are they few, short and printable?
pub(crate) fn check(custom: &Custom) -> Result<()> {
    let mut wrongs = Vec::new();
    if custom.len() > KEYS_MAX {
        let count = custom.len();
        wrongs.push(format!(
            "payload must contain at most {KEYS_MAX} keys, provided {count}"
        ));
        return refuse(&wrongs);
    }
    for (key, value) in custom {
        check_pair(key, value, &mut wrongs);
    }
    refuse(&wrongs)
}

fn check_pair(key: &str, value: &str, wrongs: &mut Vec<String>) {
    let quoted = quoted(key);
    let (key_bytes, value_bytes) = (key.len(), value.len());
    if !(1..=KEY_BYTES_MAX).contains(&key_bytes) {
        wrongs.push(format!(
            "length of key {quoted} is {key_bytes} but must be 0 < len(key) <= {KEY_BYTES_MAX}"
        ));
    }
    if !(1..=VALUE_BYTES_MAX).contains(&value_bytes) {
        wrongs.push(format!(
            "length of value for key {quoted} is {value_bytes} but must be 0 < len(value) <= {VALUE_BYTES_MAX}"
        ));
    }
    if !key.chars().all(is_printable) {
        wrongs.push(format!(
            "key {quoted} ({key}) contains unprintable characters"
        ));
    }
    if !value.chars().all(is_printable) {
        wrongs.push(format!(
            "value for key {quoted} contains unprintable characters"
        ));
    }
}

/// All that is wrong in one message, as Vault's clients know it.
fn refuse(wrongs: &[String]) -> Result<()> {
    let head = match wrongs.len() {
        0 => return Ok(()),
        1 => String::from("1 error occurred:"),
        count => format!("{count} errors occurred:"),
    };
    let lines = wrongs
        .iter()
        .map(|wrong| format!("\n\t* custom_metadata validation failed: {wrong}"));
    Err(invalid(format!("{head}{}\n\n", lines.collect::<String>())))
}

/// Controls, spaces other than the plain one, and what is invisible by design are not.
fn is_printable(c: char) -> bool {
    let is_invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{10ffff}');
    c == ' ' || !(c.is_control() || c.is_whitespace() || is_invisible)
}

/// In quotation marks, with what cannot be printed escaped as Go does.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' => String::from("\\\""),
        '\\' => String::from("\\\\"),
        '\n' => String::from("\\n"),
        '\r' => String::from("\\r"),
        '\t' => String::from("\\t"),
        c if is_printable(c) => c.to_string(),
        c if u32::from(c) < 0x80 => format!("\\x{:02x}", u32::from(c)),
        c if u32::from(c) < 0x10000 => format!("\\u{:04x}", u32::from(c)),
        c => format!("\\U{:08x}", u32::from(c)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::json;

    fn checked(custom: Json) -> core::result::Result<Custom, String> {
        let Json::Object(object) = custom else {
            panic!("not an object")
        };
        let custom = texts(object).map_err(|failure| failure.message)?;
        check(&custom).map_err(|failure| failure.message)?;
        Ok(custom)
    }

    #[test]
    fn takes_texts_and_what_is_like_one() {
        let custom = checked(json!({"a": "b", "c": 1, "d": true, "é ü": " x "})).unwrap();
        let pairs: Vec<_> = custom
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(pairs, [("a", "b"), ("c", "1"), ("d", "1"), ("é ü", " x ")]);
        assert!(checked(json!({"k".repeat(128): "v".repeat(512)})).is_ok());
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |custom: Json, wrong: &str| {
            let message = checked(custom.clone()).unwrap_err();
            assert!(message.contains(wrong), "{custom}: {message}");
        };
        check(
            json!({"a": {}}),
            "got unconvertible type 'map[string]interface {}'",
        );
        check(json!({"a": [1]}), "got unconvertible type '[]interface {}'");
        check(
            json!({"": "b"}),
            "1 error occurred:\n\t* custom_metadata validation failed: length of key \"\" is 0 but must be 0 < len(key) <= 128\n\n",
        );
        check(json!({"a": null}), "length of value for key \"a\" is 0 but");
        check(json!({"k".repeat(129): "v"}), " is 129 but");
        check(json!({"é".repeat(65): "v"}), " is 130 but");
        check(json!({"a": "v".repeat(513)}), " is 513 but");
        check(
            json!({"a\u{1}": "v"}),
            "key \"a\\x01\" (a\u{1}) contains unprintable",
        );
        check(
            json!({"a": "\u{a0}"}),
            "value for key \"a\" contains unprintable",
        );
        check(
            json!({"a": "\u{200b}"}),
            "value for key \"a\" contains unprintable",
        );
        check(json!({"": ""}), "2 errors occurred:\n");
        let many: serde_json::Map<_, _> = (0..65).map(|n| (n.to_string(), json!("v"))).collect();
        check(Json::Object(many), "at most 64 keys, provided 65");
    }
}
