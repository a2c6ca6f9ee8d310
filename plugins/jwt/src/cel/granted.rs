//! From the structure that a program makes to what a login gives.

use cel::Value;
use cel::common::types::CelStruct;
use cel::objects::Key;
use core::time::Duration;
use sdk::{Network, Terms, TokenKind, TokenShape, clean_policies};

/// What a `pb.Auth` says.
#[derive(Debug)]
pub(super) struct Described {
    /// None for a login that is nobody's in particular.
    pub(super) alias: Option<Alias>,
    pub(super) display_name: String,
    pub(super) policies: Vec<String>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) groups: Vec<String>,
    pub(super) terms: Terms,
    pub(super) token: TokenShape,
}

#[derive(Debug)]
pub(super) struct Alias {
    pub(super) name: String,
    pub(super) metadata: Vec<(String, String)>,
}

impl Described {
    /// # Errors
    /// What in it is not as it must be.
    pub(super) fn new(auth: &CelStruct<'_>) -> Result<Self, String> {
        let auth = Fields(auth);
        let alias = auth.structure("alias", |alias| {
            let name = alias.text("name")?;
            match name.is_empty() {
                true => Err("missing name in alias".into()),
                false => Ok(Alias {
                    name,
                    metadata: alias.texts_by_name("metadata")?,
                }),
            }
        })?;
        let terms = auth.structure("lease_options", |options| {
            Ok(Terms {
                ttl: options.duration("TTL")?,
                max_ttl: options.duration("MaxTTL")?,
                renewable: options.is_set("renewable")?,
            })
        })?;
        let policies = clean_policies(auth.texts("policies")?);
        if policies.iter().any(|policy| policy == "root") {
            return Err("auth methods cannot create root tokens".into());
        }
        let period = auth.duration("period")?;
        let mut terms = terms.unwrap_or(Terms {
            ttl: Duration::ZERO,
            max_ttl: Duration::ZERO,
            renewable: false,
        });
        if !period.is_zero() {
            terms.ttl = period;
        }
        let groups = auth.groups()?;
        Ok(Self {
            // Nobody in particular is in no group.
            groups: alias.as_ref().map_or_else(Vec::new, |_| groups),
            alias,
            display_name: auth.text("display_name")?,
            policies,
            metadata: auth.texts_by_name("metadata")?,
            terms,
            token: TokenShape {
                kind: auth.token_kind()?,
                period,
                explicit_max_ttl: auth.duration("explicit_max_ttl")?,
                uses: auth.uses()?,
                bound_cidrs: auth.networks()?,
                no_default_policy: auth.is_set("no_default_policy")?,
            },
        })
    }
}

/// A structure's fields; those that are left out are empty.
struct Fields<'s, 'v>(&'s CelStruct<'v>);

impl Fields<'_, '_> {
    fn value(&self, name: &str) -> Result<Value, String> {
        match self.0.field_value(name) {
            None => Ok(Value::Null),
            Some(value) => Value::try_from(value).map_err(|wrong| format!("{name}: {wrong}")),
        }
    }

    fn text(&self, name: &str) -> Result<String, String> {
        match self.value(name)? {
            Value::Null => Ok(String::new()),
            value => text(name, value),
        }
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        match self.value(name)? {
            Value::Null => Ok(Vec::new()),
            Value::List(all) => all.iter().map(|one| text(name, one.clone())).collect(),
            _ => Err(format!("{name} is no list of texts")),
        }
    }

    fn texts_by_name(&self, name: &str) -> Result<Vec<(String, String)>, String> {
        let wrong = || format!("{name} is no map of texts");
        let map = match self.value(name)? {
            Value::Null => return Ok(Vec::new()),
            Value::Map(map) => map,
            _ => return Err(wrong()),
        };
        let pair = |(key, value): (&Key, &Value)| match (key, value) {
            (Key::String(key), Value::String(text)) => Ok((key.to_string(), text.to_string())),
            _ => Err(wrong()),
        };
        let mut pairs: Vec<_> = map.map.iter().map(pair).collect::<Result<_, _>>()?;
        pairs.sort();
        Ok(pairs)
    }

    fn is_set(&self, name: &str) -> Result<bool, String> {
        match self.value(name)? {
            Value::Null => Ok(false),
            Value::Bool(is_set) => Ok(is_set),
            _ => Err(format!("{name} is neither true nor false")),
        }
    }

    /// A whole number that is not negative.
    fn count(&self, name: &str) -> Result<u64, String> {
        let wrong = || format!("{name} is no whole number, or less than nothing");
        match self.value(name)? {
            Value::Null => Ok(0),
            Value::UInt(count) => Ok(count),
            Value::Int(count) => u64::try_from(count).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    /// Durations are nanoseconds; less than a second is none.
    fn duration(&self, name: &str) -> Result<Duration, String> {
        let time = Duration::from_nanos(self.count(name)?);
        Ok(Duration::from_secs(time.as_secs()))
    }

    fn uses(&self) -> Result<u32, String> {
        u32::try_from(self.count("num_uses")?).map_err(|_| "num_uses is out of range".into())
    }

    fn token_kind(&self) -> Result<TokenKind, String> {
        match self.count("token_type")? {
            0 => Ok(TokenKind::AsMounted),
            1 | 3 => Ok(TokenKind::Service),
            2 | 4 => Ok(TokenKind::Batch),
            other => Err(format!("token_type {other} is none")),
        }
    }

    fn networks(&self) -> Result<Vec<String>, String> {
        let network = |text: String| match text.parse::<Network>() {
            Ok(network) => Ok(network.to_string()),
            Err(_) => Err(format!(
                "error parsing address {text:?}: Unable to convert {text:?} to an IPv4 or IPv6 address, or a UNIX Socket"
            )),
        };
        let texts = self.texts("bound_cidrs")?;
        texts.into_iter().map(network).collect()
    }

    fn groups(&self) -> Result<Vec<String>, String> {
        let wrong = || String::from("group_aliases is no list of aliases");
        let all = match self.value("group_aliases")? {
            Value::Null => return Ok(Vec::new()),
            Value::List(all) => all,
            _ => return Err(wrong()),
        };
        let group = |one: &Value| {
            let Value::Struct(alias) = one else {
                return Err(wrong());
            };
            let name = Fields(alias).text("name")?;
            match name.is_empty() {
                true => Err("missing alias name".into()),
                false => Ok(name),
            }
        };
        all.iter().map(group).collect()
    }

    /// What `read` makes of a field that is a structure itself; none where it is left out.
    fn structure<T>(
        &self,
        name: &str,
        read: impl Fn(&Fields<'_, '_>) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Struct(inner) => read(&Fields(&inner)).map(Some),
            _ => Err(format!("{name} is no structure")),
        }
    }
}

fn text(name: &str, value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.to_string()),
        _ => Err(format!("{name} is no text")),
    }
}
