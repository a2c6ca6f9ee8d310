//! YAML for output: blocks, sorted keys, and quotes where a reader would see something else.

use serde_json::Value;

/// A value as a YAML document, without a final line break.
pub(crate) fn document(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0);
    text.truncate(text.trim_end_matches('\n').len());
    text
}

fn write(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            for key in keys {
                text.push_str(&indent);
                text.push_str(&scalar(key, depth));
                text.push(':');
                if let Some(value) = map.get(key) {
                    child(text, value, depth);
                }
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for item in list {
                entry(text, item, depth);
            }
        }
        other => {
            text.push_str(&indent);
            text.push_str(&leaf(other, depth));
            text.push('\n');
        }
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    }
}

fn child(text: &mut String, value: &Value, depth: usize) {
    if !is_block(value) {
        text.push(' ');
        text.push_str(&folded(leaf(value, depth + 1), column(text), depth + 1));
        text.push('\n');
        return;
    }
    text.push('\n');
    // A list stands under its key without further indentation.
    write(
        text,
        value,
        if value.is_array() { depth } else { depth + 1 },
    );
}

fn entry(text: &mut String, item: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    text.push_str(&indent);
    text.push_str("- ");
    if !is_block(item) {
        text.push_str(&folded(leaf(item, depth + 1), column(text), depth + 1));
        text.push('\n');
        return;
    }
    // The first line of the block stands behind the dash.
    let mut block = String::new();
    write(&mut block, item, depth + 1);
    text.push_str(block.trim_start_matches(' '));
}

/// After this column, a text goes on in the next line.
const WIDTH: usize = 80;

/// How many signs the last line has.
fn column(text: &str) -> usize {
    let line = text.rsplit('\n').next().unwrap_or_default();
    line.chars().count()
}

/// Breaks a long text at spaces, which readers join again.
fn folded(scalar: String, mut column: usize, depth: usize) -> String {
    if scalar.contains('\n') || column + scalar.chars().count() <= WIDTH {
        return scalar;
    }
    let mut text = String::new();
    let mut before = ' ';
    let mut signs = scalar.chars().peekable();
    while let Some(sign) = signs.next() {
        let next = signs.peek().copied().unwrap_or(' ');
        if sign == ' ' && column > WIDTH && before != ' ' && next != ' ' && text.len() > 1 {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
            column = 2 * depth;
        } else {
            text.push(sign);
            column += 1;
        }
        before = sign;
    }
    text
}

fn leaf(value: &Value, depth: usize) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => scalar(text, depth),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
    }
}

fn scalar(text: &str, depth: usize) -> String {
    if text.contains('\n') && !text.chars().any(|c| c.is_control() && c != '\n') {
        return block_text(text, depth);
    }
    if text.chars().any(char::is_control) || looks_like_another_type(text) {
        return serde_json::Value::from(text).to_string();
    }
    if needs_quotes(text) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    text.to_owned()
}

fn block_text(text: &str, depth: usize) -> String {
    // Where the text begins with a space, a reader must be told how deep it stands.
    let depth_told = if text.starts_with([' ', '\n']) {
        "2"
    } else {
        ""
    };
    let ending = match text.trim_end_matches('\n').len() {
        length if length == text.len() => "-",
        length if length + 1 == text.len() => "",
        _ => "+",
    };
    let indent = "  ".repeat(depth.max(1));
    let body = text.strip_suffix('\n').unwrap_or(text);
    let lines: Vec<String> = body
        .split('\n')
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("{indent}{line}")
            }
        })
        .collect();
    format!("|{depth_told}{ending}\n{}", lines.join("\n"))
}

fn looks_like_another_type(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.is_empty()
        || matches!(
            lower.as_str(),
            "y" | "n"
                | "yes"
                | "no"
                | "on"
                | "off"
                | "true"
                | "false"
                | "null"
                | "~"
                | ".nan"
                | ".inf"
                | "-.inf"
        )
        || looks_like_a_number(text)
        || looks_like_a_date(text)
}

fn looks_like_a_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']).replace('_', "");
    let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    starts
        && (digits.parse::<f64>().is_ok()
            || [("0x", 16), ("0o", 8), ("0b", 2)]
                .iter()
                .any(|(begin, base)| {
                    let rest = digits.strip_prefix(begin);
                    rest.is_some_and(|rest| u64::from_str_radix(rest, *base).is_ok())
                }))
}

fn looks_like_a_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let digits = |part: Option<&str>, count: usize| {
        part.is_some_and(|part| part.len() == count && part.bytes().all(|b| b.is_ascii_digit()))
    };
    digits(parts.next(), 4)
        && digits(parts.next(), 2)
        && parts
            .next()
            .is_some_and(|day| day.starts_with(|c: char| c.is_ascii_digit()))
}

fn needs_quotes(text: &str) -> bool {
    text.starts_with([
        '-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@',
        '`', ' ',
    ]) && !(text.starts_with(['-', '?', ':']) && text.chars().nth(1).is_some_and(|c| c != ' '))
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents() {
        let check = |value: serde_json::Value, expected: &str| {
            assert_eq!(document(&value), expected, "{value}");
        };
        check(json!({"b": 1, "a": null}), "a: null\nb: 1");
        check(json!({"a": {"b": {}}, "c": []}), "a:\n  b: {}\nc: []");
        check(
            json!({"a": ["x", {"k": "v", "l": 1}]}),
            "a:\n- x\n- k: v\n  l: 1",
        );
        check(json!(["x"]), "- x");
        check(json!({"y": "1"}), "\"y\": \"1\"");
        check(json!("2026-11-23T05:25:19Z"), "\"2026-11-23T05:25:19Z\"");
        check(json!("2.7.2"), "2.7.2");
        check(json!("0b12ab34-44df"), "0b12ab34-44df");
        check(json!("0x1F"), "\"0x1F\"");
        check(json!("0a29fada-44df"), "0a29fada-44df");
        check(json!("{\"a\":1}"), "'{\"a\":1}'");
        check(json!("  x  "), "'  x  '");
        check(json!("it's: a"), "'it''s: a'");
        check(json!({"s": "a\nb"}), "s: |-\n  a\n  b");
        check(json!({"d": {"s": "a\nb\n"}}), "d:\n  s: |\n    a\n    b");
        check(json!({"s": "\n a\nb\n"}), "s: |2\n\n   a\n  b");
        let long = "a text of words ".repeat(6);
        check(
            json!({"d": {"s": long.trim_end()}}),
            "d:\n  s: a text of words a text of words a text of words a text of words a text of words\n    a text of words",
        );
        check(json!("a\tb"), "\"a\\tb\"");
        check(json!(""), "\"\"");
    }
}
