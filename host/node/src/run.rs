//! Runs a request that passed its checks: in a transaction, again when it was overtaken, and in one
//! batch with all that its answer grants.

use crate::call::{self, Ran};
use crate::commit::CommitError;
use crate::engine::Engine;
use crate::help;
use crate::inline_login;
use crate::namespaces;
use crate::native::Ask;
use crate::passed::Passed;
use crate::passed_headers::keep_allowed;
use crate::pipeline::{Caller, Known, Place, Recorded, Routed, Target, no_handler};
use crate::refusal::{from_commit, wrong_place};
use crate::replication::Secondary;
use crate::replication::answers::Arrived;
use crate::replication::forward::{self, Taken, Written};
use crate::replication::peers::{Admitted, Sight};
use crate::session::Index;
use crate::trail::Trail;
use crate::unsealed::Unsealed;
use crate::{quotas, wrapping};
use access::TokenHash;
use barrier::Transaction;
use base::{Answer, Operation, Refusal, RefusalKind, Request};
use gate::Came;
use locality::SystemKey;
use manifest::Placement;
use plugin::CallError;
use std::sync::Arc;

/// How often a request that is overtaken runs.
pub(crate) const ATTEMPTS_MAX: u32 = 64;

/// Overtaken this often, a request waits its turn among those that were.
const ATTEMPTS_AT_ONCE_MAX: u32 = 2;

/// An answer, and where the logs are where something was written for it.
pub(crate) type Answered = Result<(Answer, Option<Index>), Refusal>;

/// What came of running a request once.
type Attempted = Result<(Answer, Option<Index>), Failed>;

/// Why an attempt came to nothing.
pub(crate) enum Failed {
    /// What it read was written since, by the commit with this number.
    Overtaken(u64),
    /// It failed for good.
    Refused(Refusal),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// An answer to whom wrote what he may not read here for a while.
fn not_here_yet(answer: Answer, index: u64) -> Answer {
    tracing::info!(index, "what a request wrote on the primary is not here yet");
    let answer = match answer {
        // Only so can it say something.
        Answer::Empty => Answer::Envelope(Box::default()),
        other => other,
    };
    let text = format!(
        "written on the primary at index {index}, not here yet: until it is, what is read here is older"
    );
    call::with_warnings(answer, vec![text])
}

impl Unsealed {
    /// Answers one request, from routing to the audit of the answer.
    pub(crate) async fn handle(self: &Arc<Self>, request: &Request) -> Answered {
        let begun = self.parts.clock.elapsed();
        let mut trail = Trail::new(self);
        let (mut spent, mut passed) = (None, Passed::default());
        let mut answered = self
            .pipeline(request, &mut trail, &mut spent, &mut passed)
            .await;
        if let Some(hash) = spent {
            answered = wrapping::end_spent(self, &hash, answered).await;
        }
        let recorded = trail.response(self, request, &answered);
        passed.note(self, request, &answered, begun);
        recorded?;
        answered
    }

    /// The checks and the run. Tells of a token that had its last use.
    async fn pipeline(
        self: &Arc<Self>,
        request: &Request,
        trail: &mut Trail,
        spent: &mut Option<TokenHash>,
        passed: &mut Passed,
    ) -> Answered {
        let (place, mut tx) = self.place(request, None).await?;
        trail.place(&place);
        namespaces::admit(self, &place, request)?;
        let inside = wrapping::check(self, &mut tx, &place, request)?;
        let routed = Routed::find(request, &place);
        passed.through(&routed);
        let inside = match routed.needs_caller() && inline_login::is_asked(request) {
            false => inside,
            true => {
                let token = inline_login::log_in(self, &place, request).await?;
                trail.logged_in(&token);
                // What was read before the login is old by now.
                tx = self.begin();
                Some(token)
            }
        };
        let known = routed.authenticate(self, &mut tx, inside.as_ref()).await?;
        let caller = known.caller().filter(|caller| caller.token.is_spent);
        *spent = caller.map(|caller| caller.hash.clone());
        trail.caller(known.caller());
        self.decide_and_run(known, tx, trail).await
    }

    /// Answers one request that a secondary sent: as [`handle`](Self::handle), for a caller that the
    /// secondary vouches for.
    pub(crate) async fn handle_forwarded(
        self: &Arc<Self>,
        request: &Request,
        caller: Option<Caller>,
        taken: &Arc<Taken>,
        secondary: &str,
    ) -> Answered {
        let mut trail = Trail::forwarded(self, secondary);
        let answered = async {
            let sight = Sight::of(self, secondary)?;
            let (place, tx) = self.place(request, Some(&sight)).await?;
            trail.place(&place);
            namespaces::admit(self, &place, request)?;
            let admitted = Admitted::check(Routed::find(request, &place), &sight)?;
            let known = Known::vouched(admitted, self, caller, taken)?;
            trail.caller(known.caller());
            self.decide_and_run(known, tx, &mut trail).await
        }
        .await;
        tracing::debug!(
            request_id = request.id,
            secondary,
            "ran a forwarded request"
        );
        trail.response(self, request, &answered)?;
        answered
    }

    async fn decide_and_run(
        self: &Arc<Self>,
        known: Known<'_>,
        mut tx: Transaction,
        trail: &mut Trail,
    ) -> Answered {
        let mut exists = None;
        if let Some(target) = known.existence_matters() {
            let (same, there) = self.exists(&known, target, tx).await?;
            (tx, exists) = (same, Some(there));
        }
        let recorded = known.decide(exists, trail)?.record(self, trail)?;
        self.run(&recorded, tx).await
    }

    /// Where a request goes, and its transaction, which has seen no change of mounts that the place
    /// does not know: any later one that matters overtakes it. For a secondary there is what it sees.
    async fn place(
        self: &Arc<Self>,
        request: &Request,
        sight: Option<&Sight>,
    ) -> Result<(Place, Transaction), Refusal> {
        loop {
            self.refresh().await?;
            let mut place = Place::find(&self.tables(), request)?;
            if let Some(sight) = sight {
                place = sight.narrow(place, request)?;
            }
            if let Some(mount) = &place.mount {
                // Before the transaction begins: it is to see what the start wrote.
                mount.1.ready().await?;
            }
            let tx = self.begin();
            if self.is_current() {
                return Ok((place, tx));
            }
        }
    }

    /// Asks the component, in the request's own transaction: what it read must still hold at the
    /// commit.
    async fn exists(
        self: &Arc<Self>,
        known: &Known<'_>,
        target: Target<'_>,
        tx: Transaction,
    ) -> Result<(Transaction, bool), Refusal> {
        let pinned = match &target.mount.1 {
            Engine::Component(pinned) => pinned,
            Engine::Native(native) => {
                let mut tx = tx;
                let mut ask = Ask {
                    node: self,
                    tx: &mut tx,
                    namespace: &known.place().namespace,
                    path: &known.place().path,
                    caller: known.caller(),
                    request: known.request(),
                    input: call::validated(known.request(), target)?.0.input,
                    now: self.now(),
                    leases: &quotas::Room::default(),
                    acted_outside: false,
                };
                let exists = native.exists(target.found.route, &mut ask)?;
                return Ok((tx, exists));
            }
            Engine::Broken(_) => return Ok((tx, true)),
        };
        let call = call::of_known(self, known, target, pinned, tx);
        let matched = call::matched(known.request(), target)?.0;
        let done = pinned.component.exists(call, matched).await;
        let done = done.map_err(|error| error.to_refusal())?;
        let tx = done.view.into_transaction();
        let tx = tx.map_err(|error| Refusal::internal(error.to_string()))?;
        Ok((tx, done.value))
    }

    /// Runs, and gives back the room for a lease that did not come.
    async fn run(self: &Arc<Self>, recorded: &Recorded<'_>, tx: Transaction) -> Answered {
        let answered = self.run_until_settled(recorded, tx).await;
        recorded.leases().end(match answered {
            Ok(_) => Came::Made,
            Err(_) => Came::ToNothing,
        });
        answered
    }

    /// Runs until nothing overtakes it.
    async fn run_until_settled(
        self: &Arc<Self>,
        recorded: &Recorded<'_>,
        tx: Transaction,
    ) -> Answered {
        let mut tx = Some(tx);
        let mut turn = None;
        for attempt in 0..ATTEMPTS_MAX {
            let fresh = tx.take().unwrap_or_else(|| self.begin());
            recorded.leases().begin();
            let attempted = match attempt {
                0 => self.attempt(recorded, recorded.target(), fresh).await,
                _ => self.run_again(recorded, fresh).await,
            };
            match attempted {
                Ok(answered) => return Ok(answered),
                Err(Failed::Refused(refusal)) if refusal.kind == RefusalKind::WrongPlace => {
                    return self.run_on_primary(recorded, refusal).await;
                }
                Err(Failed::Refused(refusal)) => return Err(refusal),
                Err(Failed::Overtaken(number)) => {
                    self.committer.settled(number).await;
                    if attempt >= ATTEMPTS_AT_ONCE_MAX && turn.is_none() {
                        turn = Some(self.committer.turn().await);
                    }
                }
            }
        }
        Err(from_commit(&CommitError::Overtaken(0)))
    }

    /// Does a route say of itself that it runs on the primary, and is that another cluster?
    fn is_elsewhere(&self, target: Target<'_>) -> bool {
        target.route.placement == Placement::PrimaryCluster
            && !target.mount.0.local
            && self.replication.is_secondary()
    }

    /// Runs a request where what it writes is written. Nothing is left of its attempt here.
    async fn run_on_primary(
        self: &Arc<Self>,
        recorded: &Recorded<'_>,
        refusal: Refusal,
    ) -> Answered {
        let Some(secondary) = self.replication.secondary() else {
            return Err(refusal);
        };
        recorded.leases().begin();
        let (came, written) = forward::run(self, &secondary, recorded).await?;
        let said = match came.arrive()? {
            Arrived::Said(outcome, remarks) => (outcome, remarks),
            Arrived::Answer(mut answer) => {
                if let Answer::Raw(raw) = &mut answer
                    && let Ok(target) = recorded.target()
                    && matches!(target.mount.1, Engine::Component(_))
                {
                    keep_allowed(raw, &target.mount.0.config.allowed_response_headers);
                }
                let done = self.wrap_and_finish(recorded, self.begin(), answer).await;
                return self.noting(done, &secondary, written);
            }
        };
        let target = recorded.target()?;
        let Engine::Component(pinned) = &target.mount.1 else {
            return Err(Refusal::internal(
                "an engine of the host said what only components say",
            ));
        };
        // The primary checked it as well, unless it is not what it was.
        let manifest = pinned.component.manifest();
        plugin::check_said(manifest, target.found.route, &said.0)
            .map_err(|error| error.to_refusal())?;
        let mut tx = self.begin();
        let answer = call::answered(self, recorded, target, pinned, &mut tx, said).await?;
        let warnings = call::matched(recorded.request(), target)?.1;
        let answer = call::with_warnings(answer, warnings);
        let done = self.wrap_and_finish(recorded, tx, answer).await;
        self.noting(done, &secondary, written)
    }

    /// With what was written on the primary for it.
    fn noting(&self, done: Answered, secondary: &Secondary, written: Option<Written>) -> Answered {
        let (answer, index) = done?;
        let Some(Written {
            index: written,
            is_here,
        }) = written
        else {
            return Ok((answer, index));
        };
        let answer = match is_here {
            true => answer,
            false => not_here_yet(answer, written),
        };
        let here = index.unwrap_or_else(|| self.index_at(self.committer.index()));
        Ok((answer, Some(here.with_written(secondary, written))))
    }

    /// What is new in such a transaction was made for it, so that nothing overtakes it.
    async fn wrap_and_finish(
        self: &Arc<Self>,
        recorded: &Recorded<'_>,
        mut tx: Transaction,
        answer: Answer,
    ) -> Answered {
        let answer = wrapping::wrap_asked(self, &mut tx, recorded, answer)?;
        match self.finish(tx).await {
            Ok(index) => Ok((answer, index)),
            Err(Failed::Refused(refusal)) => Err(refusal),
            Err(Failed::Overtaken(_)) => Err(CallError::OvertakenOutside.to_refusal()),
        }
    }

    /// What was decided must still hold for a request that runs again. What overtook it may be
    /// another version of its mount's component, which is then what runs.
    async fn run_again(
        self: &Arc<Self>,
        recorded: &Recorded<'_>,
        mut tx: Transaction,
    ) -> Attempted {
        if let Some(caller) = recorded.caller() {
            caller.check_alive(self, &mut tx)?;
        }
        self.refresh().await?;
        let Ok(before) = recorded.target() else {
            return self.attempt(recorded, recorded.target(), tx).await;
        };
        let tables = self.tables();
        if tables.namespaces.with_id(before.namespace).is_none() {
            return Err(namespaces::not_found().into());
        }
        let mount = tables.with_id(before.namespace, before.mount.0.id);
        let gone = || no_handler(&recorded.place().path);
        let mount = mount.filter(|mount| !mount.0.is_going()).ok_or_else(gone)?;
        mount.1.ready().await?;
        let place = recorded.place().at(mount);
        let target = Routed::target(recorded.request(), &place)?;
        if !target.is_decided_as(&before) {
            let text = "mount was changed meanwhile, try again";
            return Err(Refusal::new(RefusalKind::Unavailable, text).into());
        }
        if let Some(existed) = recorded.existed() {
            let (same, exists) = self.exists(recorded.known(), target, tx).await?;
            if exists != existed {
                let text = "request was overtaken by another one, try again";
                return Err(Refusal::new(RefusalKind::Unavailable, text).into());
            }
            tx = same;
        }
        self.attempt(recorded, Ok(target), tx).await
    }

    async fn attempt(
        self: &Arc<Self>,
        recorded: &Recorded<'_>,
        target: Result<Target<'_>, Refusal>,
        tx: Transaction,
    ) -> Attempted {
        if recorded.request().operation == Operation::Help {
            return Ok((
                help::answer(recorded.place(), &self.parts.settings.version)?,
                None,
            ));
        }
        let target = target?;
        if self.is_elsewhere(target) {
            return Err(wrong_place().into());
        }
        let mut ran = match &target.mount.1 {
            Engine::Component(pinned) => {
                call::component(self, recorded, target, pinned, tx).await?
            }
            Engine::Native(native) => {
                namespaces::check_shared(recorded.place())?;
                let (validated, warnings) = call::validated(recorded.request(), target)?;
                let mut tx = tx;
                let mut ask = Ask {
                    node: self,
                    tx: &mut tx,
                    namespace: &recorded.place().namespace,
                    path: &recorded.place().path,
                    caller: recorded.caller(),
                    request: recorded.request(),
                    input: validated.input,
                    now: self.now(),
                    leases: recorded.leases(),
                    acted_outside: false,
                };
                let answer = native.handle(target.found.route, &mut ask).await?;
                let acted_outside = ask.acted_outside;
                Ran {
                    tx,
                    answer: call::with_warnings(answer, warnings),
                    acted_outside,
                }
            }
            Engine::Broken(reason) => return Err(Refusal::internal(reason.to_string()).into()),
        };
        if recorded.taken().is_none() {
            ran.answer = wrapping::wrap_asked(self, &mut ran.tx, recorded, ran.answer)?;
        }
        let namespace = &recorded.place().namespace;
        if !namespace.is_root() && !ran.tx.is_read_only() {
            // Nothing is to be written into a namespace that was deleted meanwhile.
            ran.tx.depend_on(&SystemKey::namespace(namespace.id));
        }
        match self.finish(ran.tx).await {
            Ok(index) => Ok((ran.answer, index)),
            Err(Failed::Overtaken(_)) if ran.acted_outside => {
                Err(CallError::OvertakenOutside.to_refusal().into())
            }
            Err(failed) => Err(failed),
        }
    }

    /// Commits what a request wrote. What is kept in memory follows before the answer goes out.
    async fn finish(self: &Arc<Self>, tx: Transaction) -> Result<Option<Index>, Failed> {
        if tx.is_read_only() {
            return Ok(None);
        }
        match self.commit(tx).await {
            Ok(index) => {
                if let Err(refusal) = self.refresh().await {
                    // The write is done. The next request tries again, and is told.
                    tracing::error!(reason = refusal.reason, "reading what changed");
                }
                Ok(index.map(|index| self.index_at(index)))
            }
            Err(CommitError::Overtaken(number)) => Err(Failed::Overtaken(number)),
            Err(error) => Err(from_commit(&error).into()),
        }
    }
}
