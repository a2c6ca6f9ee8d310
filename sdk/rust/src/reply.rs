//! What a handler answers.

use crate::{Ctx, Raw, Result, internal};
use core::time::Duration;
use serde::{Serialize, de::DeserializeOwned};

/// The answer of a handler. Warnings are given with `Ctx::warn`.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Done, nothing to say: 204.
    Empty,
    /// 200 with data.
    Data(Raw),
    /// A list; 404 where it is empty, as Vault answers.
    Keys(Vec<String>),
    /// Nothing is there to read, but there is something to tell: 404 with data.
    Missing(Raw),
    /// Data with advice when to read again, and no lease.
    Perishable(Raw, Duration),
    /// Data under a lease. Engines only.
    Secret(Secret),
    /// Not an envelope.
    Page(Page),
}

impl Reply {
    /// 200 with `value` as data.
    ///
    /// # Errors
    /// When `value` cannot be written as JSON.
    pub fn data<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Raw::of(value).map(Self::Data)
    }

    /// 404 with `value` as data.
    ///
    /// # Errors
    /// When `value` cannot be written as JSON.
    pub fn missing<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Raw::of(value).map(Self::Missing)
    }

    /// 202: it is being done, and the remark says so. An envelope of its own, as clients expect it.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn accepted(ctx: &Ctx, remark: &str) -> Result<Self> {
        let envelope = Accepted {
            request_id: ctx.request_id(),
            lease_id: "",
            renewable: false,
            lease_duration: 0,
            data: (),
            wrap_info: (),
            warnings: [remark],
            auth: (),
        };
        let body = serde_json::to_vec(&envelope).map_err(|wrong| internal(wrong.to_string()))?;
        Ok(Self::Page(Page {
            status: 202,
            content_type: String::from("application/json"),
            headers: Vec::new(),
            body,
        }))
    }

    /// The data as a value, for assertions. Keys are `{"keys": […]}`; null where there is none.
    pub fn to_value(&self) -> serde_json::Value {
        match self {
            Self::Empty | Self::Page(_) => serde_json::Value::Null,
            Self::Data(data) | Self::Missing(data) | Self::Perishable(data, _) => data.to_value(),
            Self::Keys(keys) => serde_json::json!({ "keys": keys }),
            Self::Secret(secret) => secret.data.to_value(),
        }
    }
}

/// Vault's envelope with nothing in it but a remark.
#[derive(Serialize)]
struct Accepted<'a> {
    request_id: String,
    lease_id: &'a str,
    renewable: bool,
    lease_duration: u64,
    data: (),
    wrap_info: (),
    warnings: [&'a str; 1],
    auth: (),
}

/// Equal when they say the same; the order of members and white space are of no account.
impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        let extra = |reply: &Self| match reply {
            Self::Perishable(_, ttl) => Some(*ttl),
            _ => None,
        };
        match (self, other) {
            (Self::Page(left), Self::Page(right)) => left == right,
            (Self::Secret(left), Self::Secret(right)) => left == right,
            _ => {
                core::mem::discriminant(self) == core::mem::discriminant(other)
                    && extra(self) == extra(other)
                    && self.to_value() == other.to_value()
            }
        }
    }
}

/// How long a lease or a token may live. Zero leaves the choice to the mount, whose limits hold in
/// any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Until the first renewal.
    pub ttl: Duration,
    /// At most, with all renewals.
    pub max_ttl: Duration,
    /// May it be renewed?
    pub renewable: bool,
}

/// Data that is taken back when its lease ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    /// A kind that the engine declares.
    pub kind: &'static str,
    /// For the caller.
    pub data: Raw,
    /// Kept by the host, sealed, for `renew` and `revoke`.
    pub private: Raw,
    /// How long.
    pub terms: Terms,
}

/// What an engine is given back to renew or revoke.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// As the caller knows it.
    pub id: String,
    /// A kind that the engine declares.
    pub kind: String,
    /// What `Secret::private` was.
    pub private: Raw,
    /// Milliseconds since the epoch.
    pub issued_at_ms: u64,
    /// As they were granted.
    pub terms: Terms,
}

impl Lease {
    /// `private`, read.
    ///
    /// # Errors
    /// When it is of another shape.
    pub fn private<T: DeserializeOwned>(&self) -> Result<T> {
        self.private.read()
    }
}

/// What a renewal comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Renewal {
    /// From now on.
    pub terms: Terms,
    /// Kept from now on; none for what was kept before.
    pub private: Option<Raw>,
}

impl Renewal {
    /// Renewed to these terms.
    pub const fn to(terms: Terms) -> Self {
        Self {
            terms,
            private: None,
        }
    }
}

/// An answer that is not an envelope: a certificate, a CRL, a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// 200 to 599.
    pub status: u16,
    /// Media type.
    pub content_type: String,
    /// Further ones.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Who has logged in, and what token that makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Stable name of the caller in this method. Becomes the entity alias. Empty for nobody in
    /// particular: the token then has no entity, and the grant no groups.
    pub alias: String,
    /// Of the alias.
    pub alias_metadata: Vec<(String, String)>,
    /// For people.
    pub display_name: String,
    /// Of the token.
    pub policies: Vec<String>,
    /// Of the token.
    pub metadata: Vec<(String, String)>,
    /// External groups that the caller is in.
    pub groups: Vec<String>,
    /// Kept by the host, sealed, for `renew`.
    pub private: Raw,
    /// How long.
    pub terms: Terms,
    /// What token.
    pub token: TokenShape,
}

impl Grant {
    /// A grant to `alias`, with nothing but what the mount gives.
    pub fn new(alias: impl Into<String>) -> Self {
        let alias = alias.into();
        Self {
            display_name: alias.clone(),
            alias,
            alias_metadata: Vec::new(),
            policies: Vec::new(),
            metadata: Vec::new(),
            groups: Vec::new(),
            private: Raw::null(),
            terms: Terms::default(),
            token: TokenShape::default(),
        }
    }

    /// `private`, read.
    ///
    /// # Errors
    /// When it is of another shape.
    pub fn private<T: DeserializeOwned>(&self) -> Result<T> {
        self.private.read()
    }
}

/// How a token lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenShape {
    /// Of which kind.
    pub kind: TokenKind,
    /// Of a periodic token; zero for one that is not.
    pub period: Duration,
    /// Whatever is renewed; zero for none.
    pub explicit_max_ttl: Duration,
    /// 0 for any number.
    pub uses: u32,
    /// Addresses it is good from; empty for all.
    pub bound_cidrs: Vec<String>,
    /// Is `default` left out of its policies?
    pub no_default_policy: bool,
}

/// Which kind of token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenKind {
    /// Stored, with accessor and lease.
    Service,
    /// Not stored.
    Batch,
    /// As the mount is tuned.
    #[default]
    AsMounted,
}

/// What a login comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Login {
    /// A token.
    Grant(Grant),
    /// Something else, on the way to one: a challenge, a redirect.
    Reply(Reply),
}

/// For answers that are JSON and nothing more.
impl TryFrom<serde_json::Value> for Reply {
    type Error = crate::Failure;

    fn try_from(value: serde_json::Value) -> Result<Self> {
        Self::data(&value)
    }
}

impl Raw {
    /// `value`, written.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        match serde_json::value::to_raw_value(value) {
            Ok(raw) => Ok(Self(raw)),
            Err(wrong) => Err(internal(wrong.to_string())),
        }
    }

    /// Read as `T`.
    ///
    /// # Errors
    /// When it is of another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(self.as_str()).map_err(|wrong| internal(wrong.to_string()))
    }
}
