//! One rule of a policy.

use crate::parameters::Parameters;
use crate::template::Template;
use crate::{Capabilities, Capability};
use base::Timestamp;
use core::time::Duration;

/// What a policy says of one pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// The pattern, without a leading slash; may hold `{{…}}`.
    pub(crate) path: Template,
    pub(crate) capabilities: Capabilities,
    pub(crate) limits: Limits,
    /// From then on the rule says nothing.
    pub(crate) expiration: Option<Timestamp>,
}

impl Rule {
    /// All capabilities on all paths.
    pub(crate) fn everything() -> Self {
        let all = Capability::NAMED
            .into_iter()
            .map(|(_, capability)| capability);
        Self {
            path: Template::literal("*"),
            capabilities: all.filter(|one| *one != Capability::Deny).collect(),
            limits: Limits::default(),
            expiration: None,
        }
    }
}

/// What narrows a rule's capabilities.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    pub(crate) parameters: Parameters,
    pub(crate) wrapping: Wrapping,
    /// Most keys that one LIST or SCAN may ask for.
    pub(crate) pagination_limit: Option<u64>,
}

/// How long an answer must and may stay wrapped. Either demands that it is wrapped at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrapping {
    pub(crate) min: Option<Duration>,
    pub(crate) max: Option<Duration>,
}

impl Wrapping {
    /// Of two demands on one pattern the lower bound counts, each for itself.
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            min: [self.min, other.min].into_iter().flatten().min(),
            max: [self.max, other.max].into_iter().flatten().min(),
        }
    }

    pub(crate) fn permits(self, asked: Option<Duration>) -> bool {
        let wrapped = asked.filter(|ttl| !ttl.is_zero());
        match (self.min, self.max, wrapped) {
            (None, None, _) => true,
            (_, _, None) => false,
            (min, max, Some(ttl)) => {
                min.is_none_or(|min| ttl >= min) && max.is_none_or(|max| ttl <= max)
            }
        }
    }
}

impl Limits {
    pub(crate) fn union(&mut self, other: &Self) {
        self.parameters.union(&other.parameters);
        self.wrapping = self.wrapping.union(other.wrapping);
        let limits = [self.pagination_limit, other.pagination_limit];
        self.pagination_limit = limits.into_iter().flatten().min();
    }
}

/// The capabilities that `policy = "…"` stood for, before there were lists.
pub(crate) fn legacy(word: &str) -> Option<Capabilities> {
    use Capability::{Create, Delete, Deny, List, Read, Sudo, Update};
    let all: &[Capability] = match word {
        "deny" => &[Deny],
        "read" => &[Read, List],
        "write" => &[Create, Read, Update, Delete, List],
        "sudo" => &[Create, Read, Update, Delete, List, Sudo],
        _ => return None,
    };
    Some(all.iter().copied().collect())
}
