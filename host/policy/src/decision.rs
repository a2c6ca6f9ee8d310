//! The question and the answer.

use crate::acl::Merged;
use crate::{Capability, PolicyNamespace};
use base::{Map, Timestamp};
use core::time::Duration;
use std::sync::Arc;

/// What is to be done. A write is a [`Create`](Self::Create) where the engine says that nothing is
/// there, else an [`Update`](Self::Update).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Write what is not there.
    Create,
    /// Read.
    Read,
    /// Write what is there, or where it cannot be known.
    Update,
    /// Change a part.
    Patch,
    /// Delete.
    Delete,
    /// List a folder.
    List,
    /// List everything below a folder.
    Scan,
    /// Ask for help; everyone may.
    Help,
}

impl Operation {
    /// The capability that it needs; help needs none.
    pub const fn capability(self) -> Option<Capability> {
        Some(match self {
            Self::Create => Capability::Create,
            Self::Read => Capability::Read,
            Self::Update => Capability::Update,
            Self::Patch => Capability::Patch,
            Self::Delete => Capability::Delete,
            Self::List => Capability::List,
            Self::Scan => Capability::Scan,
            Self::Help => return None,
        })
    }

    pub(crate) const fn is_listing(self) -> bool {
        matches!(self, Self::List | Self::Scan)
    }

    pub(crate) const fn carries_parameters(self) -> bool {
        matches!(self, Self::Create | Self::Read | Self::Update | Self::Patch)
    }
}

/// A request, as far as policies care.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'request> {
    /// The whole path, namespace first, without a leading slash.
    pub path: &'request str,
    /// What is to be done there.
    pub operation: Operation,
    /// The body or the query.
    pub data: &'request Map,
    /// How long the answer is to stay wrapped.
    pub wrap_ttl: Option<Duration>,
    /// The time, for rules that end.
    pub now: Timestamp,
}

/// A policy that granted something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its name.
    pub policy: String,
    /// Where it was written.
    pub namespace: PolicyNamespace,
}

/// Whether it may be done, and why.
#[derive(Clone, Debug)]
pub struct Decision {
    /// It may be done. On a protected path only with [`sudo`](Self::sudo).
    pub allowed: bool,
    /// The caller has the root policy.
    pub root: bool,
    /// Protected paths may be used.
    pub sudo: bool,
    pub(crate) operation: Operation,
    pub(crate) rule: Option<Arc<Merged>>,
}

impl Decision {
    /// Whether it may be done on a protected path.
    pub const fn allowed_with_sudo(&self) -> bool {
        self.allowed && self.sudo
    }

    /// Most keys that the answer to a LIST or SCAN may hold; none where nothing says so.
    pub fn pagination_limit(&self) -> Option<u64> {
        self.rule
            .as_ref()
            .filter(|_| self.operation.is_listing())
            .and_then(|rule| rule.limits().pagination_limit)
    }

    /// The policies that granted it; none where it is denied. For the audit log.
    pub fn granting_policies(&self) -> Vec<Grant> {
        if self.root {
            return vec![Grant {
                policy: String::from("root"),
                namespace: PolicyNamespace::ROOT,
            }];
        }
        match (&self.rule, self.operation.capability()) {
            (Some(rule), Some(capability)) if self.allowed => rule.grants_of(capability),
            _ => Vec::new(),
        }
    }
}
