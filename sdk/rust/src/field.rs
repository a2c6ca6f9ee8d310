//! What a handler takes, and how it is read from the host's text.

use crate::{Map, Result, internal};
use core::fmt;
use core::time::Duration;
use manifest::{FieldKind, FieldSource};
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The input of a handler. Derive it: the struct's fields are the route's fields, and their doc
/// comments are the help.
pub trait Fields: Sized {
    /// What the route declares.
    const SPECS: &'static [FieldSpec];

    /// Reads validated input.
    ///
    /// # Errors
    /// Internal ones: the host has validated it.
    fn take(input: &Input<'_>) -> Result<Self>;
}

/// For handlers that take nothing.
impl Fields for () {
    const SPECS: &'static [FieldSpec] = &[];

    fn take(_: &Input<'_>) -> Result<Self> {
        Ok(())
    }
}

/// One field, as it goes into the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct FieldSpec {
    pub name: &'static str,
    pub kind: FieldKind,
    pub source: FieldSource,
    pub required: bool,
    pub sensitive: bool,
    pub deprecated: bool,
    /// JSON text.
    pub default: Option<&'static str>,
    /// JSON texts.
    pub allowed: &'static [&'static str],
    pub summary: &'static str,
    /// JSON text.
    pub display: Option<&'static str>,
}

/// Several lists of fields as one; the derive macro counts them.
///
/// # Panics
/// In the compiler, where the count is wrong.
#[doc(hidden)]
#[expect(
    clippy::indexing_slicing,
    reason = "runs in the compiler, where a wrong index is an error"
)]
pub const fn all_specs<const COUNT: usize>(lists: &[&[FieldSpec]]) -> [FieldSpec; COUNT] {
    const NONE: FieldSpec = FieldSpec {
        name: "",
        kind: FieldKind::Text,
        source: FieldSource::Body,
        required: false,
        sensitive: false,
        deprecated: false,
        default: None,
        allowed: &[],
        summary: "",
        display: None,
    };
    let mut all = [NONE; COUNT];
    let (mut count, mut list) = (0, 0);
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            all[count] = lists[list][index];
            count += 1;
            index += 1;
        }
        list += 1;
    }
    assert!(count == COUNT, "the lists have another number of fields");
    all
}

/// A type that a field can have.
pub trait FieldType: Sized {
    /// What the host takes for it.
    const KIND: FieldKind;
    /// Is a request without it refused?
    const REQUIRED: bool = true;
    /// The values that are taken, as JSON texts; empty for all.
    const ALLOWED: &'static [&'static str] = &[];

    /// From the text that the host gives, which is of [`Self::KIND`].
    ///
    /// # Errors
    /// When it is not.
    fn take(text: Option<&RawValue>) -> Result<Self>;
}

fn read<T: DeserializeOwned>(text: Option<&RawValue>) -> Result<T> {
    let text = text.map_or("null", RawValue::get);
    serde_json::from_str(text).map_err(|wrong| internal(wrong.to_string()))
}

macro_rules! field_types {
    ($($type:ty => $kind:ident),* $(,)?) => {
        $(impl FieldType for $type {
            const KIND: FieldKind = FieldKind::$kind;

            fn take(text: Option<&RawValue>) -> Result<Self> {
                read(text)
            }
        })*
    };
}

field_types! {
    String => Text,
    bool => Boolean,
    i32 => Integer,
    i64 => Integer,
    f64 => Float,
    Vec<String> => TextList,
    Vec<i64> => IntegerList,
    Vec<Value> => AnyList,
    BTreeMap<String, String> => TextMap,
    BTreeMap<String, Vec<String>> => HeaderMap,
    Map => Object,
    Value => Json,
}

macro_rules! unsigned_types {
    ($($type:ty),*) => {
        $(impl FieldType for $type {
            const KIND: FieldKind = FieldKind::Integer;

            fn take(text: Option<&RawValue>) -> Result<Self> {
                let wide: i64 = read(text)?;
                let too_wide = |_| crate::invalid(format!("{wide} is out of range"));
                wide.try_into().map_err(too_wide)
            }
        })*
    };
}

unsigned_types!(u8, u16, u32, u64, usize);

impl FieldType for Duration {
    const KIND: FieldKind = FieldKind::Duration;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        read(text).map(Self::from_secs)
    }
}

impl FieldType for Raw {
    const KIND: FieldKind = FieldKind::Json;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        Ok(text.map_or_else(Self::null, |text| Self(text.to_owned())))
    }
}

/// A field that may be left out. `null` counts as left out, but for `Raw` and `Value`.
impl<T: FieldType> FieldType for Option<T> {
    const KIND: FieldKind = T::KIND;
    const REQUIRED: bool = false;
    const ALLOWED: &'static [&'static str] = T::ALLOWED;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        let is_null = |text: &&RawValue| text.get() == "null" && T::KIND != FieldKind::Json;
        match text.filter(|text| !is_null(text)) {
            Some(text) => T::take(Some(text)).map(Some),
            None => Ok(None),
        }
    }
}

/// What a PATCH does to a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It was left out.
    #[default]
    Keep,
    /// It was `null`.
    Clear,
    /// It has a value.
    Set(T),
}

impl<T: FieldType> FieldType for Change<T> {
    const KIND: FieldKind = T::KIND;
    const REQUIRED: bool = false;
    const ALLOWED: &'static [&'static str] = T::ALLOWED;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        match text {
            None => Ok(Self::Keep),
            Some(text) if text.get() == "null" => Ok(Self::Clear),
            some => T::take(some).map(Self::Set),
        }
    }
}

/// Bytes, in base64 on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl FieldType for Bytes {
    const KIND: FieldKind = FieldKind::Bytes;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        let text: String = read(text)?;
        let bytes = crate::encoding::from_base64(&text);
        bytes
            .map(Self)
            .ok_or_else(|| internal("illegal base64 data"))
    }
}

/// A point in time, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl FieldType for Time {
    const KIND: FieldKind = FieldKind::Time;

    fn take(text: Option<&RawValue>) -> Result<Self> {
        read(text).map(Self)
    }
}

/// JSON as it came: kept, passed on and stored without being taken apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(pub(crate) Box<RawValue>);

impl Raw {
    /// `null`.
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The value.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(self.as_str()).unwrap_or_default()
    }
}

/// Equal when they say the same.
impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str() || self.to_value() == other.to_value()
    }
}

/// The members of the host's object, not yet read.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Input<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Input<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let members = reader.deserialize_map(Members);
        members.map_err(|wrong| internal(wrong.to_string()))
    }

    /// Reads the field `name`.
    ///
    /// # Errors
    /// When it is not what the host was told to give.
    pub fn take<T: FieldType>(&self, name: &str) -> Result<T> {
        T::take(self.find(name)).map_err(|failure| named(failure, name))
    }

    /// Reads the field `name`, which has a default.
    ///
    /// # Errors
    /// When it is not what the host was told to give.
    pub fn take_or<T: FieldType>(&self, name: &str, default: &'static str) -> Result<T> {
        match self.find(name).filter(|text| text.get() != "null") {
            Some(text) => T::take(Some(text)),
            None => match serde_json::from_str::<&RawValue>(default) {
                Ok(text) => T::take(Some(text)),
                Err(wrong) => Err(internal(wrong.to_string())),
            },
        }
        .map_err(|failure| named(failure, name))
    }

    fn find(&self, name: &str) -> Option<&'a RawValue> {
        let mut members = self.members.iter();
        members.find(|(one, _)| one == name).map(|(_, text)| *text)
    }
}

fn named(mut failure: crate::Failure, name: &str) -> crate::Failure {
    failure.message = format!(
        "error converting input for field {name:?}: {}",
        failure.message
    );
    failure
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Input<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of a request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Input { members })
    }
}

/// Borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
