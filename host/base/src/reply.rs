//! What a client is told. Statuses are chosen by `api`, from these words, last of all.

use crate::{Json, Secret};
use core::fmt;
use core::task::{Context, Poll};
use core::time::Duration;
use serde_json::Value;

/// The end of one request.
#[derive(Debug)]
pub struct Reply {
    /// The request's id.
    pub request_id: String,
    /// What came of it.
    pub outcome: Result<Answer, Refusal>,
    /// What the client may send along so that what it wrote is there when it asks again; None where
    /// it wrote nothing.
    pub index: Option<String>,
    /// What rate limits let a client know.
    pub rate: RateReport,
}

/// What a client is told of the rate limit that its request fell under; nothing of what is None.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateReport {
    /// What fits into an interval, and what is left.
    pub room: Option<RateRoom>,
    /// After how many seconds it is worth to try again.
    pub retry_after: Option<u64>,
}

/// Room for requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateRoom {
    /// Requests in an interval.
    pub limit: u64,
    /// Those that still fit.
    pub remaining: u64,
    /// Whole seconds until the interval ends.
    pub reset: u64,
}

/// A request that was granted.
#[derive(Debug)]
pub enum Answer {
    /// Done, nothing to say: 204.
    Empty,
    /// Taken up, goes on in the background: 202 with an envelope.
    Accepted(Box<Envelope>),
    /// 200 with an envelope.
    Envelope(Box<Envelope>),
    /// Nothing is there, but there is something to say of it: 404 with an envelope.
    Missing(Box<Envelope>),
    /// 200 with JSON that has no envelope.
    Bare(Json),
    /// `sys/health`, whose status depends on the state and on the query.
    Health(Box<HealthReport>),
    /// Bytes that are not JSON.
    Raw(Raw),
    /// Bytes that go on coming until one of both sides ends it.
    Flow(Flow),
}

impl Answer {
    /// 200 with an envelope around `data`.
    pub fn data(data: &Value) -> Self {
        Self::Envelope(Box::new(Envelope::with_data(Json::of(data))))
    }

    /// As [`data`](Self::data), with the members of `data` repeated beside it.
    pub fn repeated(data: &Value) -> Self {
        Self::Envelope(Box::new(Envelope {
            repeats_data: true,
            ..Envelope::with_data(Json::of(data))
        }))
    }
}

/// An answer that is not JSON of ours.
#[derive(Debug)]
pub struct Raw {
    /// HTTP status that the engine or the endpoint chose, 200 to 599.
    pub status: u16,
    /// Media type.
    pub content_type: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Vec<u8>,
}

/// An answer that is sent as it comes to be.
pub struct Flow {
    /// Media type.
    pub content_type: String,
    /// What is sent.
    pub pieces: Box<dyn Pieces>,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flow(…)")
    }
}

/// Pieces of an answer, one after the other.
pub trait Pieces: Send {
    /// The next piece, once there is one; None at the end.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>>;
}

/// Vault's envelope.
#[derive(Debug, Default)]
pub struct Envelope {
    /// What was asked for.
    pub data: Option<Json>,
    /// Are the members of `data` repeated beside it, as old clients of this path expect?
    pub repeats_data: bool,
    /// The lease of a leased secret, or the advice when to read again.
    pub lease: LeaseBlock,
    /// A token that was made.
    pub auth: Option<Box<AuthBlock>>,
    /// In the place of a token: the second factor that its login waits for, as clients are told.
    pub mfa_requirement: Option<Json>,
    /// The answer is elsewhere, to be unwrapped.
    pub wrap: Option<Box<WrapBlock>>,
    /// Remarks for a person.
    pub warnings: Vec<String>,
    /// Type of the mount that answered; empty for none.
    pub mount_type: String,
}

impl Envelope {
    /// An envelope with data and nothing else.
    pub fn with_data(data: Json) -> Self {
        Self {
            data: Some(data),
            ..Self::default()
        }
    }
}

/// `lease_id`, `renewable`, `lease_duration`.
#[derive(Clone, Debug, Default)]
pub struct LeaseBlock {
    /// Empty for none.
    pub id: String,
    /// May it be renewed?
    pub renewable: bool,
    /// How long it lasts, or after how long to read again.
    pub duration: Duration,
}

/// How a token lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Stored, with accessor and lease.
    Service,
    /// Not stored: it carries what it is.
    Batch,
}

/// `auth`: a token and what it may do.
#[derive(Debug)]
pub struct AuthBlock {
    /// The token.
    pub client_token: Secret<String>,
    /// Names the token without being it.
    pub accessor: String,
    /// All policies, sorted.
    pub policies: Vec<String>,
    /// Those of the token itself.
    pub token_policies: Vec<String>,
    /// Those of its entity and groups.
    pub identity_policies: Vec<String>,
    /// What the login knows of the caller.
    pub metadata: Option<Vec<(String, String)>>,
    /// How long it lives; zero for ever.
    pub lease_duration: Duration,
    /// May it be renewed?
    pub renewable: bool,
    /// The entity; empty for none.
    pub entity_id: String,
    /// Service or batch.
    pub kind: TokenKind,
    /// Has it no parent?
    pub orphan: bool,
    /// How many uses it has; zero for any number.
    pub uses: u32,
}

/// `wrap_info`.
#[derive(Debug)]
pub struct WrapBlock {
    /// The token that unwraps.
    pub token: Secret<String>,
    /// Its accessor.
    pub accessor: String,
    /// How long it lives.
    pub ttl: Duration,
    /// When it was made, RFC 3339.
    pub creation_time: String,
    /// The path that was wrapped.
    pub creation_path: String,
    /// Accessor of a wrapped token; empty for none.
    pub wrapped_accessor: String,
}

/// What `sys/health` reports. Names and meaning as in Vault.
#[derive(Clone, Debug)]
pub struct HealthReport {
    /// Has the storage a root key?
    pub initialized: bool,
    /// Are the keys out of memory?
    pub sealed: bool,
    /// Is another node active?
    pub standby: bool,
    /// Seconds since the epoch.
    pub server_time_utc: u64,
    /// Our version.
    pub version: String,
    /// Known when unsealed.
    pub cluster: Option<(String, String)>,
    /// The part in performance replication, as Vault names it; `unknown` while sealed.
    pub performance_mode: &'static str,
    /// As well, in disaster recovery.
    pub recovery_mode: &'static str,
    /// How far it is with replication; None where it plays no part.
    pub replicated: Option<ReplicatedReport>,
}

/// What `sys/health` reports of the part that a cluster plays in replication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicatedReport {
    /// The last entry of its log.
    pub last_wal: u64,
    /// By how many milliseconds its clock is before that of its primary; zero on a primary.
    pub clock_skew_ms: i64,
    /// How many milliseconds old what it has of its primary is; zero on a primary.
    pub age_ms: u64,
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why; decides the status.
    pub kind: RefusalKind,
    /// For the caller; empty for `{"errors":[]}`.
    pub message: String,
    /// For the log only; empty where the message says it all.
    pub reason: String,
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum RefusalKind {
    /// 400: the caller can mend it.
    Invalid,
    /// 403.
    Denied,
    /// 404.
    NotFound,
    /// 405.
    UnsupportedOperation,
    /// 412.
    PreconditionFailed,
    /// 413.
    TooLarge,
    /// 415.
    UnsupportedMediaType,
    /// 429.
    TooMany,
    /// 500: our fault.
    Internal,
    /// 503: the keys are not in memory.
    Sealed,
    /// 503: not now; safe to try again.
    Unavailable,
    /// 503: it writes what is written on the primary, and did not get there.
    WrongPlace,
}

impl Refusal {
    /// A refusal that says the same to the caller and to the log.
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            reason: String::new(),
        }
    }

    /// 400 with a message.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, message)
    }

    /// 403 as Vault words it where no valid token came.
    pub fn denied() -> Self {
        Self::new(RefusalKind::Denied, "permission denied")
    }

    /// 404 with no message: nothing is there.
    pub fn not_found() -> Self {
        Self::new(RefusalKind::NotFound, "")
    }

    /// 500: the caller learns that it was our fault, the log learns why.
    pub fn internal(reason: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Internal,
            message: String::from("internal error"),
            reason: reason.into(),
        }
    }
}
