use super::*;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds {
    strings_max: 1000,
    memory_bytes_max: 1 << 20,
    depth_max: 128,
};

fn refused(body: &[u8]) -> String {
    match read_object(body, BOUNDS) {
        Ok(map) => format!("taken: {map:?}"),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn faults_are_worded_as_go_words_them() {
    let check = |body: &str, expected: &str| {
        assert_eq!(
            refused(body.as_bytes()),
            format!("failed to decode JSON input: {expected}"),
            "{body}"
        );
    };
    let eof = "unexpected EOF";
    check("{", eof);
    check(r#"{"a":""#, eof);
    check(r#"{"a":"\"#, eof);
    check("tru", eof);
    check(r#"{"a":-"#, eof);
    check(r#"{"a":1."#, eof);
    let value = "looking for beginning of value";
    check("xx", &format!("invalid character 'x' {value}"));
    check(r#"{"a":}"#, &format!("invalid character '}}' {value}"));
    check("[1,]", &format!("invalid character ']' {value}"));
    check("{\"a\":é}", &format!("invalid character 'é' {value}"));
    check(
        "{'a':1}",
        "invalid character '\\'' looking for beginning of object key string",
    );
    check(
        r#"{"a":1,}"#,
        "invalid character '}' looking for beginning of object key string",
    );
    check(r#"{"a" 1}"#, "invalid character '1' after object key");
    check(
        r#"{"a":01}"#,
        "invalid character '1' after object key:value pair",
    );
    check(
        r#"{"a":1} x"#,
        "invalid character 'x' after top-level value",
    );
    check("{\"a\":\"\u{1}\"}", "invalid character '\\u{1}' in string");
    check(r#"{"a":"\u12"}"#, "invalid escape sequence in string");
    check(r#"{"a":"\ud800"}"#, "invalid escape sequence in string");
    check(r#"{"a":"\x"}"#, "invalid escape sequence in string");
    check(
        "[1]",
        "json: cannot unmarshal array into Go value of type map[string]interface {}",
    );
    check(
        "\"a\"",
        "json: cannot unmarshal string into Go value of type map[string]interface {}",
    );
    assert_eq!(
        refused(b"{\"a\":\"\xff\"}"),
        "failed to decode JSON input: invalid UTF-8 in string"
    );
}

#[test]
fn nothing_is_an_empty_object() {
    for body in ["", "  \n", "null", "{}", " { } "] {
        assert_eq!(
            read_object(body.as_bytes(), BOUNDS),
            Ok(Map::new()),
            "{body}"
        );
    }
}

#[test]
fn numbers_keep_their_text() {
    let body = r#"{"a":12345678901234567890,"b":1.50,"c":-0,"d":[1E5,0.10]}"#;
    let map = read_object(body.as_bytes(), BOUNDS).unwrap();
    assert_eq!(map["a"].to_string(), "12345678901234567890");
    assert_eq!(map["b"].to_string(), "1.50");
    assert_eq!(map["c"].to_string(), "-0");
    assert_eq!(map["d"][1].to_string(), "0.10");
}

#[test]
fn names_with_a_meaning_to_the_serializer_are_refused() {
    for name in ["Number", "RawValue", "\\u004eumber"] {
        let body = format!(r#"{{"a":{{"$serde_json::private::{name}":"1"}}}}"#);
        assert!(refused(body.as_bytes()).ends_with("reserved object key"));
    }
}

#[test]
fn bounds_hold() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(read_object(deep(127).as_bytes(), BOUNDS).is_ok());
    assert_eq!(
        refused(deep(128).as_bytes()),
        "failed to decode JSON input: exceeded max depth"
    );
    assert!(refused(deep(500_000).as_bytes()).ends_with("exceeded max depth"));
    let strings = |count: usize| format!("{{\"a\":[{}]}}", vec!["\"\""; count].join(","));
    assert!(read_object(strings(999).as_bytes(), BOUNDS).is_ok());
    assert_eq!(
        read_object(strings(1000).as_bytes(), BOUNDS),
        Err(JsonFault::Strings)
    );
    let numbers = format!("{{\"a\":[{}]}}", vec!["1"; 100_000].join(","));
    assert_eq!(
        read_object(numbers.as_bytes(), BOUNDS),
        Err(JsonFault::Memory)
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((".{0,4}", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in any_value(), pretty in any::<bool>()) {
        let whole = serde_json::json!({ "v": value });
        let text = if pretty {
            serde_json::to_string_pretty(&whole).unwrap()
        } else {
            whole.to_string()
        };
        prop_assert_eq!(Value::Object(read_object(text.as_bytes(), BOUNDS).unwrap()), whole);
    }

    /// Texts that are nearly JSON: both readers agree on which are.
    #[test]
    fn agrees_with_serde_json_on_what_is_json(text in r#"\{"a":[\[\]{}",:0-9eE+.\\untrlsfa -]{0,12}\}"#) {
        let ours = read_object(text.as_bytes(), BOUNDS);
        let theirs = serde_json::from_str::<Map>(&text);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
    }

    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = read_object(&bytes, BOUNDS);
    }
}
