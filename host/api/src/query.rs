//! `name=value&…`, of a query or of a form.

use base::Map;
use serde_json::Value;

/// The text is not percent-encoded UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueryFault;

/// Most pairs that are read; more are a fault.
const PAIRS_MAX: usize = 1000;

/// The pairs, decoded, in their order. A name without `=` has the empty value.
pub(crate) fn read_pairs(text: &str) -> Result<Vec<(String, String)>, QueryFault> {
    let mut pairs = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == PAIRS_MAX {
            return Err(QueryFault);
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((decode(name)?, decode(value)?));
    }
    Ok(pairs)
}

/// The pairs as data: a name that comes again has a list for its value.
pub(crate) fn into_data(pairs: Vec<(String, String)>) -> Map {
    let mut data = Map::new();
    for (name, value) in pairs {
        let value = Value::String(value);
        match data.get_mut(&name) {
            None => {
                data.insert(name, value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    data
}

/// A yes or no as Go reads it; empty is no.
pub(crate) fn read_flag(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn decode(text: &str) -> Result<String, QueryFault> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|b| char::from(b).to_digit(16));
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(QueryFault);
                };
                u8::try_from(high * 16 + low).map_err(|_| QueryFault)?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| QueryFault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let check = |text: &str, expected: Option<&str>| {
            let data = read_pairs(text).ok().map(into_data);
            let printed = data.map(|data| Value::Object(data).to_string());
            assert_eq!(printed.as_deref(), expected, "{text}");
        };
        check("", Some("{}"));
        check("a=1&b=x+y%20z", Some(r#"{"a":"1","b":"x y z"}"#));
        check("a=1&a=2&a=3", Some(r#"{"a":["1","2","3"]}"#));
        check("a&b=&=c", Some(r#"{"":"c","a":"","b":""}"#));
        check("a=b=c&&", Some(r#"{"a":"b=c"}"#));
        check("a=%c3%a9", Some(r#"{"a":"é"}"#));
        check("a=%zz", None);
        check("a=%2", None);
        check("a=%ff", None);
        check(&"a&".repeat(PAIRS_MAX + 1), None);
    }
}
