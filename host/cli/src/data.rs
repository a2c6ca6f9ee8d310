//! `key=value`, `key=@file`, `key=-`, `@file` and `-`: the data arguments of a command.

use crate::error::{Stop, of_file};
use serde_json::{Map, Value};
use std::io::Read;

/// Where `@file` and `-` are read from.
pub(crate) trait Sources {
    fn file(&self, path: &str) -> std::io::Result<String>;
    fn stdin(&mut self) -> std::io::Result<String>;
}

/// The real files and the given standard input.
pub(crate) struct Disk<'a>(pub(crate) &'a mut dyn Read);

impl Sources for Disk<'_> {
    fn file(&self, path: &str) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn stdin(&mut self) -> std::io::Result<String> {
        let mut text = String::new();
        self.0.read_to_string(&mut text)?;
        Ok(text)
    }
}

/// Puts data arguments together. A key that comes twice becomes a list.
pub(crate) fn parse(
    arguments: &[String],
    sources: &mut dyn Sources,
) -> Result<Map<String, Value>, Stop> {
    let mut data = Map::new();
    for argument in arguments {
        let wrong = |why: String| {
            Stop::usage(format!(
                "Failed to parse K=V data: invalid key/value pair {argument:?}: {why}"
            ))
        };
        if argument == "-" {
            let text = sources.stdin().map_err(|error| wrong(error.to_string()))?;
            data.extend(object(&text).map_err(wrong)?);
        } else if let Some((key, value)) = argument.split_once('=') {
            let value = value_of(value, sources).map_err(wrong)?;
            add(&mut data, key, value);
        } else if let Some(path) = argument.strip_prefix('@') {
            let text = sources
                .file(path)
                .map_err(|error| wrong(of_file(path, &error)))?;
            data.extend(object(&text).map_err(wrong)?);
        } else {
            return Err(wrong("format must be key=value".to_owned()));
        }
    }
    Ok(data)
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn value_of(text: &str, sources: &mut dyn Sources) -> Result<String, String> {
    if text == "-" {
        return sources.stdin().map_err(|error| error.to_string());
    }
    if let Some(path) = text.strip_prefix('@') {
        return sources
            .file(path)
            .map_err(|error| format!("error reading file: {}", of_file(path, &error)));
    }
    // A backslash takes the meaning from the sign that follows it.
    Ok(match text.strip_prefix('\\') {
        Some(rest) if rest.starts_with(['@', '-']) => rest.to_owned(),
        _ => text.to_owned(),
    })
}

fn add(data: &mut Map<String, Value>, key: &str, value: String) {
    let value = Value::String(value);
    match data.get_mut(key) {
        None => {
            data.insert(key.to_owned(), value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// Data arguments that must be plain strings, as queries and options are.
pub(crate) fn parse_strings(
    arguments: &[String],
    sources: &mut dyn Sources,
) -> Result<Vec<(String, String)>, Stop> {
    let mut pairs = Vec::new();
    for (key, value) in parse(arguments, sources)? {
        let values = match value {
            Value::Array(list) => list,
            single => vec![single],
        };
        for value in values {
            let text = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            pairs.push((key.clone(), text));
        }
    }
    Ok(pairs)
}

/// Repeated `-flag=key=value`.
pub(crate) fn pairs(flag: &str, values: &[String]) -> Result<Map<String, Value>, Stop> {
    let mut map = Map::new();
    for value in values {
        let (key, text) = value.split_once('=').ok_or_else(|| {
            Stop::usage(format!(
                "invalid value {value:?} for flag -{flag}: missing = in KV pair: {value:?}"
            ))
        })?;
        map.insert(key.to_owned(), Value::String(text.to_owned()));
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Fake;

    impl Sources for Fake {
        fn file(&self, path: &str) -> std::io::Result<String> {
            match path {
                "f" => Ok("text\n".to_owned()),
                "j" => Ok(r#"{"n":12345678901234567890,"a":1}"#.to_owned()),
                _ => Err(std::io::Error::other("no such file")),
            }
        }

        fn stdin(&mut self) -> std::io::Result<String> {
            Ok(r#"{"in":1.50}"#.to_owned())
        }
    }

    #[test]
    fn table() {
        let check = |words: &[&str], expected: Result<&str, &str>| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let found = parse(&words, &mut Fake)
                .map(|map| Value::Object(map).to_string())
                .map_err(|stop| stop.to_string());
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
                (found, expected) => panic!("{found:?} is not {expected:?}"),
            }
        };
        check(&["a=b"], Ok(r#"{"a":"b"}"#));
        check(&["a="], Ok(r#"{"a":""}"#));
        check(&["a=b=c"], Ok(r#"{"a":"b=c"}"#));
        check(&["a=1", "a=2", "a=3"], Ok(r#"{"a":["1","2","3"]}"#));
        check(&["a=@f"], Ok(r#"{"a":"text\n"}"#));
        check(&["a=\\@f"], Ok(r#"{"a":"@f"}"#));
        check(&["a=\\x"], Ok(r#"{"a":"\\x"}"#));
        check(&["a=-"], Ok(r#"{"a":"{\"in\":1.50}"}"#));
        check(&["-"], Ok(r#"{"in":1.50}"#));
        check(
            &["@j", "b=1"],
            Ok(r#"{"a":1,"b":"1","n":12345678901234567890}"#),
        );
        check(&["@f"], Err("invalid key/value pair \"@f\""));
        check(
            &["a=@none"],
            Err("error reading file: open none: no such file"),
        );
        check(&["a"], Err("format must be key=value"));
    }

    #[test]
    fn pairs_of_a_flag() {
        let found = pairs("options", &["a=b".to_owned(), "c=d=e".to_owned()]).unwrap();
        assert_eq!(Value::Object(found), json!({"a": "b", "c": "d=e"}));
        assert!(pairs("options", &["a".to_owned()]).is_err());
    }
}
