//! Claims with holes, which an entity fills: `{"team": {{identity.entity.metadata.team}}}`.
//!
//! Each hole becomes JSON, quotes and all: what an entity is called cannot become a claim of its own.

use super::OidcError;
use crate::{Group, Metadata, Person};
use base::{Timestamp, parse_duration};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// What only the host says.
const RESERVED: [&str; 10] = [
    "iat",
    "aud",
    "exp",
    "iss",
    "sub",
    "namespace",
    "nonce",
    "auth_time",
    "at_hash",
    "c_hash",
];

/// Longest template, in bytes.
const BYTES_MAX: usize = 64 * 1024;

/// Claims with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Hole(Hole),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hole {
    Id,
    Name,
    Metadata,
    MetadataOf(String),
    GroupIds,
    GroupNames,
    /// Accessor, and what of the alias.
    Alias(String, AliasHole),
    /// Seconds to add to the time.
    Now(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum AliasHole {
    Id,
    Name,
    Metadata,
    MetadataOf(String),
    Custom,
    CustomOf(String),
}

impl Template {
    /// The text of a template that may be in Base64.
    pub fn decoded(text: String) -> String {
        let bytes = STANDARD.decode(&text).ok();
        bytes
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .unwrap_or(text)
    }

    /// Reads a template.
    ///
    /// # Errors
    /// [`OidcError::Refused`] for braces that do not pair, and for holes that mean nothing.
    pub fn parse(text: &str) -> Result<Self, OidcError> {
        let unbalanced =
            || OidcError::refused("error parsing template: unbalanced templating characters");
        if text.len() > BYTES_MAX {
            return Err(OidcError::refused("error parsing template: too long"));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (hole, after) = after.split_once("}}").ok_or_else(unbalanced)?;
            parts.push(Part::Text(before.to_owned()));
            let hole = Hole::parse(hole.trim()).ok_or_else(|| {
                OidcError::refused(
                    "error parsing template: no value could be found for one of the template \
                     directives",
                )
            })?;
            parts.push(Part::Hole(hole));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// Would it give claims, for somebody of whom nothing is known?
    ///
    /// # Errors
    /// [`OidcError::Refused`] where it would not, or would say what only the host says.
    pub fn check(&self) -> Result<(), OidcError> {
        self.fill(None, Timestamp::default()).map(drop)
    }

    /// The claims.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn fill(
        &self,
        person: Option<&Person>,
        now: Timestamp,
    ) -> Result<Map<String, Value>, OidcError> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Hole(hole) => text.push_str(&hole.value(person, now).to_string()),
            }
        }
        if text.trim().is_empty() {
            return Ok(Map::new());
        }
        let claims: Map<String, Value> = serde_json::from_str(&text)
            .map_err(|error| OidcError::Refused(format!("error parsing template JSON: {error}")))?;
        if let Some(name) = claims.keys().find(|name| RESERVED.contains(&name.as_str())) {
            return Err(OidcError::Refused(format!(
                "top level key {name:?} not allowed. Restricted keys: {}",
                RESERVED.join(", ")
            )));
        }
        Ok(claims)
    }
}

impl Hole {
    fn parse(text: &str) -> Option<Self> {
        if let Some(time) = text.strip_prefix("time.now") {
            let seconds = |text: &str| {
                let duration = parse_duration(text).ok()?;
                i64::try_from(duration.as_secs()).ok()
            };
            return Some(Self::Now(match time {
                "" => 0,
                time => match time.strip_prefix(".plus.") {
                    Some(text) => seconds(text)?,
                    None => -seconds(time.strip_prefix(".minus.")?)?,
                },
            }));
        }
        let text = text.strip_prefix("identity.entity.")?;
        if let Some(rest) = text.strip_prefix("aliases.") {
            let (accessor, what) = rest.split_once('.')?;
            return Some(Self::Alias(accessor.to_owned(), AliasHole::parse(what)?));
        }
        Some(match text {
            "id" => Self::Id,
            "name" => Self::Name,
            "metadata" => Self::Metadata,
            "groups.ids" => Self::GroupIds,
            "groups.names" => Self::GroupNames,
            text => Self::MetadataOf(text.strip_prefix("metadata.")?.to_owned()),
        })
    }

    fn value(&self, person: Option<&Person>, now: Timestamp) -> Value {
        let entity = person.map(|person| &person.entity);
        let groups = |name: fn(&Group) -> &String| match person {
            Some(person) if person.groups().next().is_some() => {
                json!(person.groups().map(name).collect::<Vec<_>>())
            }
            _ => Value::Null,
        };
        let text = |text: Option<&String>| json!(text.map_or("", String::as_str));
        match self {
            Self::Id => text(entity.map(|entity| &entity.id)),
            Self::Name => text(entity.map(|entity| &entity.name)),
            Self::Metadata => object(entity.map(|entity| &entity.metadata)),
            Self::MetadataOf(key) => text(entity.and_then(|entity| entity.metadata.get(key))),
            Self::GroupIds => groups(|group| &group.id),
            Self::GroupNames => groups(|group| &group.name),
            Self::Now(plus) => {
                let seconds = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
                json!(seconds.saturating_add(*plus))
            }
            Self::Alias(accessor, what) => {
                let mut aliases = person.into_iter().flat_map(|person| &person.aliases);
                let alias = aliases.find(|alias| alias.accessor == *accessor);
                let custom = alias.and_then(|alias| alias.custom_metadata.as_ref());
                match what {
                    AliasHole::Id => text(alias.map(|alias| &alias.id)),
                    AliasHole::Name => text(alias.map(|alias| &alias.name)),
                    AliasHole::Metadata => object(alias.map(|alias| &alias.metadata)),
                    AliasHole::MetadataOf(key) => {
                        text(alias.and_then(|alias| alias.metadata.get(key)))
                    }
                    AliasHole::Custom => object(custom),
                    AliasHole::CustomOf(key) => text(custom.and_then(|all| all.get(key))),
                }
            }
        }
    }
}

impl AliasHole {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "id" => Self::Id,
            "name" => Self::Name,
            "metadata" => Self::Metadata,
            "custom_metadata" => Self::Custom,
            text => match text.strip_prefix("custom_metadata.") {
                Some(key) => Self::CustomOf(key.to_owned()),
                None => Self::MetadataOf(text.strip_prefix("metadata.")?.to_owned()),
            },
        })
    }
}

fn object(metadata: Option<&Metadata>) -> Value {
    metadata.map_or_else(|| json!({}), |metadata| json!(metadata))
}
