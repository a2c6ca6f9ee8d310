//! JSON text that is known to be JSON.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// A JSON object, keys sorted as Go sorts them.
pub type Map = serde_json::Map<String, serde_json::Value>;

/// One JSON value as text, checked once; goes into a reply as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

/// What a component or a client called JSON is not.
#[derive(Debug, thiserror::Error)]
#[error("not JSON")]
pub struct JsonError(#[source] serde_json::Error);

impl Json {
    /// Checks `text`.
    ///
    /// # Errors
    /// When it is not exactly one JSON value, or nested deeper than 128 levels.
    pub fn parse(text: String) -> Result<Self, JsonError> {
        serde_json::from_str::<Depth>(&text).map_err(JsonError)?;
        RawValue::from_string(text).map(Self).map_err(JsonError)
    }

    /// Writes `value` as JSON.
    ///
    /// # Panics
    /// Never for values without non-text map keys, which none of ours has.
    #[expect(
        clippy::expect_used,
        reason = "only maps with keys that are not text fail"
    )]
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(to_raw_value(value).expect("our values have text keys"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The value, parsed.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

/// Walks a value and keeps nothing; serde_json bounds the depth while it walks.
struct Depth;

impl<'de> Deserialize<'de> for Depth {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Depth)
    }
}

impl<'de> serde::de::Visitor<'de> for Depth {
    type Value = Self;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }
    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_as_they_were_written() {
        let text = r#"{"a":12345678901234567890,"b":1.50,"c":1e400}"#;
        assert_eq!(Json::parse(text.into()).unwrap().as_str(), text);
        assert_eq!(
            Json::parse(text.into()).unwrap().to_value().to_string(),
            text.replace("1e400", "1e+400")
        );
    }

    #[test]
    fn refuses_what_is_not_one_value() {
        for bad in [
            "",
            "{",
            "1 2",
            "{\"a\":}",
            "nul",
            &"[".repeat(4000),
            &format!("{}{}", "[".repeat(200), "]".repeat(200)),
        ] {
            assert!(Json::parse(bad.into()).is_err(), "{bad:.20}");
        }
    }
}
