//! Which records a device is given: the expressions of Vault's audit filters. Properties are texts, so
//! `in` and `contains` look for a part of one.

use crate::RequestPart;
use crate::expression::{Expression, FilterError, Look, Spelling, Subjects};
use regex::Regex;

/// An expression over a request.
#[derive(Clone, Debug)]
pub struct Filter(Expression<Property>);

/// What a test looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    MountPoint,
    MountType,
    Namespace,
    Operation,
    Path,
}

const PROPERTIES: Subjects<Property> = Subjects {
    named: Property::named,
    expected: "expected mount_point, mount_type, namespace, operation or path",
};

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`FilterError`] for what is none, and for what is too long or too deep.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Expression::parse(text, &PROPERTIES).map(Self)
    }

    /// Does the record of this request pass?
    pub(crate) fn passes(&self, request: &RequestPart<'_>) -> bool {
        self.0.holds(request)
    }
}

impl Property {
    /// A quotation is a value.
    fn named(name: &str, spelling: Spelling) -> Option<Self> {
        Some(match name {
            _ if spelling == Spelling::Quoted => return None,
            "mount_point" => Self::MountPoint,
            "mount_type" => Self::MountType,
            "namespace" => Self::Namespace,
            "operation" => Self::Operation,
            "path" => Self::Path,
            _ => return None,
        })
    }

    fn of<'a>(self, request: &RequestPart<'a>) -> &'a str {
        let mount = request.mount.unwrap_or_default();
        match self {
            Self::MountPoint => mount.point,
            Self::MountType => mount.kind,
            Self::Namespace => request.namespace_path,
            Self::Operation => request.operation,
            Self::Path => request.path,
        }
    }
}

impl Look<Property> for RequestPart<'_> {
    fn equals(&self, subject: &Property, value: &str) -> bool {
        match subject {
            // A namespace is itself with and without the slash at its end; the root has no name.
            Property::Namespace => {
                let value = value.trim_end_matches('/');
                let value = if value == "root" { "" } else { value };
                self.namespace_path.trim_end_matches('/') == value
            }
            subject => subject.of(self) == value,
        }
    }

    fn contains(&self, subject: &Property, value: &str) -> bool {
        subject.of(self).contains(value)
    }

    fn matches(&self, subject: &Property, pattern: &Regex) -> bool {
        pattern.is_match(subject.of(self))
    }

    fn is_empty(&self, subject: &Property) -> bool {
        subject.of(self).is_empty()
    }
}
