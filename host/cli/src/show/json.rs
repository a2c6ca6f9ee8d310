//! JSON with the order of keys that readers of Vault's output know.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// A JSON value in which objects may have an order of their own.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Plain(Value),
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self::Plain(value)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// An object with the given keys first, as far as it has them, then the others.
pub(crate) fn ordered(mut map: Map<String, Value>, first: &[&str]) -> Node {
    let mut fields: Vec<(String, Node)> = first
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), map.remove(*key)?.into())))
        .collect();
    fields.extend(map.into_iter().map(|(key, value)| (key, value.into())));
    Node::Object(fields)
}

/// An object whose members keep their order.
pub(crate) fn in_order(members: Vec<(String, Value)>) -> Node {
    let fields = members.into_iter();
    Node::Object(fields.map(|(key, value)| (key, value.into())).collect())
}

/// The given members first, each with the value it has where the object lacks it; then the others.
pub(crate) fn filled(mut map: Map<String, Value>, first: &[(&str, Value)]) -> Node {
    for (key, empty) in first {
        if !map.contains_key(*key) {
            map.insert((*key).to_owned(), empty.clone());
        }
    }
    let order: Vec<&str> = first.iter().map(|(key, _)| *key).collect();
    ordered(map, &order)
}

/// The text with two spaces of indentation.
pub(crate) fn pretty(node: &Node) -> String {
    // A tree of JSON values always serializes; an empty text would be seen at once.
    serde_json::to_string_pretty(node).unwrap_or_default()
}

/// The value without its order.
pub(crate) fn plain(node: &Node) -> Value {
    match node {
        Node::Plain(value) => value.clone(),
        Node::List(items) => Value::Array(items.iter().map(plain).collect()),
        Node::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| (key.clone(), plain(value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_is_kept() {
        let Value::Object(map) = json!({"a": 1, "type": "kv", "uuid": {"z": 1.5}}) else {
            panic!("an object");
        };
        let node = ordered(map, &["uuid", "gone", "type"]);
        let text = pretty(&node).replace([' ', '\n'], "");
        assert_eq!(text, r#"{"uuid":{"z":1.5},"type":"kv","a":1}"#);
    }
}
