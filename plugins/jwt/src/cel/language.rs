//! What a program can say: the standard functions of the language, its extensions for texts, lists,
//! numbers and base64, and the structures that a login is described with.

use cel::common::types::{CelBool, CelString, CelStruct, Type};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError, StructType, extensions};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const AUTH: &str = "pb.Auth";
pub(super) const ALIAS: &str = "logical.Alias";
pub(super) const LEASE_OPTIONS: &str = "pb.LeaseOptions";

/// What is bound before the program's own variables.
pub(super) const CLAIMS: &str = "claims";
pub(super) const NOW: &str = "now";

/// Bytes of a regular expression's program.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// The structures, with the names of their fields. Some say what only the host may: they are taken, as
/// OpenBao takes them, and mean nothing.
const STRUCTURES: &[(&str, &[&str])] = &[
    (
        AUTH,
        &[
            "accessor",
            "alias",
            "bound_cidrs",
            "client_token",
            "display_name",
            "entity_id",
            "explicit_max_ttl",
            "group_aliases",
            "identity_policies",
            "internal_data",
            "lease_options",
            "metadata",
            "no_default_policy",
            "num_uses",
            "period",
            "policies",
            "token_policies",
            "token_type",
        ],
    ),
    (
        ALIAS,
        &[
            "custom_metadata",
            "local",
            "metadata",
            "mount_accessor",
            "mount_type",
            "name",
            "namespace_id",
        ],
    ),
    (
        LEASE_OPTIONS,
        &["MaxTTL", "TTL", "increment", "issue_time", "renewable"],
    ),
];

/// The fields of a structure; none for a name that is no structure's.
pub(super) fn fields_of(name: &str) -> Option<&'static [&'static str]> {
    let found = STRUCTURES.iter().find(|(structure, _)| *structure == name);
    found.map(|(_, fields)| *fields)
}

/// The environment that programs are read and run in.
///
/// # Errors
/// None that a program could cause: what is declared here is declared once.
pub(super) fn environment() -> Result<Arc<Env>, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    env.add_extension(extensions::math)?;
    env.add_extension(extensions::encoders)?;
    cel::add_overload!(env, fn matches: (CelString<'_>, CelString<'_>) -> Result<CelBool>, id = "matches")?;
    cel::add_member_overload!(env, fn matches: (CelString<'_>, CelString<'_>) -> Result<CelBool>)?;
    for (name, fields) in STRUCTURES {
        env.add_type(Structure {
            kind: Type::new_struct((*name).to_owned()),
            fields,
        })?;
    }
    Ok(Arc::new(env))
}

/// Is this the name of a type, such as `int`?
pub(super) fn is_type(env: &Env, name: &str) -> bool {
    env.types().find_type(name).is_some()
}

fn matches(text: &CelString<'_>, pattern: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    let regex = regex_lite::RegexBuilder::new(pattern.inner())
        .size_limit(REGEX_BYTES_MAX)
        .build()
        .map_err(|wrong| ExecutionError::FunctionError {
            function: "matches".into(),
            message: wrong.to_string(),
        })?;
    Ok(CelBool::from(regex.is_match(text.inner())))
}

struct Structure {
    kind: Type,
    fields: &'static [&'static str],
}

impl StructType for Structure {
    fn get_type(&self) -> &Type {
        &self.kind
    }

    fn new_value<'b, 'v>(
        &self,
        fields: BTreeMap<String, CowVal<'b, 'v>>,
    ) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        let mut made = CelStruct::new(self.kind.name().to_owned());
        for (name, value) in fields {
            if !self.fields.contains(&name.as_str()) {
                return Err(ExecutionError::NoSuchKey(Arc::new(name)));
            }
            made.add_field_value(name, value);
        }
        Ok(Box::new(made))
    }
}
