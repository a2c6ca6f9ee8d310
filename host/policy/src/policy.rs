//! A policy.

use crate::rule::Rule;
use crate::{Grant, Identity, PolicyError, Substitutes, TemplateError, parse};
use base::{NamespaceId, Timestamp};

/// Where a policy was written; its paths are below that namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyNamespace {
    /// The namespace.
    pub id: NamespaceId,
    /// Its path with a slash at its end; empty for the root namespace.
    pub path: String,
}

impl PolicyNamespace {
    /// The root namespace.
    pub const ROOT: Self = Self {
        id: NamespaceId::ROOT,
        path: String::new(),
    };
}

/// A policy, parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub(crate) name: String,
    pub(crate) namespace: PolicyNamespace,
    pub(crate) body: Body,
    pub(crate) substitutes: Substitutes,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    /// Everything, everywhere.
    Root,
    Rules(Vec<Rule>),
}

impl Policy {
    /// Reads a policy of the root namespace. An empty text is a policy that grants nothing.
    ///
    /// # Errors
    /// [`PolicyError`], whose text is for the writer of the policy.
    pub fn parse(name: &str, text: &str) -> Result<Self, PolicyError> {
        Ok(Self {
            name: name.to_owned(),
            namespace: PolicyNamespace::ROOT,
            body: Body::Rules(parse::rules(text)?),
            substitutes: Substitutes::default(),
        })
    }

    /// The policy that may do everything. It has no text, and is never parsed from one.
    pub fn root() -> Self {
        Self {
            name: String::from("root"),
            namespace: PolicyNamespace::ROOT,
            body: Body::Root,
            substitutes: Substitutes::default(),
        }
    }

    /// The same policy, written in `namespace`: it reaches that namespace and what lies below, and
    /// nothing else. So does the root policy.
    #[must_use]
    pub fn in_namespace(mut self, namespace: PolicyNamespace) -> Self {
        if self.body == Body::Root && !namespace.path.is_empty() {
            self.body = Body::Rules(vec![Rule::everything()]);
        }
        self.namespace = namespace;
        self
    }

    /// The same policy, whose templates take values that hold more.
    #[must_use]
    pub const fn with_substitutes(mut self, substitutes: Substitutes) -> Self {
        self.substitutes = substitutes;
        self
    }

    /// The same policy, none of whose rules counts from a moment on.
    #[must_use]
    pub fn until(mut self, end: Option<Timestamp>) -> Self {
        if let (Body::Rules(rules), Some(end)) = (&mut self.body, end) {
            for rule in rules {
                rule.expiration = Some(rule.expiration.map_or(end, |own| own.min(end)));
            }
        }
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it was written.
    pub const fn namespace(&self) -> &PolicyNamespace {
        &self.namespace
    }

    /// Whether what it grants depends on who asks. Only then must an [`Acl`](crate::Acl) of it
    /// not be shared between identities.
    pub fn is_templated(&self) -> bool {
        match &self.body {
            Body::Root => false,
            Body::Rules(rules) => rules.iter().any(|rule| rule.path.has_holes()),
        }
    }

    /// Its rules with their whole patterns, for this caller; those that do not resolve left out.
    pub(crate) fn rules_for(
        &self,
        identity: Option<&Identity>,
    ) -> Result<Vec<(String, Grant, &Rule)>, TemplateError> {
        let Body::Rules(rules) = &self.body else {
            return Ok(Vec::new());
        };
        let mut found = Vec::with_capacity(rules.len());
        for rule in rules {
            let rendered = rule
                .path
                .render(identity, self.substitutes)
                .map_err(|forbidden| TemplateError {
                    policy: self.name.clone(),
                    path: rule.path.to_string(),
                    forbidden,
                })?;
            let Some(path) = rendered else { continue };
            let grant = Grant {
                policy: self.name.clone(),
                namespace: self.namespace.clone(),
            };
            found.push((format!("{}{path}", self.namespace.path), grant, rule));
        }
        Ok(found)
    }
}
