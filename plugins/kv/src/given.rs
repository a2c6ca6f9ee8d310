//! Types of fields that only this engine has.

use sdk::{FieldKind, FieldType, Raw, Result, invalid};
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

/// Longest time, in seconds, that Vault's clients can tell: their nanoseconds have 63 bits.
const SECONDS_MAX: i64 = i64::MAX / 1_000_000_000;

/// How long a version lives, in whole seconds; negative where it says that none ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) i64);

impl FieldType for Seconds {
    const KIND: FieldKind = FieldKind::SignedDuration;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        let seconds = i64::take(text)?;
        match (-SECONDS_MAX..=SECONDS_MAX).contains(&seconds) {
            true => Ok(Self(seconds)),
            false => Err(invalid(format!("{seconds} seconds are too long"))),
        }
    }
}

/// How long a version lives, in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Life(pub(crate) u64);

impl FieldType for Life {
    const KIND: FieldKind = FieldKind::Duration;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        let Seconds(seconds) = Seconds::take(text)?;
        let negative = |_| invalid(format!("cannot provide negative value '{seconds}'"));
        u64::try_from(seconds).map(Self).map_err(negative)
    }
}
