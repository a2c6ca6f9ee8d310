//! One value into the shape of a field's kind, as leniently as Vault's framework takes it, so that
//! clients which send `"5"` for `5` go on working.

use crate::{FieldKind, Map, parse_seconds, parse_time};
use serde_json::{Number, Value};

/// What a handler sees of `value`. `Err` says why it is not of this kind.
pub(crate) fn coerce(kind: FieldKind, value: Value) -> Result<Value, String> {
    match kind {
        FieldKind::Json => Ok(value),
        FieldKind::Text => text(value).map(Value::String),
        FieldKind::LowerText => text(value).map(|text| Value::String(text.to_lowercase())),
        FieldKind::Name => name(value).map(Value::String),
        FieldKind::Integer => integer(&value).map(Value::from),
        FieldKind::Float => float(value).map(Value::Number),
        FieldKind::Boolean => boolean(&value).map(Value::Bool),
        FieldKind::Duration => match seconds(&value)? {
            negative @ ..0 => Err(format!("cannot provide negative value '{negative}'")),
            seconds => Ok(Value::from(seconds)),
        },
        FieldKind::SignedDuration => seconds(&value).map(Value::from),
        FieldKind::TextList => text_list(value),
        FieldKind::IntegerList => integer_list(value),
        FieldKind::TextMap => text_map(value).map(Value::Object),
        FieldKind::Object => match value {
            Value::Object(_) | Value::Null => Ok(value),
            other => Err(expected("map[string]interface {}", &other)),
        },
        FieldKind::AnyList => Ok(match value {
            Value::Array(_) | Value::Null => value,
            Value::String(text) if text.is_empty() => Value::Array(Vec::new()),
            other => Value::Array(vec![other]),
        }),
        FieldKind::Bytes => bytes(value),
        FieldKind::Time => time(&value).map(Value::from),
        FieldKind::HeaderMap => headers(value).map(Value::Object),
    }
}

fn expected(kind: &str, value: &Value) -> String {
    let found = match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(_) => "json.Number",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    format!("'' expected type '{kind}', got unconvertible type '{found}'")
}

fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(true) => Ok("1".to_owned()),
        Value::Bool(false) => Ok("0".to_owned()),
        Value::Null => Ok(String::new()),
        other => Err(expected("string", &other)),
    }
}

fn name(value: Value) -> Result<String, String> {
    let text = text(value)?;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let ends = [text.bytes().next(), text.bytes().next_back()];
    let is_name = text
        .bytes()
        .all(|byte| is_word(byte) || matches!(byte, b'-' | b'.'))
        && ends.iter().flatten().all(|byte| is_word(*byte));
    match is_name {
        true => Ok(text),
        false => Err(format!(
            "{text:?} is not a name: letters, digits, '-', '_' and '.'"
        )),
    }
}

const NOT_AN_INTEGER: &str = "'' cannot parse value as 'int': strconv.ParseInt: invalid syntax";

fn integer(value: &Value) -> Result<i64, String> {
    let parse = |text: &str| parse_integer(text).ok_or_else(|| NOT_AN_INTEGER.to_owned());
    match value {
        Value::Number(number) => parse(&number.to_string()),
        Value::String(text) if text.is_empty() => Ok(0),
        Value::String(text) => parse(text),
        Value::Bool(flag) => Ok(i64::from(*flag)),
        Value::Null => Ok(0),
        other => Err(expected("int", other)),
    }
}

/// Decimal, or with `0x`, `0o`, `0b` before the digits.
fn parse_integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    for (mark, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = digits.to_ascii_lowercase().strip_prefix(mark) {
            // A second sign would be taken by the parser.
            let is_plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return is_plain
                .then(|| i64::from_str_radix(&format!("{sign}{digits}"), radix).ok())
                .flatten();
        }
    }
    text.parse().ok()
}

fn float(value: Value) -> Result<Number, String> {
    let wrong =
        || "'' cannot parse value as 'float64': strconv.ParseFloat: invalid syntax".to_owned();
    match value {
        Value::Number(number) => Ok(number),
        Value::String(text) if text.is_empty() => Ok(Number::from(0)),
        Value::String(text) => match serde_json::from_str(text.trim()) {
            Ok(Value::Number(number)) => Ok(number),
            _ => Err(wrong()),
        },
        Value::Bool(flag) => Ok(Number::from(u8::from(flag))),
        Value::Null => Ok(Number::from(0)),
        other => Err(expected("float64", &other)),
    }
}

fn boolean(value: &Value) -> Result<bool, String> {
    let wrong = || "'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax".to_owned();
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(wrong()),
        },
        Value::Number(number) => match number.to_string().as_str() {
            "1" => Ok(true),
            "0" => Ok(false),
            _ => Err(wrong()),
        },
        Value::Null => Ok(false),
        other => Err(expected("bool", other)),
    }
}

fn seconds(value: &Value) -> Result<i64, String> {
    match value {
        Value::String(text) => parse_seconds(text),
        Value::Number(number) => parse_seconds(&number.to_string()),
        Value::Null => Ok(0),
        _ => Err("could not parse duration from input".to_owned()),
    }
}

/// A list as it is; a text split at its commas; anything else as a list of one. An empty object is an
/// empty list, as Go's decoder has it.
fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => text.split(',').map(|part| part.trim().into()).collect(),
        Value::Null => Vec::new(),
        Value::Object(map) if map.is_empty() => Vec::new(),
        other => vec![other],
    }
}

fn text_list(value: Value) -> Result<Value, String> {
    let item = |(index, item): (usize, Value)| match text(item) {
        Ok(text) => Ok(Value::String(text.trim().to_owned())),
        Err(wrong) => Err(wrong.replacen("''", &format!("'[{index}]'"), 1)),
    };
    items(value).into_iter().enumerate().map(item).collect()
}

fn integer_list(value: Value) -> Result<Value, String> {
    let item = |item: &Value| integer(item).map(Value::from);
    items(value).iter().map(item).collect()
}

fn text_map(value: Value) -> Result<Map, String> {
    let pairs: Vec<(String, Value)> = match value {
        Value::Object(map) => map.into_iter().collect(),
        Value::Array(list) => list
            .into_iter()
            .map(|item| pair(text(item)?, '='))
            .collect::<Result<_, _>>()?,
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => vec![pair(text, '=')?],
        Value::Null => Vec::new(),
        other => return Err(expected("map[string]string", &other)),
    };
    pairs
        .into_iter()
        .map(|(name, value)| Ok((name, Value::String(text(value)?))))
        .collect()
}

fn pair(text: String, separator: char) -> Result<(String, Value), String> {
    match text.split_once(separator) {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().into())),
        None => Err(format!("invalid key/value pair {text:?}")),
    }
}

fn bytes(value: Value) -> Result<Value, String> {
    let text = text(value)?;
    match is_base64(&text) {
        true => Ok(Value::String(text)),
        false => Err("illegal base64 data".to_owned()),
    }
}

/// Padded, standard alphabet, no white space, and no bits beyond the last byte.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let spare = match padding {
        0 => 0,
        1 => 0b11,
        2 => 0b1111,
        _ => return false,
    };
    text.len().is_multiple_of(4)
        && digits.bytes().all(|byte| value(byte).is_some())
        && digits.bytes().next_back().and_then(value).unwrap_or(0) & spare == 0
}

fn time(value: &Value) -> Result<u64, String> {
    let read =
        |text: &str| parse_time(text).ok_or_else(|| format!("could not parse time {text:?}"));
    match value {
        Value::String(text) => read(text),
        Value::Number(number) => read(&number.to_string()),
        Value::Null => Ok(0),
        _ => Err("could not parse time from input".to_owned()),
    }
}

fn headers(value: Value) -> Result<Map, String> {
    let pairs: Vec<(String, Value)> = match value {
        Value::Object(map) => map.into_iter().collect(),
        Value::Null => Vec::new(),
        other => items(other)
            .into_iter()
            .map(|item| pair(text(item)?, ':'))
            .collect::<Result<_, _>>()?,
    };
    let mut headers = Map::new();
    for (name, value) in pairs {
        let values = match value {
            Value::Array(values) => values,
            one => vec![one],
        };
        let slot = headers
            .entry(name)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = slot {
            for value in values {
                list.push(Value::String(text(value)?));
            }
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn table() {
        let check = |kind: FieldKind, value: Value, expected: Value| {
            let shown = format!("{kind:?} of {value}");
            assert_eq!(coerce(kind, value), Ok(expected), "{shown}");
        };
        use FieldKind::*;
        check(Text, json!("a"), json!("a"));
        check(Text, json!(5), json!("5"));
        check(Text, json!(true), json!("1"));
        check(Text, json!(null), json!(""));
        check(LowerText, json!("AbC"), json!("abc"));
        check(Name, json!("a-b.c_1"), json!("a-b.c_1"));
        check(Integer, json!("2048"), json!(2048));
        check(Integer, json!("0x1F"), json!(31));
        check(Integer, json!("-0x1F"), json!(-31));
        check(Integer, json!(true), json!(1));
        check(Integer, json!(""), json!(0));
        check(Integer, json!(null), json!(0));
        check(Boolean, json!("t"), json!(true));
        check(Boolean, json!(""), json!(false));
        check(Boolean, json!(1), json!(true));
        check(Duration, json!(90), json!(90));
        check(Duration, json!("1h30m"), json!(5400));
        check(Duration, json!("2d"), json!(172_800));
        check(Duration, json!(""), json!(0));
        check(SignedDuration, json!("-5s"), json!(-5));
        check(TextList, json!("a, b,,c"), json!(["a", "b", "", "c"]));
        check(TextList, json!(["A", " b "]), json!(["A", "b"]));
        check(TextList, json!([1, true]), json!(["1", "1"]));
        check(TextList, json!(5), json!(["5"]));
        check(TextList, json!(""), json!([]));
        check(TextList, json!({}), json!([]));
        check(IntegerList, json!("1, 2"), json!([1, 2]));
        check(IntegerList, json!([1, "2"]), json!([1, 2]));
        check(TextMap, json!({"a": 1}), json!({"a": "1"}));
        check(
            TextMap,
            json!(["a=b", "c=d=e"]),
            json!({"a": "b", "c": "d=e"}),
        );
        check(Object, json!({"a": null}), json!({"a": null}));
        check(AnyList, json!({"a": 1}), json!([{"a": 1}]));
        check(Bytes, json!("aGk="), json!("aGk="));
        check(Time, json!("1970-01-01T00:00:01Z"), json!(1000));
        check(Time, json!(5), json!(5000));
        check(
            HeaderMap,
            json!({"a": "b", "c": ["d", 1]}),
            json!({"a": ["b"], "c": ["d", "1"]}),
        );
        check(HeaderMap, json!(["a: b", "a:c"]), json!({"a": ["b", "c"]}));
        let exact: Value = serde_json::from_str("[12345678901234567890, 1.50]").unwrap();
        check(Json, exact.clone(), exact.clone());
        check(Float, exact[1].clone(), exact[1].clone());
    }

    #[test]
    fn refusals() {
        let check = |kind: FieldKind, value: Value, expected: &str| {
            let shown = format!("{kind:?} of {value}");
            assert_eq!(coerce(kind, value), Err(expected.to_owned()), "{shown}");
        };
        use FieldKind::*;
        check(Integer, json!("x"), NOT_AN_INTEGER);
        check(Integer, json!(1.5), NOT_AN_INTEGER);
        check(Integer, json!("0x-1"), NOT_AN_INTEGER);
        check(
            Integer,
            json!([1]),
            "'' expected type 'int', got unconvertible type '[]interface {}'",
        );
        check(
            Boolean,
            json!(2),
            "'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax",
        );
        check(Duration, json!("zz"), "time: invalid duration \"zz\"");
        check(Duration, json!(-5), "cannot provide negative value '-5'");
        check(Duration, json!(true), "could not parse duration from input");
        check(
            Object,
            json!("a"),
            "'' expected type 'map[string]interface {}', got unconvertible type 'string'",
        );
        check(
            TextList,
            json!(["a", {}]),
            "'[1]' expected type 'string', got unconvertible type 'map[string]interface {}'",
        );
        check(Bytes, json!("aGk"), "illegal base64 data");
        check(Bytes, json!("aGl="), "illegal base64 data");
        check(Bytes, json!("a-_="), "illegal base64 data");
        check(TextMap, json!(["a"]), "invalid key/value pair \"a\"");
        check(
            Name,
            json!("-a"),
            "\"-a\" is not a name: letters, digits, '-', '_' and '.'",
        );
        check(
            Name,
            json!("a/b"),
            "\"a/b\" is not a name: letters, digits, '-', '_' and '.'",
        );
    }
}
