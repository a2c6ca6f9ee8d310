//! The manifest, as plain data. Mirrors the records of `wit/v0.1/types.wit`, whose comments hold.
//!
//! None of these types is `non_exhaustive`: they change only with the contract, and both sides build
//! them from its records.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A JSON object.
pub type Map = serde_json::Map<String, Value>;

/// What a component says of itself. Pinned with the digest of the component and enforced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Type of the mount: `kv`, `pki`.
    pub name: String,
    /// Of the component, `major.minor.patch`.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// What it serves. A route is named by its index.
    pub routes: Vec<Route>,
    /// What it may store where.
    pub storage: Vec<StorageRule>,
    /// The kinds of leased secrets it gives.
    pub secret_kinds: Vec<SecretKind>,
    /// Host patterns it asks to reach.
    pub outbound: Vec<String>,
    /// Does `start` do anything?
    pub starts: bool,
    /// Does `tick` do anything?
    pub ticks: bool,
    /// For documentation tools; nothing is enforced of it.
    pub annotations: Map,
}

/// One pattern, one operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Segments are literal, `{name}`, or last `{name..}`.
    pub pattern: String,
    /// The one it serves.
    pub operation: Operation,
    /// Who may call.
    pub access: Access,
    /// Where it must run.
    pub placement: Placement,
    /// In which mounts it is there; in all without.
    pub when: Option<Condition>,
    /// What it takes.
    pub fields: Vec<Field>,
    /// What its data has.
    pub answers: Vec<Field>,
    /// Is `exists` asked where a policy tells create from update?
    pub checks_existence: bool,
    /// Is the body kept as it came?
    pub raw_body: bool,
    /// Should nobody use it any longer?
    pub deprecated: bool,
    /// One sentence.
    pub summary: String,
    /// As much as it takes.
    pub description: String,
}

/// What is done at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// GET.
    Read,
    /// POST and PUT.
    Update,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// LIST: the direct children.
    List,
    /// SCAN: everything below.
    Scan,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Read,
        Self::Update,
        Self::Patch,
        Self::Delete,
        Self::List,
        Self::Scan,
    ];

    /// As manifests and policies write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Scan => "scan",
        }
    }

    /// Is its path a folder, written with a slash at its end?
    pub const fn is_of_folder(self) -> bool {
        matches!(self, Self::List | Self::Scan)
    }
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// A live token whose policies allow the path.
    Token,
    /// As `Token`, and the policy grants `sudo`.
    Sudo,
    /// Nobody is asked for a token.
    Public,
    /// As `Public`, and may answer with a grant.
    Login,
}

/// Where a route must run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// On any unsealed node.
    AnyNode,
    /// On the active node of this cluster.
    ActiveNode,
    /// On the active node of the primary cluster.
    PrimaryCluster,
}

/// A route is there in mounts whose option has one of the values. The empty text stands for an
/// option that is not set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Of the option.
    pub name: String,
    /// At least one.
    pub values: Vec<String>,
}

impl Condition {
    /// Does it hold where the option has this value?
    pub fn holds(&self, value: Option<&str>) -> bool {
        let value = value.unwrap_or_default();
        self.values.iter().any(|one| one == value)
    }
}

/// One named value of a request, or of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// As it stands in JSON.
    pub name: String,
    /// What it takes.
    pub kind: FieldKind,
    /// Where it stands.
    pub source: FieldSource,
    /// Is a request without it refused?
    pub required: bool,
    /// Is it hashed in the audit log and masked in forms?
    pub sensitive: bool,
    /// Should nobody use it any longer?
    pub deprecated: bool,
    /// Taken where the request has none; of the form that handlers see.
    pub default: Option<Value>,
    /// Values that are taken; all where it is empty.
    pub allowed: Vec<Value>,
    /// One sentence.
    pub summary: String,
    /// Hints for forms.
    pub display: Option<Map>,
}

/// What a field takes, and how a handler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// Text; also the text of a number or a boolean.
    Text,
    /// Text in lowercase.
    LowerText,
    /// Letters, digits, `-`, `_` and `.`, with a letter, digit or `_` at both ends.
    Name,
    /// A 64-bit integer.
    Integer,
    /// A number, with the digits it was written with.
    Float,
    /// A boolean.
    Boolean,
    /// Whole seconds, not negative.
    Duration,
    /// Whole seconds.
    SignedDuration,
    /// Texts, also from one text with commas.
    TextList,
    /// Integers, also from one text with commas.
    IntegerList,
    /// An object of texts.
    TextMap,
    /// An object.
    Object,
    /// A list.
    AnyList,
    /// Base64 text.
    Bytes,
    /// Milliseconds since the epoch.
    Time,
    /// An object of lists of texts.
    HeaderMap,
    /// Any JSON.
    Json,
}

/// Where a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldSource {
    /// In the pattern.
    Path,
    /// In the query, on verbs without a body.
    Query,
    /// In the body.
    Body,
    /// Every member of the body that no other field names.
    Rest,
}

/// How far entries below a prefix travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locality {
    /// To every secondary.
    Replicated,
    /// To this cluster's disaster-recovery secondary alone.
    Local,
}

/// One prefix of the storage; the longest that matches wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageRule {
    /// Keys that begin with it.
    pub prefix: String,
    /// How far they travel.
    pub locality: Locality,
    /// Are they wrapped by the seal as well?
    pub seal_wrap: bool,
}

/// A kind of leased secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretKind {
    /// As leases have it.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// May it be renewed?
    pub renewable: bool,
}
