//! JSON, read into the same tree. Its own reader, because the tree wants lines, order and
//! repeated names, which no map keeps.

use crate::cursor::Cursor;
use crate::{Body, DEPTH_MAX, Entry, Error, Value};

pub(crate) fn parse(text: &str) -> Result<Body, Error> {
    let mut cursor = Cursor::new(text);
    skip_blanks(&mut cursor);
    let body = object(&mut cursor, 0)?;
    if cursor.peek().is_some() {
        return Err(expected(&cursor, "the end of the text"));
    }
    Ok(body)
}

fn skip_blanks(cursor: &mut Cursor<'_>) {
    cursor.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n'));
}

fn expected(cursor: &Cursor<'_>, what: &str) -> Error {
    let found = cursor
        .peek()
        .map_or_else(|| String::from("EOF"), |c| format!("{c:?}"));
    Error::syntax(cursor.place(), format!("expected {what}, got {found}"))
}

/// Steps over `mark` and the blanks after it.
fn eat(cursor: &mut Cursor<'_>, mark: &str) -> bool {
    let found = cursor.eat(mark);
    if found {
        skip_blanks(cursor);
    }
    found
}

fn object(cursor: &mut Cursor<'_>, depth: usize) -> Result<Body, Error> {
    let mut entries = Vec::new();
    eat(cursor, "{");
    if eat(cursor, "}") {
        return Ok(Body { entries });
    }
    loop {
        let place = cursor.place();
        let name = text(cursor)?;
        if !eat(cursor, ":") {
            return Err(expected(cursor, "a colon"));
        }
        let value_place = cursor.place();
        entries.push(Entry {
            name,
            labels: Vec::new(),
            value: value(cursor, depth + 1)?,
            place,
            value_place,
        });
        if eat(cursor, "}") {
            return Ok(Body { entries });
        }
        if !eat(cursor, ",") {
            return Err(expected(cursor, "a comma or a closing brace"));
        }
    }
}

fn list(cursor: &mut Cursor<'_>, depth: usize) -> Result<Vec<Value>, Error> {
    let mut items = Vec::new();
    eat(cursor, "[");
    if eat(cursor, "]") {
        return Ok(items);
    }
    loop {
        items.push(value(cursor, depth + 1)?);
        if eat(cursor, "]") {
            return Ok(items);
        }
        if !eat(cursor, ",") {
            return Err(expected(cursor, "a comma or a closing bracket"));
        }
    }
}

fn value(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, Error> {
    if depth > DEPTH_MAX {
        return Err(Error::TooDeep {
            place: cursor.place(),
        });
    }
    match cursor.peek() {
        Some('{') => object(cursor, depth).map(Value::Object),
        Some('[') => list(cursor, depth).map(Value::List),
        Some('"') => text(cursor).map(Value::Text),
        _ => word(cursor),
    }
}

fn word(cursor: &mut Cursor<'_>) -> Result<Value, Error> {
    let wrong = expected(cursor, "a value");
    let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    skip_blanks(cursor);
    match word {
        "null" => Ok(Value::Null),
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ if serde_json::from_str::<serde_json::Number>(word).is_ok() => {
            Ok(Value::Number(word.to_owned()))
        }
        _ => Err(wrong),
    }
}

fn text(cursor: &mut Cursor<'_>) -> Result<String, Error> {
    let wrong = expected(cursor, "a string");
    let place = cursor.place();
    let from = cursor.rest();
    if !cursor.eat("\"") {
        return Err(wrong);
    }
    let unended = || Error::syntax(place, "literal not terminated");
    loop {
        match cursor.next().ok_or_else(unended)? {
            '"' => break,
            '\\' => {
                cursor.next();
            }
            _ => {}
        }
    }
    let quoted = from.strip_suffix(cursor.rest()).unwrap_or_default();
    let text = serde_json::from_str(quoted)
        .map_err(|error| Error::syntax(place, format!("not a JSON string: {error}")))?;
    skip_blanks(cursor);
    Ok(text)
}
