//! `{{identity.…}}` in the paths of rules.

use core::fmt;
use std::collections::BTreeMap;

/// A text with holes that the caller's identity fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Hole(String),
}

impl Template {
    /// None where the braces do not pair up.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (hole, after) = after.split_once("}}")?;
            if before.contains("}}") || hole.contains("{{") {
                return None;
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Hole(hole.trim().to_owned()));
            rest = after;
        }
        if rest.contains("}}") {
            return None;
        }
        parts.push(Part::Text(rest.to_owned()));
        Some(Self(parts))
    }

    /// A text without holes.
    pub(crate) fn literal(text: &str) -> Self {
        Self(vec![Part::Text(text.to_owned())])
    }

    pub(crate) fn has_holes(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Hole(_)))
    }

    /// The text with its holes filled. None where one is unknown or empty.
    ///
    /// # Errors
    /// The sign in a value that would change what the pattern means: a name must not widen a rule.
    pub(crate) fn render(
        &self,
        identity: Option<&Identity>,
        may_hold: Substitutes,
    ) -> Result<Option<String>, char> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Hole(hole) => {
                    let value = identity.and_then(|identity| identity.resolve(hole));
                    let Some(value) = value.filter(|value| !value.is_empty()) else {
                        return Ok(None);
                    };
                    if let Some(sign) = value.chars().find(|c| may_hold.forbid(*c)) {
                        return Err(sign);
                    }
                    text.push_str(value);
                }
            }
        }
        Ok(Some(text))
    }

    /// The same without the slash that it may begin with: paths of requests never do.
    pub(crate) fn without_leading_slash(mut self) -> Self {
        if let Some(Part::Text(first)) = self.0.first_mut()
            && let Some(rest) = first.strip_prefix('/')
        {
            *first = rest.to_owned();
        }
        self
    }
}

/// Prints the template as it was written.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Hole(hole) => write!(f, "{{{{{hole}}}}}"),
        })
    }
}

/// What else values that are filled in may hold. Nothing, unless the writer of a policy says so:
/// a value may come from whoever logs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Substitutes {
    /// `/`: a value may reach over several segments.
    pub slashes: bool,
    /// `+` and `*`: a value may be a pattern.
    pub wildcards: bool,
}

impl Substitutes {
    const fn forbid(self, sign: char) -> bool {
        match sign {
            '/' => !self.slashes,
            '+' | '*' => !self.wildcards,
            _ => false,
        }
    }
}

/// Who the caller is, as far as policies may name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The entity's id.
    pub id: String,
    /// The entity's name.
    pub name: String,
    /// The entity's metadata.
    pub metadata: BTreeMap<String, String>,
    /// Its aliases, by the accessor of their auth mount.
    pub aliases: BTreeMap<String, Alias>,
    /// The groups it is in.
    pub groups: Vec<Group>,
}

/// The entity's name at one auth mount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alias {
    /// The alias' id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What the auth method says of it.
    pub metadata: BTreeMap<String, String>,
    /// What operators say of it.
    pub custom_metadata: BTreeMap<String, String>,
}

/// A group that the entity is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The group's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its metadata.
    pub metadata: BTreeMap<String, String>,
}

impl Identity {
    fn resolve(&self, hole: &str) -> Option<&str> {
        let rest = hole.strip_prefix("identity.")?;
        if let Some(field) = rest.strip_prefix("entity.") {
            return self.entity_field(field);
        }
        let rest = rest.strip_prefix("groups.")?;
        let (key, by_id) = match rest.strip_prefix("ids.") {
            Some(key) => (key, true),
            None => (rest.strip_prefix("names.")?, false),
        };
        // Names may hold dots, so each group tells whether the text begins with its own.
        self.groups.iter().find_map(|group| {
            let own = if by_id { &group.id } else { &group.name };
            let field = key.strip_prefix(own.as_str())?.strip_prefix('.')?;
            match field {
                "id" => Some(group.id.as_str()),
                "name" => Some(group.name.as_str()),
                _ => from_map(field.strip_prefix("metadata.")?, &group.metadata),
            }
        })
    }

    fn entity_field(&self, field: &str) -> Option<&str> {
        match field {
            "id" => return Some(&self.id),
            "name" => return Some(&self.name),
            _ => {}
        }
        if let Some(key) = field.strip_prefix("metadata.") {
            return from_map(key, &self.metadata);
        }
        let (accessor, field) = field.strip_prefix("aliases.")?.split_once('.')?;
        let alias = self.aliases.get(accessor)?;
        match field {
            "id" => Some(&alias.id),
            "name" => Some(&alias.name),
            _ => match field.strip_prefix("custom_metadata.") {
                Some(key) => from_map(key, &alias.custom_metadata),
                None => from_map(field.strip_prefix("metadata.")?, &alias.metadata),
            },
        }
    }
}

fn from_map<'map>(key: &str, map: &'map BTreeMap<String, String>) -> Option<&'map str> {
    map.get(key).map(String::as_str)
}
