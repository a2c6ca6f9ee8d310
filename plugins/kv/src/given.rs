//! Types of fields that only this engine has.

use sdk::{FieldKind, FieldType, Raw, Result};
use serde_json::value::RawValue;

/// An object that is passed on as text. Told apart from being left out, also where it is null.
pub(crate) struct Given(pub(crate) Option<Raw>);

impl FieldType for Given {
    const KIND: FieldKind = FieldKind::Object;
    const REQUIRED: bool = false;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        text.map(Raw::of).transpose().map(Self)
    }
}

/// Whole seconds, which may be negative.
pub(crate) struct Seconds(pub(crate) i64);

impl FieldType for Seconds {
    const KIND: FieldKind = FieldKind::SignedDuration;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        i64::take(text).map(Self)
    }
}
