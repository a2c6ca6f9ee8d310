//! Objects whose names are unique, as RFC 7515 and RFC 7519 ask: two readers of one token must not see
//! two things in it.

use core::fmt;
use sdk::{Json, Map};
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// The members of a JSON object, each there once.
pub(crate) fn unique(bytes: &[u8]) -> Result<Map, String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let members = reader.deserialize_map(Members);
    let members = members.and_then(|members| reader.end().map(|()| members));
    members.map_err(|wrong| wrong.to_string())
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Map;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Map, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value: Json = map.next_value()?;
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!(
                    "{name:?} stands there twice"
                )));
            }
            members.insert(name, value);
        }
        Ok(members)
    }
}
