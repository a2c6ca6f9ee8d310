//! Requests that a secondary cannot run, because they write what is replicated. Their attempt on the
//! secondary is gone without a trace; the primary runs them from the start, decides by its own
//! policies for the caller that the secondary vouches for, and says what they came to. What a login
//! or an engine grants by that becomes a token or a lease of the secondary.

use super::Secondary;
use super::answers::Came;
use super::errands::{self, Errand};
use super::exclusions;
use super::filtered::Filtered;
use super::peers::Sight;
use super::recorded::{What, recorded};
use super::serve::{Broken, receive, send};
use crate::call;
use crate::engine::Engine;
use crate::identity;
use crate::pipeline::{Caller, Place, Recorded};
use crate::refusal::wrong_place;
use crate::unsealed::Unsealed;
use access::{Token, TokenHash};
use base::{
    Client, MountId, NamespaceId, Operation, Refusal, RefusalKind, Request, RequestPath, chain,
};
use core::net::SocketAddr;
use core::time::Duration;
use link::{Channel, LinkError, Peer};
use plugin::{Grant, Leases, Outcome};
use replication::{Method, decode};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// How long the primary may take.
const ANSWER_MAX: Duration = Duration::from_secs(90);

/// As long where somebody logs in, who can do so without what the primary would make.
const ENTITY_MAX: Duration = Duration::from_secs(5);

/// As long as the primary has for that, whether somebody still waits for it or not: as long again as
/// anybody does.
const RUN_MAX: Duration = Duration::from_secs(180);

/// What a secondary wants of its primary.
#[derive(Serialize, Deserialize)]
pub(super) enum Wish {
    /// Run a request.
    Run(Box<Forwarded>),
    /// Have an entity for somebody who logged in.
    LogIn(LogIn),
    /// Do something that nobody asked for here.
    Do(Box<Errand>),
}

/// A request on its way.
#[derive(Serialize, Deserialize)]
pub(super) struct Forwarded {
    id: String,
    operation: Operation,
    path: String,
    namespace: String,
    /// JSON.
    data: String,
    raw_body: Option<Vec<u8>>,
    wrap_ttl: Option<Duration>,
    address: SocketAddr,
    certificates: Vec<Vec<u8>>,
    headers: Vec<(String, String)>,
    /// JSON, as it is stored: who asks, for a route that wants to know.
    caller: Option<(String, TokenHash)>,
    /// Has the secondary room for the lease that may come of it?
    leases: Leases,
}

/// Somebody who logged in.
#[derive(Serialize, Deserialize)]
pub(super) struct LogIn {
    namespace: NamespaceId,
    /// The accessor of the auth method; empty for one that is local to the secondary.
    accessor: String,
    /// JSON, as it is kept with a token; empty for a local method, whose users stay where it is.
    grant: String,
}

impl LogIn {
    /// What is recorded of it.
    fn what(&self, node: &Unsealed) -> What {
        let data = errands::said_of(&self.grant);
        What::in_namespace("log-in", self.namespace, data).with_accessor(node, &self.accessor)
    }
}

/// Where the outcome of a forwarded request is left, as the component gave it.
pub(crate) struct Taken {
    said: Mutex<Option<(Outcome, Vec<String>)>>,
    leases: Leases,
}

impl Taken {
    fn new(leases: Leases) -> Self {
        Self {
            said: Mutex::default(),
            leases,
        }
    }

    /// Has the secondary room for a lease?
    pub(crate) const fn leases(&self) -> Leases {
        self.leases
    }

    /// Leaves it. Of several attempts the last one counts.
    pub(crate) fn leave(&self, outcome: Outcome, remarks: Vec<String>) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some((outcome, remarks));
    }

    fn take(&self) -> Option<(Outcome, Vec<String>)> {
        self.said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Forwarded {
    fn of(recorded: &Recorded<'_>, leases: Leases) -> Result<Self, Refusal> {
        let request = recorded.request();
        let data = serde_json::to_string(&request.data);
        let caller = recorded.caller().map(|caller| {
            let token = serde_json::to_string(&caller.token);
            token.map(|token| (token, caller.hash.clone()))
        });
        let failed = |error: serde_json::Error| Refusal::internal(chain(&error));
        Ok(Self {
            id: request.id.clone(),
            operation: request.operation,
            path: request.path.as_str().to_owned(),
            namespace: request.namespace.clone(),
            data: data.map_err(failed)?,
            raw_body: request.raw_body.as_ref().map(|body| body.to_vec()),
            wrap_ttl: request.wrap_ttl,
            address: request.client.address,
            certificates: request.client.certificates.clone(),
            headers: request.headers.clone(),
            caller: caller.transpose().map_err(failed)?,
            leases,
        })
    }

    /// The request, and the token that its secondary vouches for.
    fn into_request(self) -> Result<(Request, Option<(Token, TokenHash)>), Broken> {
        let wrong = |error: &dyn core::fmt::Display| Broken::Message(error.to_string());
        let path = RequestPath::parse(&self.path).map_err(|error| wrong(&error))?;
        let data = serde_json::from_str(&self.data).map_err(|error| wrong(&error))?;
        let caller = self.caller.map(|(token, hash)| {
            let token: Result<Token, _> = serde_json::from_str(&token);
            token.map(|token| (token, hash))
        });
        let request = Request {
            id: self.id,
            namespace: self.namespace,
            raw_body: self.raw_body.map(Into::into),
            wrap_ttl: self.wrap_ttl,
            client: Client {
                address: self.address,
                certificates: self.certificates,
            },
            headers: self.headers,
            ..Request::new(self.operation, path, "", data)
        };
        Ok((request, caller.transpose().map_err(|error| wrong(&error))?))
    }
}

/// Where the primary's log has what was written there for a request.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    /// The entry.
    pub(crate) index: u64,
    /// Is it here as well?
    pub(crate) is_here: bool,
}

/// Runs a request on the primary. What it came to, once that has arrived here as well, or after a
/// while; and where it was written.
pub(crate) async fn run(
    node: &Arc<Unsealed>,
    secondary: &Secondary,
    recorded: &Recorded<'_>,
) -> Result<(Came, Option<Written>), Refusal> {
    let leases = match recorded.target() {
        Ok(target) => match &target.mount.1 {
            Engine::Component(pinned) => call::leases(node, recorded, target, pinned)?,
            Engine::Native(_) | Engine::Broken(_) => Leases::Admitted,
        },
        Err(_) => Leases::Admitted,
    };
    let forwarded = Forwarded::of(recorded, leases)?;
    ask(node, secondary, Wish::Run(Box::new(forwarded))).await
}

/// Has the primary make the entity of somebody who logged in, and waits until it is here; its id,
/// where it belongs to a local method. None where the primary cannot be reached, or it takes too
/// long.
pub(crate) async fn log_in(
    node: &Arc<Unsealed>,
    secondary: &Secondary,
    namespace: NamespaceId,
    entry: &mount::MountEntry,
    grant: &Grant,
) -> Result<Option<String>, Refusal> {
    let (accessor, grant) = match entry.local {
        true => (String::new(), String::new()),
        false => {
            let grant = serde_json::to_string(grant);
            let grant = grant.map_err(|error| Refusal::internal(chain(&error)))?;
            (entry.accessor.clone(), grant)
        }
    };
    let wish = Wish::LogIn(LogIn {
        namespace,
        accessor,
        grant,
    });
    match ask(node, secondary, wish).await {
        Ok((Came::Refused(refusal), _)) => Err(refusal.into()),
        Ok((came, written)) => {
            let is_here = written.is_none_or(|written| written.is_here);
            let id = match came {
                Came::Bare(id) => id,
                _ => String::new(),
            };
            Ok(is_here.then_some(id))
        }
        Err(refusal) if refusal.kind == RefusalKind::WrongPlace => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// What is told where a wish did not get to the primary: nothing was done.
const AWAY: &str =
    "the primary cluster cannot be reached, and the request writes what is replicated";

/// What is told where it may have got there.
const UNKNOWN: &str =
    "the primary cluster did not answer: whether it has done what the request writes is not known";

/// Asks the primary, and waits for what it wrote until that is here, or for a while. Of kind
/// [`RefusalKind::WrongPlace`] is what did not come to an answer.
pub(super) async fn ask(
    node: &Unsealed,
    secondary: &Secondary,
    wish: Wish,
) -> Result<(Came, Option<Written>), Refusal> {
    let (came, index) = answer(secondary, wish).await?;
    let Some(index) = index else {
        return Ok((came, None));
    };
    let wait = node.parts.settings.own_write_wait;
    let is_here = secondary.wait_for(index, wait).await;
    Ok((came, Some(Written { index, is_here })))
}

async fn answer(secondary: &Secondary, wish: Wish) -> Result<(Came, Option<u64>), Refusal> {
    let unanswered = |message: &str, reason: String| Refusal {
        reason,
        message: message.to_owned(),
        ..wrong_place()
    };
    let away = |reason: String| unanswered(AWAY, reason);
    let at_most = match &wish {
        Wish::LogIn(_) => ENTITY_MAX,
        Wish::Run(_) | Wish::Do(_) => ANSWER_MAX,
    };
    let link = secondary.link();
    let link = link.ok_or_else(|| away(String::from("there is no connection")))?;
    let asked = async {
        let opened = link.open(Method::Forward.name()).await;
        let mut channel = opened.map_err(|error| away(error.to_string()))?;
        let answered = async {
            send(&channel, &wish).await?;
            receive::<(Came, Option<u64>)>(&mut channel).await
        };
        let broken = |broken: Broken| unanswered(UNKNOWN, broken.to_string());
        answered.await.map_err(broken)
    };
    let late = |_| unanswered(UNKNOWN, String::from("it took too long to answer"));
    tokio::time::timeout(at_most, asked).await.map_err(late)?
}

/// Namespace and mount: whose data an answer may tell of.
type Ids = (NamespaceId, MountId);

/// Answers a wish of a secondary.
pub(crate) async fn serve(
    node: &Arc<Unsealed>,
    peer: &Peer,
    mut channel: Channel,
    place: Option<OwnedSemaphorePermit>,
) -> Result<(), Broken> {
    let frame = match channel.receive().await {
        Ok(frame) => frame,
        Err(error @ LinkError::TooLarge(_)) => {
            let message = "the request is larger than the primary takes";
            let refusal = Refusal::new(RefusalKind::TooLarge, message);
            let answer: (Came, Option<u64>) = (Came::Refused(refusal.into()), None);
            send(&channel, &answer).await?;
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    // It keeps its room until it is answered: what is read of it has about as much.
    let frame = frame.ok_or_else(|| Broken::Message(String::from("no wish came")))?;
    let wish: Wish = decode(&frame)?;
    let mut filtered = Filtered::now(node, &peer.name)?;
    let fulfilled = {
        let (node, peer) = (Arc::clone(node), peer.clone());
        to_its_end(async move {
            let fulfilled = fulfill(&node, &peer, wish).await;
            drop((frame, place));
            fulfilled
        })
    };
    let ((namespace, mount), answer) = fulfilled.await?;
    if filtered.is_changed(node)?
        && exclusions::of(&mut node.begin(), &peer.name)?.leaves_out(namespace, mount)
    {
        // What it came to is not told where that is kept from the secondary by now.
        return Err(Broken::Refiltered);
    }
    send(&channel, &answer).await
}

async fn fulfill(
    node: &Arc<Unsealed>,
    peer: &Peer,
    wish: Wish,
) -> Result<(Ids, (Came, Option<u64>)), Broken> {
    Ok(match wish {
        Wish::Run(forwarded) => run_here(node, peer, *forwarded).await?,
        Wish::LogIn(login) => {
            let what = || login.what(node);
            let act = log_in_here(node, peer, &login);
            let answer = match recorded(node, &peer.name, what, act).await {
                Ok((id, index)) => (Came::Bare(id), index),
                Err(refusal) => (Came::Refused(refusal.into()), None),
            };
            ((login.namespace, MountId::SYSTEM), answer)
        }
        Wish::Do(errand) => (errand.place(), errands::serve(node, peer, *errand).await),
    })
}

/// Goes on though the secondary leaves, or is cut off: nothing is to stop a request between its commit
/// and its audit record.
async fn to_its_end<T: Send + 'static>(
    running: impl Future<Output = Result<T, Broken>> + Send + 'static,
) -> Result<T, Broken> {
    let (telling, told) = oneshot::channel();
    tokio::spawn(async move {
        if let Ok(done) = tokio::time::timeout(RUN_MAX, running).await {
            // Nobody hears it where the secondary has left.
            let _ = telling.send(done);
        }
    });
    let late = |_| Broken::Here(String::from("a request of the secondary came to no end"));
    told.await.map_err(late)?
}

async fn run_here(
    node: &Arc<Unsealed>,
    peer: &Peer,
    forwarded: Forwarded,
) -> Result<(Ids, (Came, Option<u64>)), Broken> {
    let taken = Arc::new(Taken::new(forwarded.leases));
    let (request, vouched) = forwarded.into_request()?;
    node.refresh().await?;
    let place = Place::find(&node.tables(), &request);
    let place = place.map_or((NamespaceId::ROOT, MountId::SYSTEM), |place| place.ids());
    let reads = request.operation == Operation::Read;
    let caller = vouched.map(|(token, hash)| Caller::vouched(node, token, hash));
    let answered = match caller.transpose() {
        Ok(caller) => {
            node.handle_forwarded(&request, caller, &taken, &peer.name)
                .await
        }
        Err(refusal) => Err(refusal),
    };
    let answer = match (answered, taken.take()) {
        (Ok((_, index)), Some((outcome, remarks))) => {
            let index = index.map(|index| index.local);
            (Came::of_outcome(outcome, remarks)?, index)
        }
        (Ok((answer, index)), None) => {
            let index = index.map(|index| index.local);
            // Who is told here that something is done is to find it so there.
            let index = index.or_else(|| reads.then(|| node.committer.index()));
            (Came::of_answer(answer)?, index)
        }
        (Err(refusal), _) => (Came::Refused(refusal.into()), None),
    };
    Ok((place, answer))
}

async fn log_in_here(
    node: &Arc<Unsealed>,
    peer: &Peer,
    login: &LogIn,
) -> Result<(String, Option<u64>), Refusal> {
    let sight = Sight::of(node, &peer.name)?;
    if login.accessor.is_empty() {
        return make_here(node, &sight, login.namespace).await;
    }
    let grant: Grant =
        serde_json::from_str(&login.grant).map_err(|error| Refusal::invalid(error.to_string()))?;
    let tables = node.tables();
    let gone = || Refusal::invalid("there is no such auth method on the primary");
    let namespace = tables
        .namespaces
        .with_id(login.namespace)
        .filter(|namespace| sight.has_namespace(namespace.id))
        .ok_or_else(gone)?;
    let mut mounts = tables
        .of(login.namespace)
        .into_iter()
        .flat_map(mount::Table::iter);
    let mount = mounts.find(|mount| {
        mount.0.kind == mount::MountKind::Auth
            && mount.0.accessor == login.accessor
            && sight.has(login.namespace, &mount.0)
    });
    let entry = &mount.ok_or_else(gone)?.0;
    let made = node.transact(|tx| identity::log_in(node, tx, namespace, entry, &grant).map(drop));
    made.await?;
    Ok((String::new(), Some(node.committer.index())))
}

/// An entity for a user of a method that is local to a secondary.
async fn make_here(
    node: &Arc<Unsealed>,
    sight: &Sight,
    namespace: NamespaceId,
) -> Result<(String, Option<u64>), Refusal> {
    let tables = node.tables();
    let gone = || Refusal::invalid("there is no such namespace on the primary");
    let namespace = tables.namespaces.with_id(namespace);
    let namespace = namespace.filter(|namespace| sight.has_namespace(namespace.id));
    let namespace = namespace.ok_or_else(gone)?;
    let made = node.transact(|tx| identity::make_for_secondary(node, tx, namespace));
    let id = made.await?;
    Ok((id, Some(node.committer.index())))
}

impl Caller {
    /// Who a secondary says that asks. What its policies allow is decided here.
    fn vouched(node: &Unsealed, token: Token, hash: TokenHash) -> Result<Self, Refusal> {
        let rights = node.rights_of(&token)?;
        Ok(Self {
            hash,
            token,
            acl: rights.acl,
            somebody: rights.somebody,
            is_vouched: true,
        })
    }
}
