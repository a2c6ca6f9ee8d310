//! A set of policies, compiled.

use crate::pattern::{Pattern, Rank, Segments};
use crate::policy::Body;
use crate::rule::{Limits, Rule};
use crate::{
    Ask, Capabilities, Capability, Decision, Grant, Identity, Operation, Policy, TemplateError,
};
use base::Timestamp;
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A set of policies, compiled once and asked for every request.
#[derive(Debug, Default)]
pub struct Acl {
    root: bool,
    exact: HashMap<String, Slot>,
    prefixes: HashMap<String, (Rank, Slot)>,
    /// The lengths that prefixes have, longest first: a lookup is one probe for each.
    prefix_lengths: Vec<usize>,
    /// Best first.
    wildcards: Vec<(Rank, Segments, Slot)>,
}

/// The rules of an [`Acl`], by pattern. Not for decisions: which rule counts is not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Everything may be done.
    pub root: bool,
    /// Paths and what is said of them.
    pub exact: BTreeMap<String, Shown>,
    /// Patterns without the `*` they end in, and the same.
    pub globs: BTreeMap<String, Shown>,
}

/// What an [`Overview`] shows of one pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The names of what may be done there.
    pub capabilities: Vec<&'static str>,
    /// By name, the values that parameters may have; none for any.
    pub allowed_parameters: BTreeMap<String, Vec<serde_json::Value>>,
    /// By name, the values that they must not have; none for any.
    pub denied_parameters: BTreeMap<String, Vec<serde_json::Value>>,
    /// Those that must be there.
    pub required_parameters: Vec<String>,
    /// How long an answer must be wrapped at least.
    pub min_wrapping_ttl: Option<Duration>,
    /// And at most.
    pub max_wrapping_ttl: Option<Duration>,
}

/// All that the policies say of one pattern.
#[derive(Debug)]
enum Slot {
    /// Nothing of it ever ends.
    Fixed(Arc<Merged>),
    /// Some of it ends: united for each question from what still counts.
    Timed(Vec<(Grant, Rule)>),
}

/// The rules of one pattern, united.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    capabilities: Capabilities,
    limits: Limits,
    grants: Vec<(Capabilities, Grant)>,
}

impl Merged {
    fn of<'rule>(rules: impl Iterator<Item = (&'rule Grant, &'rule Rule)>) -> Self {
        let mut merged = Self::default();
        for (grant, rule) in rules {
            merged.capabilities = merged.capabilities.union(rule.capabilities);
            merged.limits.union(&rule.limits);
            merged.grants.push((rule.capabilities, grant.clone()));
        }
        merged
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    fn shown(&self) -> Shown {
        let Limits {
            parameters,
            wrapping,
            ..
        } = self.limits.clone();
        Shown {
            capabilities: self.capabilities.names(),
            allowed_parameters: parameters.allowed.unwrap_or_default(),
            denied_parameters: parameters.denied,
            required_parameters: parameters.required.into_iter().collect(),
            min_wrapping_ttl: wrapping.min,
            max_wrapping_ttl: wrapping.max,
        }
    }

    pub(crate) fn grants_of(&self, capability: Capability) -> Vec<Grant> {
        let mut grants: Vec<Grant> = Vec::new();
        for (capabilities, grant) in &self.grants {
            if capabilities.has(capability) && !grants.contains(grant) {
                grants.push(grant.clone());
            }
        }
        grants
    }

    fn allows(&self, ask: &Ask<'_>) -> bool {
        let Some(capability) = ask.operation.capability() else {
            return true;
        };
        let limits = &self.limits;
        self.capabilities.has(capability)
            && limits.wrapping.permits(ask.wrap_ttl)
            && (!ask.operation.carries_parameters() || limits.parameters.permit(ask.data))
            && (!ask.operation.is_listing() || pages_permitted(limits.pagination_limit, ask))
    }
}

/// Whether a listing asks for no more keys at once than it may. Not to name a number is fine: the
/// answer is then cut to [`Decision::pagination_limit`].
fn pages_permitted(limit: Option<u64>, ask: &Ask<'_>) -> bool {
    let (Some(limit), Some(asked)) = (limit, ask.data.get("limit")) else {
        return true;
    };
    let asked = match asked {
        serde_json::Value::String(text) => text.parse().ok(),
        serde_json::Value::Number(number) => number.as_u64(),
        _ => None,
    };
    asked.is_some_and(|asked: u64| asked <= limit)
}

impl Slot {
    fn new(rules: Vec<(Grant, Rule)>) -> Self {
        if rules.iter().any(|(_, rule)| rule.expiration.is_some()) {
            return Self::Timed(rules);
        }
        let rules = rules.iter().map(|(grant, rule)| (grant, rule));
        Self::Fixed(Arc::new(Merged::of(rules)))
    }

    /// What counts at `now`; none where all of it has ended.
    fn at(&self, now: Timestamp) -> Option<Arc<Merged>> {
        match self {
            Self::Fixed(merged) => Some(Arc::clone(merged)),
            Self::Timed(rules) => {
                let live = || {
                    rules
                        .iter()
                        .filter(|(_, rule)| rule.expiration.is_none_or(|end| now < end))
                        .map(|(grant, rule)| (grant, rule))
                };
                live().next()?;
                Some(Arc::new(Merged::of(live())))
            }
        }
    }
}

impl Acl {
    /// Compiles `policies` for a caller of no identity: rules with templates are left out.
    pub fn new(policies: &[Arc<Policy>]) -> Self {
        // Without an identity nothing is filled in, so nothing can be wrong with it.
        let rules = policies
            .iter()
            .flat_map(|policy| policy.rules_for(None).unwrap_or_default());
        Self::build(policies, rules.collect())
    }

    /// Compiles `policies` for this caller: templates are filled, and rules whose templates do
    /// not resolve are left out.
    ///
    /// # Errors
    /// [`TemplateError`] where a value of the caller's would change what a pattern means. Nothing
    /// is granted then, because the rule that cannot be written may be one that denies.
    pub fn for_identity(
        policies: &[Arc<Policy>],
        identity: &Identity,
    ) -> Result<Self, TemplateError> {
        let mut rules = Vec::new();
        for policy in policies {
            rules.extend(policy.rules_for(Some(identity))?);
        }
        Ok(Self::build(policies, rules))
    }

    fn build(policies: &[Arc<Policy>], all_rules: Vec<(String, Grant, &Rule)>) -> Self {
        let mut acl = Self {
            root: policies
                .iter()
                .any(|policy| matches!(policy.body, Body::Root)),
            ..Self::default()
        };
        let mut by_pattern: BTreeMap<String, Vec<(Grant, Rule)>> = BTreeMap::new();
        for (pattern, grant, rule) in all_rules {
            let rules = by_pattern.entry(pattern).or_default();
            rules.push((grant, rule.clone()));
        }
        for (text, rules) in by_pattern {
            let slot = Slot::new(rules);
            match Pattern::parse(&text) {
                Pattern::Exact(path) => {
                    acl.exact.insert(path, slot);
                }
                Pattern::Prefix(stem) => {
                    acl.prefix_lengths.push(stem.len());
                    acl.prefixes.insert(stem, (Rank::of(&text), slot));
                }
                Pattern::Segments(segments) => {
                    acl.wildcards.push((Rank::of(&text), segments, slot));
                }
            }
        }
        acl.prefix_lengths.sort_unstable_by(|a, b| b.cmp(a));
        acl.prefix_lengths.dedup();
        acl.wildcards.sort_by(|(a, ..), (b, ..)| b.cmp(a));
        acl
    }

    /// Whether it may be done.
    pub fn decide(&self, ask: &Ask<'_>) -> Decision {
        let mut decision = Decision {
            allowed: self.root || ask.operation == Operation::Help,
            root: self.root,
            sudo: self.root,
            operation: ask.operation,
            rule: None,
        };
        if self.root {
            return decision;
        }
        if let Some(rule) = self.rule(ask.path, ask.operation.is_listing(), ask.now) {
            decision.allowed |= rule.allows(ask);
            decision.sudo =
                rule.capabilities.has(Capability::Sudo) && !rule.capabilities.has(Capability::Deny);
            decision.rule = Some(rule);
        }
        decision
    }

    /// The names of what may be done at `path`, sorted: `root` for the root policy, `deny` for
    /// nothing. A path that ends in `/` is asked for as LIST asks.
    pub fn capabilities(&self, path: &str, now: Timestamp) -> Vec<&'static str> {
        if self.root {
            return vec!["root"];
        }
        let path = path.strip_prefix('/').unwrap_or(path);
        self.rule(path, path.ends_with('/'), now)
            .map_or_else(Capabilities::default, |rule| rule.capabilities)
            .names()
    }

    /// Whether anything at all may be done at or below `folder`, which ends in `/`.
    pub fn grants_below(&self, folder: &str, now: Timestamp) -> bool {
        let grants = |slot: &Slot| {
            slot.at(now)
                .is_some_and(|rule| !rule.capabilities.grants_nothing())
        };
        self.root
            || self
                .exact
                .iter()
                .any(|(path, slot)| path.starts_with(folder) && grants(slot))
            || self.prefixes.iter().any(|(stem, (_, slot))| {
                (stem.starts_with(folder) || folder.starts_with(stem.as_str())) && grants(slot)
            })
            || self
                .wildcards
                .iter()
                .any(|(_, segments, slot)| segments.reaches(folder) && grants(slot))
    }

    /// What is granted or denied, for user interfaces. Patterns with a `+` are left out, as clients
    /// would take them for the beginning of a path.
    pub fn overview(&self, now: Timestamp) -> Overview {
        let names = |slot: &Slot| slot.at(now).map(|rule| rule.shown());
        let exact = self.exact.iter();
        let prefixes = self.prefixes.iter();
        Overview {
            root: self.root,
            exact: exact
                .filter_map(|(path, slot)| Some((path.clone(), names(slot)?)))
                .collect(),
            globs: prefixes
                .map(|(stem, (_, slot))| (stem.as_str(), slot))
                .filter_map(|(stem, slot)| Some((stem.to_owned(), names(slot)?)))
                .collect(),
        }
    }

    /// The rule that counts, as the head of this crate says.
    fn rule(&self, path: &str, listing: bool, now: Timestamp) -> Option<Arc<Merged>> {
        let exact = |path: &str| self.exact.get(path).and_then(|slot| slot.at(now));
        if let Some(rule) = exact(path) {
            return Some(rule);
        }
        let entry = if listing {
            path.strip_suffix('/')
        } else {
            None
        };
        entry
            .and_then(exact)
            .or_else(|| self.best(path, now))
            .or_else(|| entry.and_then(|entry| self.best(entry, now)))
    }

    /// The best pattern with a wildcard that matches.
    fn best(&self, path: &str, now: Timestamp) -> Option<Arc<Merged>> {
        let prefix = self.prefix_lengths.iter().find_map(|length| {
            let (rank, slot) = self.prefixes.get(path.get(..*length)?)?;
            Some((rank, slot.at(now)?))
        });
        let wildcard = self.wildcards.iter().find_map(|(rank, segments, slot)| {
            segments.matches(path).then_some(())?;
            Some((rank, slot.at(now)?))
        });
        let best = match (prefix, wildcard) {
            (Some(prefix), Some(wildcard)) if prefix.0 < wildcard.0 => Some(wildcard),
            (prefix, wildcard) => prefix.or(wildcard),
        };
        best.map(|(_, rule)| rule)
    }
}
