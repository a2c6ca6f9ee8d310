//! What clients write, and how it is read again.

use base::Operation::{self, Read, Update};
use serde_json::{Value, json};

/// A kind of thing that clients write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Policy,
    Role,
    Entity,
    Cubbyhole,
    /// Stored by a component, below a prefix that travels. Its name is the whole path.
    Shared,
    /// Stored by a component, below a prefix that stays, by a version that has it so.
    Kept,
    /// The same prefix, by the version that has it travel.
    Released,
    /// Stored by a component in a mount of one cluster alone.
    Alone,
}

impl Kind {
    /// Is it of the cluster where it is written alone?
    pub(crate) const fn is_local(self) -> bool {
        matches!(self, Self::Cubbyhole | Self::Kept | Self::Alone)
    }
}

/// Something that a client writes: a place, and what is to be there.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) kind: Kind,
    /// Empty for the root.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Write {
    /// Names the place, for the oracle.
    pub(crate) fn place(&self) -> String {
        let letter = match self.kind {
            Kind::Policy => "policy",
            Kind::Role => "role",
            Kind::Entity => "entity",
            Kind::Cubbyhole => "cubbyhole",
            Kind::Shared => "shared",
            Kind::Kept => "kept",
            Kind::Released => "released",
            Kind::Alone => "alone",
        };
        format!("{letter}|{}|{}", self.namespace, self.name)
    }

    /// The request that writes it.
    pub(crate) fn request(&self) -> (Operation, String, Value) {
        let value = &self.value;
        let data = match self.kind {
            Kind::Policy => json!({ "policy": format!("# {value}") }),
            Kind::Role => json!({ "path_suffix": format!("is-{value}") }),
            Kind::Entity => json!({ "metadata": { "value": value } }),
            Kind::Cubbyhole | Kind::Shared | Kind::Kept | Kind::Released | Kind::Alone => {
                json!({ "value": value })
            }
        };
        (
            Update,
            path_of(self.kind, &self.namespace, &self.name),
            data,
        )
    }
}

fn path_of(kind: Kind, namespace: &str, name: &str) -> String {
    let path = match kind {
        Kind::Policy => format!("sys/policies/acl/{name}"),
        Kind::Role => format!("auth/token/roles/{name}"),
        Kind::Entity => format!("identity/entity/name/{name}"),
        Kind::Cubbyhole => format!("cubbyhole/{name}"),
        Kind::Shared | Kind::Kept | Kind::Released | Kind::Alone => name.to_owned(),
    };
    match namespace {
        "" => path,
        namespace => format!("{namespace}/{path}"),
    }
}

/// What is at a place, and the request that reads it.
pub(crate) fn reading(place: &str) -> Option<(Kind, Operation, String)> {
    let mut parts = place.splitn(3, '|');
    let (kind, namespace, name) = (parts.next()?, parts.next()?, parts.next()?);
    let kind = match kind {
        "policy" => Kind::Policy,
        "role" => Kind::Role,
        "entity" => Kind::Entity,
        "shared" => Kind::Shared,
        "kept" => Kind::Kept,
        "released" => Kind::Released,
        "alone" => Kind::Alone,
        _ => Kind::Cubbyhole,
    };
    Some((kind, Read, path_of(kind, namespace, name)))
}

/// What an answer says is at a place.
pub(crate) fn value_in(kind: Kind, answer: &Value) -> Option<String> {
    let found = match kind {
        Kind::Policy => answer
            .get("policy")
            .and_then(Value::as_str)?
            .strip_prefix("# ")?,
        Kind::Role => answer
            .get("path_suffix")
            .and_then(Value::as_str)?
            .strip_prefix("is-")?,
        Kind::Entity => answer.pointer("/metadata/value").and_then(Value::as_str)?,
        Kind::Cubbyhole => answer.get("value").and_then(Value::as_str)?,
        Kind::Shared | Kind::Kept | Kind::Released | Kind::Alone => {
            answer.pointer("/input/value").and_then(Value::as_str)?
        }
    };
    Some(found.to_owned())
}
