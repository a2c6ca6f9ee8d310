//! The checks of a request, each a type that the next one consumes:
//!
//! ```text
//!  Place ─▶ Routed ─▶ Known ─▶ Allowed ─▶ Recorded ─▶ run
//!  where    route     caller   policy     audit
//! ```
//!
//! Only [`Recorded`] can be run, and each can only be made from the one before: a pipeline that
//! forgets a check does not compile.

use crate::namespaces;
use crate::people::Somebody;
use crate::quotas;
use crate::refusal::from_barrier;
use crate::replication::forward::Taken;
use crate::replication::peers::Admitted;
use crate::tables::{Mount, Tables};
use crate::trail::Trail;
use crate::unsealed::Unsealed;
use access::{Token, TokenHash, TokenId};
use barrier::Transaction;
use base::{
    MountId, NamespaceId, Operation, Refusal, RefusalKind, Request, RequestPath, Timestamp,
};
use manifest::{Access, Match, NoMatch, Route};
use mount::Namespace;
use policy::Acl;
use std::sync::Arc;

/// Where a request goes, before anything is matched.
pub(crate) struct Place {
    pub(crate) namespace: Arc<Namespace>,
    /// Within the namespace.
    pub(crate) path: RequestPath,
    /// With the namespace before it; what policies speak of.
    full_path: String,
    pub(crate) mount: Option<Arc<Mount>>,
    /// Below the mount, as its matcher is to see it.
    rest: String,
}

impl Place {
    /// The path below the mount, as its matcher sees it.
    pub(crate) fn below_mount(&self) -> &str {
        &self.rest
    }

    /// Its namespace, and its mount or, where nothing is mounted, that of the host.
    pub(crate) fn ids(&self) -> (NamespaceId, MountId) {
        let mount = self.mount.as_ref();
        let mount = mount.map_or(MountId::SYSTEM, |mount| mount.0.id);
        (self.namespace.id, mount)
    }

    /// The same place, as if nothing were mounted there.
    pub(crate) fn without_mount(self) -> Self {
        Self {
            mount: None,
            rest: String::new(),
            ..self
        }
    }

    /// The same place, where the mount is what it became since.
    pub(crate) fn at(&self, mount: &Arc<Mount>) -> Self {
        Self {
            namespace: Arc::clone(&self.namespace),
            path: self.path.clone(),
            full_path: self.full_path.clone(),
            mount: Some(Arc::clone(mount)),
            rest: self.rest.clone(),
        }
    }

    /// Finds namespace and mount.
    pub(crate) fn find(tables: &Tables, request: &Request) -> Result<Self, Refusal> {
        let path = match request.operation {
            Operation::List | Operation::Scan => request.path.clone().into_folder(),
            _ => request.path.clone(),
        };
        let resolved = tables.namespaces.resolve(&request.namespace, &path);
        let (namespace, path) = resolved.ok_or_else(namespaces::not_found)?;
        let located = tables
            .of(namespace.id)
            .and_then(|table| table.locate(&path));
        let (mount, rest) = match located {
            Some(located) => (Some(located.mount), located.rest.as_str().to_owned()),
            None => (None, String::new()),
        };
        let mut full_path = format!("{}{path}", namespace.path);
        let rest = match &mount {
            Some(mount) if mount.1.is_system() => {
                if let Some(one_spelling) = crate::sys::one_spelling(&rest) {
                    full_path = format!("{}{}{one_spelling}", namespace.path, mount.0.path);
                    one_spelling
                } else {
                    crate::sys::canonical(rest)
                }
            }
            _ => rest,
        };
        Ok(Self {
            namespace,
            path,
            full_path,
            mount,
            rest,
        })
    }
}

/// A request with its route, or with the reason why it has none.
pub(crate) struct Routed<'p> {
    pub(crate) request: &'p Request,
    pub(crate) place: &'p Place,
    target: Result<Target<'p>, Refusal>,
}

/// A route of a mount.
#[derive(Clone, Copy)]
pub(crate) struct Target<'p> {
    pub(crate) namespace: NamespaceId,
    pub(crate) mount: &'p Arc<Mount>,
    pub(crate) route: &'p Route,
    /// Below the mount.
    pub(crate) path: &'p str,
    pub(crate) found: Match<'p, 'p>,
}

impl Target<'_> {
    /// Does what was decided about a request to that route hold for this one?
    pub(crate) fn is_decided_as(&self, other: &Target<'_>) -> bool {
        let (one, other) = (self.route, other.route);
        one.pattern == other.pattern
            && one.access == other.access
            && one.checks_existence == other.checks_existence
    }
}

impl<'p> Routed<'p> {
    /// Matches the path, once.
    pub(crate) fn find(request: &'p Request, place: &'p Place) -> Self {
        Self {
            request,
            place,
            target: Self::target(request, place),
        }
    }

    /// The route that a request has at a place.
    pub(crate) fn target(request: &Request, place: &'p Place) -> Result<Target<'p>, Refusal> {
        let no_handler = || no_handler(&place.path);
        let mount = place.mount.as_ref().ok_or_else(no_handler)?;
        let (manifest, matcher) = match &mount.1 {
            crate::engine::Engine::Broken(reason) => {
                let text = format!("mount {:?} is not available", mount.0.path.as_str());
                return Err(Refusal {
                    reason: reason.to_string(),
                    ..Refusal::new(RefusalKind::Unavailable, text)
                });
            }
            engine => engine.routes().ok_or_else(no_handler)?,
        };
        let operation = operation(request.operation).ok_or_else(|| no_match(NoMatch::Operation))?;
        let found = matcher.find(operation, &place.rest).map_err(no_match)?;
        let route = manifest.routes.get(found.route).ok_or_else(no_handler)?;
        Ok(Target {
            namespace: place.namespace.id,
            mount,
            route,
            path: &place.rest,
            found,
        })
    }

    pub(crate) fn access(&self) -> Access {
        self.target
            .as_ref()
            .map_or(Access::Token, |target| target.route.access)
    }

    /// Does the listener let it be done without a token?
    fn is_open(&self) -> bool {
        let mount = self.place.mount.as_ref();
        mount.is_some_and(|mount| mount.1.is_system())
            && crate::sys::is_open(self.request.without_token, &self.place.rest)
    }

    /// Does the route ask who calls?
    pub(crate) fn needs_caller(&self) -> bool {
        match self.access() {
            Access::Token | Access::Sudo => !self.is_open(),
            Access::Public | Access::Login => false,
        }
    }

    /// Finds out who calls, where the route asks for it: the token with the id `inside` what the
    /// request carries, or the one it carries.
    pub(crate) async fn authenticate(
        self,
        node: &Arc<Unsealed>,
        tx: &mut Transaction,
        inside: Option<&TokenId>,
    ) -> Result<Known<'p>, Refusal> {
        let now = node.now();
        if !self.needs_caller() {
            return Ok(Known {
                routed: self,
                caller: None,
                own_path: None,
                now,
                taken: None,
            });
        }
        let caller = Caller::find(node, tx, self.request, inside).await?;
        Ok(Known {
            own_path: own_path(node, self.place, &caller),
            routed: self,
            caller: Some(caller),
            now,
            taken: None,
        })
    }

    /// The pattern of its route; None where it has none.
    pub(crate) fn pattern(&self) -> Option<&'p str> {
        let target = self.target.as_ref().ok()?;
        Some(target.route.pattern.as_str())
    }
}

/// What a token does with itself it does in its own namespace, wherever it says so.
const OF_THE_TOKEN_ITSELF: [&str; 4] = [
    "auth/token/lookup-self",
    "auth/token/renew-self",
    "auth/token/revoke-self",
    "sys/wrapping/unwrap",
];

/// The path that policies are asked about, where it is in another namespace than the request.
fn own_path(node: &Unsealed, place: &Place, caller: &Caller) -> Option<String> {
    if caller.token.namespace == place.namespace.id
        || !OF_THE_TOKEN_ITSELF.contains(&place.path.as_str())
    {
        return None;
    }
    let tables = node.tables();
    let own = tables.namespaces.with_id(caller.token.namespace)?;
    Some(format!("{}{}", own.path, place.path))
}

/// What Vault says of a path that no mount has.
pub(crate) fn no_handler(path: &RequestPath) -> Refusal {
    let text = format!(
        "no handler for route {:?}. route entry not found.",
        path.as_str()
    );
    Refusal::new(RefusalKind::NotFound, text)
}

/// What Vault says of a path that its mount does not know.
pub(crate) const NO_SUCH_PATH: &str = "1 error occurred:\n\t* unsupported path\n\n";

pub(crate) fn no_match(why: NoMatch) -> Refusal {
    match why {
        NoMatch::Path => Refusal::new(RefusalKind::NotFound, NO_SUCH_PATH),
        NoMatch::Operation => Refusal::new(
            RefusalKind::UnsupportedOperation,
            "1 error occurred:\n\t* unsupported operation\n\n",
        ),
    }
}

/// The operation as manifests name it; help has none.
pub(crate) const fn operation(operation: Operation) -> Option<manifest::Operation> {
    Some(match operation {
        Operation::Read => manifest::Operation::Read,
        Operation::Update => manifest::Operation::Update,
        Operation::Patch => manifest::Operation::Patch,
        Operation::Delete => manifest::Operation::Delete,
        Operation::List => manifest::Operation::List,
        Operation::Scan => manifest::Operation::Scan,
        Operation::Help => return None,
    })
}

/// A live token, and what its policies say.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) hash: TokenHash,
    pub(crate) token: Token,
    pub(crate) acl: Arc<Acl>,
    /// The entity that the token stands for.
    pub(crate) somebody: Option<Arc<Somebody>>,
    /// Is it a secondary that says so? Its tokens are not here.
    pub(crate) is_vouched: bool,
}

impl Caller {
    /// The live token with the id `inside` what the request carries, or with the id that it is.
    /// Counts a use where uses are counted.
    pub(crate) async fn find(
        node: &Arc<Unsealed>,
        tx: &mut Transaction,
        request: &Request,
        inside: Option<&TokenId>,
    ) -> Result<Self, Refusal> {
        let sent = || request.token.as_ref().map(base::Secret::expose);
        let id = inside.map(TokenId::expose).or_else(sent);
        let id = id.ok_or_else(Refusal::denied)?;
        if id.len() > access::TokenId::LENGTH_MAX {
            return Err(Refusal::denied());
        }
        let found = access::lookup(tx, &node.salt, id, node.now()).map_err(from_barrier)?;
        let (hash, token) = found.ok_or_else(Refusal::denied)?;
        let rights = node.rights_of(&token)?;
        let mut caller = Self {
            hash,
            token,
            acl: rights.acl,
            somebody: rights.somebody,
            is_vouched: false,
        };
        if !access::is_bound_to(&caller.token, request.client.address.ip()) {
            return Err(Refusal::denied());
        }
        if caller.token.uses_left > 0 {
            caller.spend(node).await?;
            // What was read before the use was taken is old by now.
            *tx = node.begin();
        }
        Ok(caller)
    }

    /// Id of the entity; empty for none. Not the one that the token was made for, where that became
    /// part of another since.
    pub(crate) fn entity_id(&self) -> &str {
        let somebody = self.somebody.as_ref();
        somebody.map_or("", |somebody| &somebody.facts.id)
    }

    /// The policies that it has by its entity.
    pub(crate) fn identity_policies(&self) -> &[String] {
        let somebody = self.somebody.as_ref();
        somebody.map_or(&[], |somebody| &somebody.policies)
    }

    /// All its policies.
    pub(crate) fn all_policies(&self) -> Vec<String> {
        match &self.somebody {
            Some(somebody) => somebody.with_own(&self.token.policies),
            None => self.token.policies.clone(),
        }
    }

    /// Takes one use, durably and before anything else: two requests cannot share the last one.
    async fn spend(&mut self, node: &Arc<Unsealed>) -> Result<(), Refusal> {
        let hash = self.hash.clone();
        self.token = node
            .transact(|tx| {
                let spent = access::spend(tx, &hash, node.now()).map_err(from_barrier)?;
                spent.ok_or_else(Refusal::denied)
            })
            .await?;
        Ok(())
    }

    /// Is the token still there? A request that runs again asks again, and its outcome depends on
    /// the answer.
    pub(crate) fn check_alive(&self, node: &Unsealed, tx: &mut Transaction) -> Result<(), Refusal> {
        if self.token.is_spent || self.is_vouched {
            return Ok(());
        }
        match access::still_lives(tx, &self.hash, &self.token, node.now()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::denied()),
            Err(error) => Err(from_barrier(error)),
        }
    }
}

/// A request whose caller is known, or needs not be.
pub(crate) struct Known<'p> {
    routed: Routed<'p>,
    caller: Option<Caller>,
    own_path: Option<String>,
    now: Timestamp,
    /// Where what the component says is left, for a secondary that sent the request.
    taken: Option<Arc<Taken>>,
}

impl<'p> Known<'p> {
    /// As [`authenticate`](Routed::authenticate), of a request that a secondary sent, which vouches
    /// for the caller and takes what the component says as it is.
    pub(crate) fn vouched(
        admitted: Admitted<'p>,
        node: &Unsealed,
        caller: Option<Caller>,
        taken: &Arc<Taken>,
    ) -> Result<Self, Refusal> {
        let routed = admitted.into_routed();
        let needed = matches!(routed.access(), Access::Token | Access::Sudo);
        if needed && caller.is_none() {
            return Err(Refusal::denied());
        }
        Ok(Self {
            routed,
            caller: caller.filter(|_| needed),
            own_path: None,
            now: node.now(),
            taken: Some(Arc::clone(taken)),
        })
    }

    /// The caller, for the record.
    pub(crate) const fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// The request.
    pub(crate) const fn request(&self) -> &'p Request {
        self.routed.request
    }

    /// Where it goes.
    pub(crate) const fn place(&self) -> &'p Place {
        self.routed.place
    }

    /// What is to be asked of the policies, where they are asked at all.
    pub(crate) fn question(&self, operation: policy::Operation) -> policy::Ask<'_> {
        policy::Ask {
            path: self
                .own_path
                .as_deref()
                .unwrap_or(&self.routed.place.full_path),
            operation,
            data: &self.routed.request.data,
            wrap_ttl: self.routed.request.wrap_ttl,
            now: self.now,
        }
    }

    /// Must a component say whether the request creates or changes before policies can decide?
    pub(crate) fn existence_matters(&self) -> Option<Target<'p>> {
        let target = *self.routed.target.as_ref().ok()?;
        let caller = self.caller.as_ref()?;
        let asks =
            self.routed.request.operation == Operation::Update && target.route.checks_existence;
        let allowed = |operation| caller.acl.decide(&self.question(operation)).allowed;
        (asks && allowed(policy::Operation::Create) != allowed(policy::Operation::Update))
            .then_some(target)
    }

    /// Asks the policies. `exists` is what the component said; an engine that was not asked changes.
    pub(crate) fn decide(
        self,
        exists: Option<bool>,
        trail: &mut Trail,
    ) -> Result<Allowed<'p>, Refusal> {
        let Some(caller) = &self.caller else {
            return Ok(Allowed {
                known: self,
                decision: None,
                existed: None,
            });
        };
        let operation = match (self.routed.request.operation, exists) {
            (Operation::Update, Some(false)) => policy::Operation::Create,
            (Operation::Update, None) if self.may_create(caller) => policy::Operation::Create,
            (Operation::Update, _) => policy::Operation::Update,
            (Operation::Read, _) => policy::Operation::Read,
            (Operation::Patch, _) => policy::Operation::Patch,
            (Operation::Delete, _) => policy::Operation::Delete,
            (Operation::List, _) => policy::Operation::List,
            (Operation::Scan, _) => policy::Operation::Scan,
            (Operation::Help, _) => policy::Operation::Help,
        };
        let decision = caller.acl.decide(&self.question(operation));
        let allowed = match self.routed.access() {
            Access::Sudo => decision.allowed_with_sudo(),
            Access::Token | Access::Public | Access::Login => decision.allowed,
        };
        if allowed {
            return Ok(Allowed {
                known: self,
                decision: Some(decision),
                existed: exists,
            });
        }
        trail.denied();
        let text = "1 error occurred:\n\t* permission denied\n\n";
        Err(Refusal::new(RefusalKind::Denied, text))
    }

    /// Where both answers are the same, the component was not asked: take the one that is granted.
    fn may_create(&self, caller: &Caller) -> bool {
        let checks = self
            .routed
            .target
            .as_ref()
            .is_ok_and(|target| target.route.checks_existence);
        checks
            && caller
                .acl
                .decide(&self.question(policy::Operation::Create))
                .allowed
    }
}

/// A request that its caller may make.
pub(crate) struct Allowed<'p> {
    known: Known<'p>,
    decision: Option<policy::Decision>,
    existed: Option<bool>,
}

impl<'p> Allowed<'p> {
    /// Writes it to the audit devices.
    pub(crate) fn record(
        self,
        node: &Unsealed,
        trail: &mut Trail,
    ) -> Result<Recorded<'p>, Refusal> {
        trail.decided(self.decision.as_ref());
        trail.request(node, self.known.routed.request, None)?;
        Ok(Recorded {
            keys_max: self
                .decision
                .as_ref()
                .and_then(policy::Decision::pagination_limit),
            known: self.known,
            existed: self.existed,
            leases: quotas::Room::default(),
        })
    }
}

/// A request that may run.
pub(crate) struct Recorded<'p> {
    known: Known<'p>,
    existed: Option<bool>,
    keys_max: Option<u64>,
    leases: quotas::Room,
}

impl<'p> Recorded<'p> {
    /// The request.
    pub(crate) const fn request(&self) -> &'p Request {
        self.known.routed.request
    }

    /// What the component said exists, where the decision depended on it.
    pub(crate) const fn existed(&self) -> Option<bool> {
        self.existed
    }

    /// How many keys of a list the policies let the caller see at once.
    pub(crate) fn keys_max(&self) -> usize {
        let max = self.keys_max.unwrap_or(u64::MAX);
        usize::try_from(max).unwrap_or(usize::MAX)
    }

    /// The request with its caller.
    pub(crate) const fn known(&self) -> &Known<'p> {
        &self.known
    }

    /// Where it goes.
    pub(crate) const fn place(&self) -> &'p Place {
        self.known.routed.place
    }

    /// The room for the lease it may make.
    pub(crate) const fn leases(&self) -> &quotas::Room {
        &self.leases
    }

    /// Where what the component says is left, for a secondary that sent the request.
    pub(crate) fn taken(&self) -> Option<&Taken> {
        self.known.taken.as_deref()
    }

    /// Who asks; None on public routes.
    pub(crate) const fn caller(&self) -> Option<&Caller> {
        self.known.caller.as_ref()
    }

    /// What it asks for; or why there is no such thing, which only who may ask is told.
    pub(crate) fn target(&self) -> Result<Target<'p>, Refusal> {
        self.known.routed.target.clone()
    }
}
