//! Is a manifest one that a host can enforce?

use crate::pattern::{self, Segment, is_field_name};
use crate::{Access, Field, FieldKind, FieldSource, Manifest, Matcher, Operation, Route};
use std::collections::{BTreeMap, BTreeSet};

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestError {
    /// More of something than [`Limits`] allow.
    TooMany(&'static str, usize),
    /// A text is longer than [`Limits::text_bytes_max`], or holds control characters.
    Text(&'static str),
    /// Not a name of a component, kind, option or field.
    Name(String),
    /// Not `major.minor.patch`.
    Version(String),
    /// A pattern that is not one, and what is wrong with it.
    Pattern(String, &'static str),
    /// Two patterns match the same paths, but name the parameters differently.
    Ambiguous(String),
    /// Two routes for one pattern and operation, in a mount where both are there.
    RouteTwice(String, Operation),
    /// A field that contradicts itself or its route: pattern, field, reason.
    Field(String, String, &'static str),
    /// A route that contradicts itself: pattern, reason.
    Route(String, &'static str),
    /// A storage prefix that is not one, or stands twice.
    Storage(String, &'static str),
    /// Two kinds of secrets have one name.
    SecretKindTwice(String),
    /// Not a host pattern.
    Outbound(String),
}

impl core::fmt::Display for ManifestError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooMany(what, limit) => write!(f, "more than {limit} {what}"),
            Self::Text(what) => write!(f, "{what} is too long or has control characters"),
            Self::Name(name) => write!(f, "{name:?} is not a name"),
            Self::Version(version) => write!(f, "{version:?} is not a version"),
            Self::Pattern(pattern, what) => write!(f, "pattern {pattern:?}: {what}"),
            Self::Ambiguous(pattern) => write!(
                f,
                "pattern {pattern:?} matches what another one matches, under other names"
            ),
            Self::RouteTwice(pattern, operation) => {
                write!(f, "pattern {pattern:?} has two routes for {operation:?}")
            }
            Self::Field(pattern, field, what) => {
                write!(f, "field {field:?} of {pattern:?}: {what}")
            }
            Self::Route(pattern, what) => write!(f, "route {pattern:?}: {what}"),
            Self::Storage(prefix, what) => write!(f, "storage prefix {prefix:?}: {what}"),
            Self::SecretKindTwice(name) => write!(f, "secret kind {name:?} stands twice"),
            Self::Outbound(pattern) => write!(f, "{pattern:?} is not a host pattern"),
        }
    }
}

impl core::error::Error for ManifestError {}

/// How large a manifest may be.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Routes.
    pub routes_max: usize,
    /// Fields of one route, and answers of one.
    pub fields_max: usize,
    /// Storage rules.
    pub storage_rules_max: usize,
    /// Kinds of secrets.
    pub secret_kinds_max: usize,
    /// Outbound patterns.
    pub outbound_max: usize,
    /// Allowed values of one field, and values of one condition.
    pub values_max: usize,
    /// Bytes of one summary, description, pattern or prefix.
    pub text_bytes_max: usize,
    /// Different sets of mount options for which routes are there or not.
    pub variants_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            routes_max: 1_024,
            fields_max: 256,
            storage_rules_max: 64,
            secret_kinds_max: 64,
            outbound_max: 64,
            values_max: 128,
            text_bytes_max: 16 * 1024,
            variants_max: 64,
        }
    }
}

impl Manifest {
    /// Checks everything that a host relies on.
    ///
    /// # Errors
    /// [`ManifestError`] for the first thing that is wrong.
    pub fn check(&self, limits: &Limits) -> Result<(), ManifestError> {
        check_name(&self.name)?;
        if !is_version(&self.version) {
            return Err(ManifestError::Version(self.version.clone()));
        }
        check_text("the summary", &self.summary, limits)?;
        check_count("routes", self.routes.len(), limits.routes_max)?;
        for route in &self.routes {
            check_route(route, limits)?;
        }
        self.check_variants(limits)?;
        self.check_storage(limits)?;
        self.check_secret_kinds(limits)?;
        check_count(
            "outbound patterns",
            self.outbound.len(),
            limits.outbound_max,
        )?;
        let wrong = self
            .outbound
            .iter()
            .find(|pattern| !is_host_pattern(pattern));
        wrong.map_or(Ok(()), |pattern| {
            Err(ManifestError::Outbound(pattern.clone()))
        })
    }

    /// Builds the matcher of every kind of mount that the conditions tell apart.
    fn check_variants(&self, limits: &Limits) -> Result<(), ManifestError> {
        let mut options: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for condition in self.routes.iter().filter_map(|route| route.when.as_ref()) {
            // A value that no condition names stands for all of those.
            let values = options
                .entry(&condition.name)
                .or_insert_with(|| ["", "\0"].into());
            values.extend(condition.values.iter().map(String::as_str));
        }
        let mut variants: Vec<Vec<(&str, &str)>> = vec![Vec::new()];
        for (name, values) in &options {
            let longer = variants.iter().flat_map(|variant| {
                values.iter().map(move |value| {
                    let mut longer = variant.clone();
                    longer.push((name, value));
                    longer
                })
            });
            variants = longer.take(limits.variants_max + 1).collect();
            check_count("variants of mounts", variants.len(), limits.variants_max)?;
        }
        for variant in variants {
            let option = |name: &str| {
                let found = variant.iter().find(|(option, _)| *option == name);
                found.map(|(_, value)| *value)
            };
            Matcher::new(self, option)?;
        }
        Ok(())
    }

    fn check_storage(&self, limits: &Limits) -> Result<(), ManifestError> {
        check_count(
            "storage rules",
            self.storage.len(),
            limits.storage_rules_max,
        )?;
        let mut seen = BTreeSet::new();
        for rule in &self.storage {
            let wrong = |what| Err(ManifestError::Storage(rule.prefix.clone(), what));
            check_text("a storage prefix", &rule.prefix, limits)?;
            let mut segments = rule.prefix.split('/').rev();
            // Behind the last slash may be nothing, or the beginning of a name.
            let last = segments.next().unwrap_or_default();
            if matches!(last, "." | "..") || segments.any(|one| matches!(one, "" | "." | "..")) {
                return wrong("has an empty or relative segment");
            }
            if !seen.insert(&rule.prefix) {
                return wrong("stands twice");
            }
        }
        Ok(())
    }

    fn check_secret_kinds(&self, limits: &Limits) -> Result<(), ManifestError> {
        check_count(
            "secret kinds",
            self.secret_kinds.len(),
            limits.secret_kinds_max,
        )?;
        let mut seen = BTreeSet::new();
        for kind in &self.secret_kinds {
            check_name(&kind.name)?;
            check_text("the summary of a secret kind", &kind.summary, limits)?;
            if !seen.insert(&kind.name) {
                return Err(ManifestError::SecretKindTwice(kind.name.clone()));
            }
        }
        Ok(())
    }
}

fn check_route(route: &Route, limits: &Limits) -> Result<(), ManifestError> {
    let wrong = |what| Err(ManifestError::Route(route.pattern.clone(), what));
    check_text("a pattern", &route.pattern, limits)?;
    check_text("the summary of a route", &route.summary, limits)?;
    let lines_apart = route.description.replace(['\n', '\t'], " ");
    check_text("the description of a route", &lines_apart, limits)?;
    let segments = pattern::parse(&route.pattern)
        .map_err(|what| ManifestError::Pattern(route.pattern.clone(), what))?;
    if route.raw_body && !matches!(route.operation, Operation::Update | Operation::Patch) {
        return wrong("only update and patch have a body to keep");
    }
    if route.checks_existence && !matches!(route.operation, Operation::Update | Operation::Patch) {
        return wrong("only update and patch can make or change");
    }
    if route.access == Access::Login && route.checks_existence {
        return wrong("no policy applies to a login");
    }
    if let Some(condition) = &route.when {
        check_name(&condition.name)?;
        check_count(
            "values of a condition",
            condition.values.len(),
            limits.values_max,
        )?;
        if condition.values.is_empty() {
            return wrong("its condition never holds");
        }
        for value in &condition.values {
            check_text("a value of a condition", value, limits)?;
        }
    }
    check_fields(route, &segments, limits)?;
    check_count("answers of a route", route.answers.len(), limits.fields_max)
}

fn check_fields(
    route: &Route,
    segments: &[Segment<'_>],
    limits: &Limits,
) -> Result<(), ManifestError> {
    check_count("fields of a route", route.fields.len(), limits.fields_max)?;
    let parameters = pattern::parameter_names(segments);
    let mut seen = BTreeSet::new();
    for field in route.fields.iter().chain(&route.answers) {
        check_field(route, field, limits)?;
    }
    for field in &route.fields {
        let name = field.name.as_str();
        let wrong = |what| {
            let (pattern, name) = (route.pattern.clone(), field.name.clone());
            Err(ManifestError::Field(pattern, name, what))
        };
        if !seen.insert(name) {
            return wrong("stands twice");
        }
        match (field.source, parameters.contains(&name)) {
            (FieldSource::Path, false) => return wrong("does not stand in the pattern"),
            (FieldSource::Path, true) | (_, false) => {}
            (_, true) => return wrong("stands in the pattern, but its source is another"),
        }
    }
    let rests = route
        .fields
        .iter()
        .filter(|field| field.source == FieldSource::Rest);
    if rests.count() > 1 {
        return Err(ManifestError::Route(
            route.pattern.clone(),
            "two fields take the rest",
        ));
    }
    match parameters.iter().find(|name| !seen.contains(*name)) {
        Some(name) => Err(ManifestError::Field(
            route.pattern.clone(),
            (*name).to_owned(),
            "stands in the pattern, but is no field",
        )),
        None => Ok(()),
    }
}

fn check_field(route: &Route, field: &Field, limits: &Limits) -> Result<(), ManifestError> {
    let wrong = |what| {
        let (pattern, name) = (route.pattern.clone(), field.name.clone());
        Err(ManifestError::Field(pattern, name, what))
    };
    if !is_field_name(&field.name) {
        return wrong("its name is not one");
    }
    check_text("the summary of a field", &field.summary, limits)?;
    check_count("allowed values", field.allowed.len(), limits.values_max)?;
    if field.required && field.default.is_some() {
        return wrong("is required and has a default");
    }
    if field.source == FieldSource::Rest
        && !matches!(field.kind, FieldKind::Object | FieldKind::Json)
    {
        return wrong("takes the rest, but is no object");
    }
    let is_scalar = matches!(
        field.kind,
        FieldKind::Text
            | FieldKind::LowerText
            | FieldKind::Name
            | FieldKind::Integer
            | FieldKind::Boolean
    );
    if field.source == FieldSource::Path && !is_scalar {
        return wrong("stands in the path, which has texts, integers and booleans only");
    }
    if let Some(default) = &field.default {
        let same = crate::coerce::coerce(field.kind, default.clone());
        if same.as_ref() != Ok(default) {
            return wrong("its default is not of its kind");
        }
    }
    Ok(())
}

fn check_count(what: &'static str, count: usize, limit: usize) -> Result<(), ManifestError> {
    match count <= limit {
        true => Ok(()),
        false => Err(ManifestError::TooMany(what, limit)),
    }
}

fn check_text(what: &'static str, text: &str, limits: &Limits) -> Result<(), ManifestError> {
    match text.len() <= limits.text_bytes_max && !text.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(ManifestError::Text(what)),
    }
}

/// Lowercase letters, digits and `-`, `_`; begins with a letter; up to 64 bytes.
fn check_name(name: &str) -> Result<(), ManifestError> {
    let begins = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    let is_inside = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
    };
    match begins && name.len() <= 64 && name.bytes().all(is_inside) {
        true => Ok(()),
        false => Err(ManifestError::Name(name.to_owned())),
    }
}

/// `1.2.3`, with whatever semantic versioning lets follow.
fn is_version(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| {
        (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    version.len() <= 64
        && version.bytes().all(allowed)
        && core.split('.').count() == 3
        && core.split('.').all(is_number)
}

/// `host`, `host:port` or `*.host`; also `*` alone, for components that the operator points somewhere.
fn is_host_pattern(pattern: &str) -> bool {
    let (host, port) = match pattern.split_once(':') {
        Some((host, port)) => (host, port.parse::<u16>().is_ok()),
        None => (pattern, true),
    };
    let host = host.strip_prefix("*.").unwrap_or(host);
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    port && pattern.len() <= 255 && (host == "*" || host.split('.').all(is_label))
}
