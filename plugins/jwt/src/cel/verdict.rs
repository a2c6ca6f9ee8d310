//! What a program says of a login.

use super::granted::Described;
use super::language;
use cel::Value;

/// The value of a program's main expression, as it is meant.
pub(super) enum Verdict {
    /// Somebody logs in, and this is what they get.
    Granted(Box<Described>),
    /// Refused, and no reason given.
    Refused,
    /// Refused, with what the caller is told.
    RefusedWith(String),
    /// A description that describes no login.
    Wrong(String),
    /// Neither: a value of this type.
    Other(&'static str),
}

impl From<Value> for Verdict {
    fn from(value: Value) -> Self {
        match value {
            Value::Bool(false) => Self::Refused,
            Value::String(why) => Self::RefusedWith(why.to_string()),
            Value::Struct(described) if described.name() == language::AUTH => {
                Described::new(&described)
                    .map_or_else(Self::Wrong, |it| Self::Granted(Box::new(it)))
            }
            Value::Bool(true) => Self::Other("bool"),
            Value::List(_) => Self::Other("list"),
            Value::Map(_) => Self::Other("map"),
            Value::Int(_) => Self::Other("int"),
            Value::UInt(_) => Self::Other("uint"),
            Value::Float(_) => Self::Other("double"),
            Value::Bytes(_) => Self::Other("bytes"),
            Value::Timestamp(_) => Self::Other("timestamp"),
            Value::Duration(_) => Self::Other("duration"),
            Value::Null => Self::Other("null"),
            Value::Struct(_) => Self::Other("another structure"),
            _ => Self::Other("a type that is not known"),
        }
    }
}
