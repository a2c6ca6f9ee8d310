//! What a component is asked, and what comes of it.

use crate::{CallError, Limits};
use barrier::{View, ViewError};
use base::{Client, Json, Outbound, Raw, Timestamp};
use core::future::Future;
use core::pin::Pin;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that surrounds one call. Consumed by it: an instance serves one call.
pub struct Call {
    /// Id of the request, in the audit log and in traces.
    pub id: String,
    /// The mount's storage, inside the request's transaction. Its fence is the node's; its limits
    /// are set from [`limits`](Self::limits).
    pub view: View,
    /// Where the component is mounted.
    pub mount: Arc<MountFacts>,
    /// Where the host stands.
    pub system: Arc<SystemFacts>,
    /// The time, which stands still during the call.
    pub now: Timestamp,
    /// What the call may use.
    pub limits: Arc<Limits>,
    /// Who calls; None on routes that ask nobody, and where the host itself calls.
    pub caller: Option<Caller>,
    /// How the request came; None where the host itself calls.
    pub incoming: Option<Incoming>,
    /// Commits half-way. None where nothing can be committed: a checkpoint is then `unavailable`.
    pub checkpoint: Option<Arc<dyn Checkpoint>>,
    /// The way out that is granted to the mount; None for none.
    pub outbound: Option<Arc<dyn Outbound>>,
    /// Is there room for the lease that may come of it?
    pub leases: Leases,
    /// Makes passwords by the policies of the mount's namespace; None where there are none.
    pub passwords: Option<Arc<dyn Passwords>>,
}

/// Is there room for a lease?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Leases {
    /// There is, or nobody counts them.
    Admitted,
    /// There is none. What is made for a secret outside the server would be left over, so the call
    /// ends where it would act there, or commits half-way to do so.
    Full,
}

/// What the operator chose for a mount.
#[derive(Clone, Debug, Default)]
pub struct MountFacts {
    /// With a slash at its end, without the namespace.
    pub path: String,
    /// `kv_92b05b04`.
    pub accessor: String,
    /// Stays the same when the mount is moved.
    pub uuid: String,
    /// Path of the namespace, with a slash at its end; empty for the root.
    pub namespace: String,
    /// Of leases and tokens that ask for none.
    pub default_ttl_seconds: u64,
    /// Of leases and tokens at most.
    pub max_ttl_seconds: u64,
    /// Is it kept out of replication?
    pub is_local: bool,
    /// As given when it was made or tuned.
    pub options: BTreeMap<String, String>,
}

/// The host and its cluster.
#[derive(Clone, Debug, Default)]
pub struct SystemFacts {
    /// Version of the host.
    pub version: String,
    /// Id of the cluster.
    pub cluster_id: String,
    /// Does the primary of the replication set run this call?
    pub is_primary: bool,
}

/// Who calls, as far as a component may know it.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Of the token.
    pub display_name: String,
    /// Where it has one.
    pub entity_id: Option<String>,
    /// All of them.
    pub policies: Vec<String>,
    /// Of the token, never the token; None for tokens that have none.
    pub accessor: Option<String>,
    /// What the login knew of the caller.
    pub metadata: Vec<(String, String)>,
}

/// How a request came.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The other end.
    pub client: Client,
    /// Only those that the mount passes on, names in lowercase.
    pub headers: Vec<(String, String)>,
    /// Only on routes that ask for it.
    pub raw_body: Option<bytes::Bytes>,
}

/// A request, matched to a route of the pinned manifest and validated against it.
#[derive(Clone, Debug)]
pub struct Matched {
    /// Index into the routes of the manifest.
    pub route: usize,
    /// As the route declares it.
    pub operation: manifest::Operation,
    /// Path below the mount, without a leading slash.
    pub path: String,
    /// The declared fields, coerced and defaulted: one JSON object.
    pub input: String,
}

/// The future of [`Checkpoint::commit`].
pub type Committing<'a> = Pin<Box<dyn Future<Output = Result<View, CheckpointError>> + Send + 'a>>;

/// Commits what a call has written so far, and lets it go on.
pub trait Checkpoint: Send + Sync {
    /// Commits `view`'s writes; gives it back on a snapshot that has them.
    fn commit(&self, view: View) -> Committing<'_>;
}

/// Why nothing was committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Another request overtook what was read.
    #[error("another request overtook what was read")]
    Overtaken,
    /// Not now.
    #[error("nothing can be committed now: {0}")]
    Unavailable(String),
}

/// Makes passwords by policies that the operator wrote.
pub trait Passwords: Send + Sync {
    /// Makes one by the policy of that name, which is read in the transaction of `view`.
    ///
    /// # Errors
    /// [`PasswordError`] as its variants say.
    fn make(&self, view: &mut View, policy: &str) -> Result<String, PasswordError>;
}

/// Why there is no password.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PasswordError {
    /// There is no such policy.
    #[error("there is no such password policy")]
    Unknown,
    /// No password came in many draws.
    #[error("hardly any password keeps the policy")]
    Unmet,
    /// What is stored is no policy.
    #[error("the password policy cannot be read: {0}")]
    Damaged(String),
    /// It could not be read, or the call has read too much already.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// A call that ended well.
pub struct Done<T> {
    /// Holds what the call wrote, to be committed.
    pub view: View,
    /// What it said.
    pub value: T,
    /// Did it act on the outside world? Then it must not be run again.
    pub acted_outside: bool,
}

/// What all calls come to. After an error there is nothing to commit: the view is gone.
pub type CallResult<T> = Result<Done<T>, CallError>;

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    /// What it is.
    pub outcome: Outcome,
    /// Remarks for a person.
    pub warnings: Vec<String>,
}

/// What a handler answers. Every text in it that is called JSON is.
#[derive(Debug)]
pub enum Outcome {
    /// Done, nothing to say.
    Empty,
    /// Data.
    Data(Json),
    /// Names; none of them is an answer too.
    Keys(Vec<String>),
    /// Nothing is there to read, but there is something to tell.
    Missing(Json),
    /// Data with advice when to read again, and no lease.
    Perishable {
        /// The data.
        data: Json,
        /// After how long to read again.
        ttl_seconds: u64,
    },
    /// A secret to be leased, of a kind that the manifest declares. Engines only.
    Secret(LeasedSecret),
    /// Who has logged in. Auth methods only, and only from a login route.
    Grant(Box<Grant>),
    /// Bytes that are not an envelope.
    Raw(Raw),
}

/// A secret to be leased.
#[derive(Clone, Debug)]
pub struct LeasedSecret {
    /// Name of a secret kind of the manifest.
    pub kind: String,
    /// For the caller.
    pub data: Json,
    /// For the component, when it is to renew or revoke.
    pub private: Json,
    /// What it asks for.
    pub terms: LeaseTerms,
}

/// What a component asks for; the host clamps it. Zero leaves the choice to the mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseTerms {
    /// At first.
    pub ttl_seconds: u64,
    /// With all renewals.
    pub max_ttl_seconds: u64,
    /// May it be renewed?
    pub renewable: bool,
}

/// What a component is given back to renew or revoke a leased secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// Of the lease.
    pub id: String,
    /// Name of a secret kind of the manifest.
    pub kind: String,
    /// As the component gave it.
    pub private: Json,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// What it was given.
    pub terms: LeaseTerms,
}

/// What a renewal comes to.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// What it asks for.
    pub terms: LeaseTerms,
    /// What is kept from now on; None for what was kept before.
    pub private: Option<Json>,
    /// Remarks for a person.
    pub warnings: Vec<String>,
}

/// Who has logged in, and what the token shall be like. Kept for renewals.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// Stable name of the caller in this method.
    pub alias: String,
    /// Kept with the alias.
    pub alias_metadata: Vec<(String, String)>,
    /// For people.
    pub display_name: String,
    /// Policies of the token.
    pub policies: Vec<String>,
    /// Metadata of the token.
    pub metadata: Vec<(String, String)>,
    /// Names of external groups the caller is in.
    pub groups: Vec<String>,
    /// For the component, when it is to renew.
    pub private: Json,
    /// What it asks for.
    pub terms: LeaseTerms,
    /// What the token shall be like.
    pub token: TokenShape,
}

/// What a token shall be like.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenShape {
    /// Service or batch; None leaves it to the mount.
    pub kind: Option<base::TokenKind>,
    /// Zero for a token that is not periodic.
    pub period_seconds: u64,
    /// Zero for none.
    pub explicit_max_ttl_seconds: u64,
    /// Zero for any number.
    pub uses: u32,
    /// Addresses that may use it; empty for all.
    pub bound_cidrs: Vec<String>,
    /// Does it go without the default policy?
    pub no_default_policy: bool,
}
