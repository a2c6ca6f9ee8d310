//! What can go wrong with a component, and with a call of it.

use crate::LimitExceeded;
use barrier::ViewError;
use base::{Refusal, RefusalKind, chain};
use core::time::Duration;

/// The runtime could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// wasmtime refused the configuration, or the memory for it.
    #[error("set up the WebAssembly engine")]
    Engine(#[source] Cause),
    /// The system gave no thread.
    #[error("start a thread")]
    Thread(#[source] std::io::Error),
}

/// Bytes that cannot become a component of ours. All but `Compile` are the sender's fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// They are not WebAssembly.
    #[error("not a WebAssembly component")]
    NotWasm,
    /// They are a module of the core language.
    #[error("a core module, not a component; `plugin build` makes the one out of the other")]
    CoreModule,
    /// They are machine code of some wasmtime, which is never accepted from outside.
    #[error("machine code, not a component")]
    MachineCode,
    /// They are not those that were asked for.
    #[error("digest is {found}, expected {expected}")]
    Digest {
        /// SHA-256, hexadecimal.
        found: String,
        /// SHA-256, hexadecimal.
        expected: String,
    },
    /// The compiler could not be run, or ended before its time.
    #[error("compile")]
    Compile(#[source] Cause),
    /// They begin like a component but are not valid.
    #[error("not a valid component")]
    Invalid(#[source] Cause),
    /// The component is made for another version of the contract.
    #[error("made for track {found} of {interface}, this host serves {served}")]
    OtherTrack {
        /// What it imports or exports.
        interface: String,
        /// The version it names.
        found: String,
        /// The version it would have to name.
        served: &'static str,
    },
    /// It asks for something the host does not give.
    #[error("imports {0:?}, which no component is given")]
    UnknownImport(String),
    /// It imports one of our interfaces, but not as the interface is.
    #[error("imports do not fit the host's")]
    Import(#[source] Cause),
    /// It has no `lifecycle`, or neither `engine` nor `method`.
    #[error("does not export {0}")]
    MissingExport(&'static str),
    /// It has both `engine` and `method`.
    #[error("exports both `engine` and `method`")]
    TwoKinds,
    /// An export is there, but not as the contract has it.
    #[error("exports do not fit the contract")]
    Export(#[source] Cause),
    /// `describe` did not return. The host calls nothing during it, and bounds time and memory.
    #[error("`describe` failed: {0}")]
    Describe(String),
    /// It described itself in two ways.
    #[error("`describe` does not say the same each time")]
    Unsteady,
    /// What it says of itself is not valid.
    #[error("manifest is not valid: {0}")]
    Manifest(String),
    /// Stored machine code is not for this host, or not whole.
    #[error("load the stored machine code")]
    Artifact(#[source] Cause),
}

/// An error of wasmtime, as text: its types do not leave this room.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Cause {
    pub(crate) fn new(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl From<wasmtime::Error> for Cause {
    fn from(error: wasmtime::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// A call that came to nothing. What it wrote is gone.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// As many calls as there is room for are running. Nothing was done.
    #[error("too many calls at once")]
    Busy,
    /// The component refused the request, or failed at it, in its own words.
    #[error("{}", .0.message)]
    Failure(Failure),
    /// A write that belongs on another cluster. Run the request there.
    #[error("write belongs on the primary cluster")]
    WrongPlace,
    /// Another request overtook what was read. Run the request again.
    #[error("another request overtook what was read")]
    Overtaken,
    /// Another request overtook what was read, and the component has acted on the outside world: it
    /// must not be run again.
    #[error("another request overtook what was read, after something was done outside")]
    OvertakenOutside,
    /// It was about to act on the outside world while there is no room for a lease that may come of it.
    /// Nothing was done.
    #[error("there is no room for a lease")]
    NoRoom,
    /// A checkpoint came to nothing, and the component went on as if it had not.
    #[error("nothing could be committed: {0}")]
    NotCommitted(String),
    /// The component trapped.
    #[error("component trapped: {0}")]
    Trapped(String),
    /// It ran longer than this.
    #[error("component ran longer than {0:?}")]
    Deadline(Duration),
    /// It wanted more memory than this many bytes.
    #[error("component wanted more than {0} bytes of memory")]
    Memory(usize),
    /// It wanted more of something else than it may have.
    #[error("component used {0}")]
    Limit(#[from] LimitExceeded),
    /// Its answer is not one.
    #[error("component gave a bad answer: {0}")]
    BadReply(String),
    /// A grant from a route that is not a login.
    #[error("component granted a token on route {0}, which is not a login")]
    GrantNotAllowed(usize),
    /// A leased secret of a kind that the manifest does not name.
    #[error("component leased a secret of the undeclared kind {0:?}")]
    UndeclaredKind(String),
    /// An auth method was asked for what only an engine does, or the other way round.
    #[error("component has no `{0}`")]
    NoSuchExport(&'static str),
    /// Storage failed.
    #[error("storage of the component")]
    Storage(#[source] ViewError),
}

/// A component's own failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// For the caller, but for `Internal`, which is for the log.
    pub message: String,
}

/// Kinds of failure that a component can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The caller can mend it.
    Invalid,
    /// Wrong password, wrong secret: counted against the alias.
    InvalidCredentials,
    /// Not allowed.
    Denied,
    /// Nothing is there.
    NotFound,
    /// This mount, as it is tuned, has no such operation here.
    Unsupported,
    /// A check-and-set failed.
    Conflict,
    /// An upstream wants fewer requests.
    TooMany,
    /// An upstream is away.
    Unavailable,
    /// A fault of the component.
    Internal,
}

impl CallError {
    /// Was the component stopped, or is its answer unusable? Such an end is a fault of the
    /// component and is logged as a warning; the others are ordinary.
    pub const fn is_fault(&self) -> bool {
        !matches!(
            self,
            Self::Busy
                | Self::WrongPlace
                | Self::Overtaken
                | Self::OvertakenOutside
                | Self::NotCommitted(_)
                | Self::NoRoom
                | Self::Failure(_)
                | Self::Storage(_)
        )
    }

    /// What the caller is told. `WrongPlace` and `Overtaken` are the node's to act on before.
    pub fn to_refusal(&self) -> Refusal {
        let kind = match self {
            Self::Failure(failure) => return failure.to_refusal(),
            Self::Busy | Self::Overtaken | Self::NotCommitted(_) => RefusalKind::Unavailable,
            Self::WrongPlace => RefusalKind::WrongPlace,
            Self::NoRoom => RefusalKind::TooMany,
            // Not a status after which clients try again by themselves.
            Self::OvertakenOutside => RefusalKind::Invalid,
            _ => RefusalKind::Internal,
        };
        let message = match self {
            Self::Busy => "too many requests are running, try again",
            Self::Overtaken => "request was overtaken by another one, try again",
            Self::OvertakenOutside => {
                "request was overtaken by another one, after it had acted outside the server: look at what was done before you try again"
            }
            Self::NotCommitted(_) => "server is busy, try again",
            Self::WrongPlace => "request must run on the primary cluster",
            Self::NoRoom => "lease count quota exceeded",
            Self::Deadline(_) => "plugin was stopped: it ran for too long",
            Self::Memory(_) => "plugin was stopped: it wanted too much memory",
            Self::Limit(_) => "plugin was stopped: it went past one of its limits",
            Self::Trapped(_) => "plugin crashed",
            Self::BadReply(_) | Self::GrantNotAllowed(_) | Self::UndeclaredKind(_) => {
                "plugin gave an answer that it may not give"
            }
            _ => "internal error",
        };
        Refusal {
            kind,
            message: message.to_owned(),
            reason: self.reason(),
        }
    }

    /// For the log: what storage says is its whole chain of causes.
    fn reason(&self) -> String {
        match self {
            Self::Storage(error) => format!("{self}: {}", chain(error)),
            _ => self.to_string(),
        }
    }
}

impl Failure {
    fn to_refusal(&self) -> Refusal {
        let kind = match self.kind {
            FailureKind::Invalid | FailureKind::InvalidCredentials | FailureKind::Conflict => {
                RefusalKind::Invalid
            }
            FailureKind::Denied => RefusalKind::Denied,
            FailureKind::NotFound => RefusalKind::NotFound,
            FailureKind::Unsupported => RefusalKind::UnsupportedOperation,
            FailureKind::TooMany => RefusalKind::TooMany,
            FailureKind::Unavailable => RefusalKind::Unavailable,
            FailureKind::Internal => return Refusal::internal(self.message.clone()),
        };
        Refusal::new(kind, self.message.clone())
    }
}
