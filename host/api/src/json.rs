//! A JSON body into a map, bounded while it is read.
//!
//! Own reader, because all bounds must hold in one pass over hostile bytes, numbers must keep
//! their text, and no key may have a meaning of its own (serde_json gives one to two names).

use base::Map;
use core::fmt;
use serde_json::{Number, Value};

/// What one body may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) strings_max: usize,
    pub(crate) memory_bytes_max: usize,
    pub(crate) depth_max: usize,
}

/// Why a body is not taken. Worded as Go's decoder words it, since clients look for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonFault {
    /// It ends in the middle.
    Truncated,
    /// A byte that cannot stand here.
    Unexpected(char, &'static str),
    /// Another value than an object.
    NotAnObject(&'static str),
    /// A `\` sequence that stands for nothing.
    Escape,
    /// Not UTF-8.
    Encoding,
    /// A key that our own serializer gives a meaning.
    ReservedKey,
    /// Nested too deep.
    Depth,
    /// Too many strings.
    Strings,
    /// Too much memory.
    Memory,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strings => f.write_str(
                "refused JSON input due to high complexity: exceeded maximum number of strings",
            ),
            Self::Memory => f.write_str(
                "refused JSON input due to high complexity: exceeded maximum estimated memory limits",
            ),
            other => {
                f.write_str("failed to decode JSON input: ")?;
                other.fmt_detail(f)
            }
        }
    }
}

impl JsonFault {
    fn fmt_detail(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected(found, place) => write!(f, "invalid character {found:?} {place}"),
            Self::NotAnObject(kind) => write!(
                f,
                "json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
            ),
            Self::Escape => f.write_str("invalid escape sequence in string"),
            Self::Encoding => f.write_str("invalid UTF-8 in string"),
            Self::ReservedKey => f.write_str("reserved object key"),
            Self::Depth => f.write_str("exceeded max depth"),
            Self::Truncated | Self::Strings | Self::Memory => f.write_str("unexpected EOF"),
        }
    }
}

/// Reads an object. Only white space, and `null`, are an empty one.
pub(crate) fn read_object(bytes: &[u8], bounds: Bounds) -> Result<Map, JsonFault> {
    let text = core::str::from_utf8(bytes).map_err(|_| JsonFault::Encoding)?;
    let mut reader = Reader {
        text,
        at: 0,
        strings_left: bounds.strings_max,
        memory_left: bounds.memory_bytes_max,
        depth_left: bounds.depth_max,
    };
    reader.skip_space();
    if reader.peek().is_none() {
        return Ok(Map::new());
    }
    let value = reader.value()?;
    reader.skip_space();
    if reader.peek().is_some() {
        return Err(reader.unexpected("after top-level value"));
    }
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        Value::Array(_) => Err(JsonFault::NotAnObject("array")),
        Value::String(_) => Err(JsonFault::NotAnObject("string")),
        Value::Number(_) => Err(JsonFault::NotAnObject("number")),
        Value::Bool(_) => Err(JsonFault::NotAnObject("bool")),
    }
}

const AT_VALUE: &str = "looking for beginning of value";
/// What an entry of a map costs beside its text: the key, the value, its share of a tree node.
const ENTRY_BYTES: usize = size_of::<String>() + size_of::<Value>();

struct Reader<'a> {
    text: &'a str,
    at: usize,
    strings_left: usize,
    memory_left: usize,
    depth_left: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The fault that the byte here is, or the end.
    fn unexpected(&self, place: &'static str) -> JsonFault {
        match self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
        {
            Some(found) => JsonFault::Unexpected(found, place),
            None => JsonFault::Truncated,
        }
    }

    fn take(&mut self, expected: u8, place: &'static str) -> Result<(), JsonFault> {
        if self.peek() != Some(expected) {
            return Err(self.unexpected(place));
        }
        self.at += 1;
        Ok(())
    }

    fn charge(&mut self, bytes: usize) -> Result<(), JsonFault> {
        self.memory_left = self
            .memory_left
            .checked_sub(bytes)
            .ok_or(JsonFault::Memory)?;
        Ok(())
    }

    fn value(&mut self) -> Result<Value, JsonFault> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.unexpected(AT_VALUE)),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Value, JsonFault>,
    ) -> Result<Value, JsonFault> {
        self.depth_left = self.depth_left.checked_sub(1).ok_or(JsonFault::Depth)?;
        self.at += 1;
        let value = read(self)?;
        self.depth_left += 1;
        Ok(value)
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonFault> {
        for expected in word.bytes() {
            self.take(expected, "in literal")?;
        }
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, JsonFault> {
        let mut map = Map::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(map));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            if key.starts_with("$serde_json::private::") {
                return Err(JsonFault::ReservedKey);
            }
            self.skip_space();
            self.take(b':', "after object key")?;
            self.skip_space();
            self.charge(ENTRY_BYTES)?;
            let value = self.value()?;
            map.insert(key, value);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
        self.at += 1;
        Ok(Value::Object(map))
    }

    fn array(&mut self) -> Result<Value, JsonFault> {
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            self.skip_space();
            self.charge(size_of::<Value>())?;
            items.push(self.value()?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("after array element")),
            }
        }
        self.at += 1;
        Ok(Value::Array(items))
    }

    fn number(&mut self) -> Result<Value, JsonFault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = self.since(start);
        self.charge(text.len())?;
        text.parse::<Number>()
            .map(Value::Number)
            .map_err(|_| JsonFault::Truncated)
    }

    fn digits(&mut self, place: &'static str) -> Result<(), JsonFault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if start == self.at {
            return Err(self.unexpected(place));
        }
        Ok(())
    }

    fn string(&mut self) -> Result<String, JsonFault> {
        self.strings_left = self.strings_left.checked_sub(1).ok_or(JsonFault::Strings)?;
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.peek() {
                None => return Err(JsonFault::Truncated),
                Some(b'"') => break,
                Some(0..=0x1f) => return Err(self.unexpected("in string")),
                Some(b'\\') => {
                    escaped = true;
                    // The byte after it cannot end the string; what it means is read below.
                    self.at += 2;
                }
                Some(_) => self.at += 1,
            }
        }
        let raw = self.since(start);
        self.at += 1;
        self.charge(raw.len())?;
        if escaped {
            unescape(raw).ok_or(JsonFault::Escape)
        } else {
            Ok(raw.to_owned())
        }
    }
}

/// Resolves escapes. None for one that stands for nothing, a lone surrogate among them.
fn unescape(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, tail)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut letters = tail.chars();
        match letters.next()? {
            letter @ ('"' | '\\' | '/') => text.push(letter),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'u' => {
                let (letter, tail) = unicode(letters.as_str())?;
                text.push(letter);
                rest = tail;
                continue;
            }
            _ => return None,
        }
        rest = letters.as_str();
    }
    text.push_str(rest);
    Some(text)
}

/// The letter that four hexadecimal digits name, or eight as a surrogate pair, and what comes after.
fn unicode(text: &str) -> Option<(char, &str)> {
    let (high, rest) = four_digits(text)?;
    if let Some(letter) = char::from_u32(high) {
        return Some((letter, rest));
    }
    let (low, rest) = four_digits(rest.strip_prefix("\\u")?)?;
    let letter = char::decode_utf16([u16::try_from(high).ok()?, u16::try_from(low).ok()?])
        .next()?
        .ok()?;
    Some((letter, rest))
}

fn four_digits(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests;
