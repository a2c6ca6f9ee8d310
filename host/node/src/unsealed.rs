//! What a node has while it is unsealed. Dropping it drops the keys.

use crate::acls::Acls;
use crate::builtins::Builtins;
use crate::ceremonies::Ceremonies;
use crate::commit::{CommitError, Committer};
use crate::components::Components;
use crate::devices::Devices;
use crate::engine::Engine;
use crate::expire::Expirer;
use crate::init::Cluster;
use crate::keys::Keys;
use crate::mfa::Waiting;
use crate::own_work::{OwnWork, Started};
use crate::parts::Parts;
use crate::people::People;
use crate::quotas::Quotas;
use crate::refusal::{from_barrier, from_commit, is_fatal};
use crate::removal::Removals;
use crate::replication::follower::Follower;
use crate::replication::joining::Wish;
use crate::replication::{Replication, Role, exclusions, shelved};
use crate::searches::Searches;
use crate::sys::remount::Moves;
use crate::tables::{self, Tables};
use crate::{declared, defaults, expire, namespaces, run, sys, versions};
use access::{IndexKey, Token, TokenSalt};
use barrier::{Commit, Transaction};
use base::{CrossOrigin, MountId, NamespaceId, Refusal, Timestamp, chain};
use locality::{Class, PhysicalKey, Shelf, SystemKey};
use policy::Acl;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// An unsealed node.
pub(crate) struct Unsealed {
    pub(crate) parts: Arc<Parts>,
    pub(crate) keys: Keys,
    pub(crate) committer: Committer,
    pub(crate) salt: TokenSalt,
    pub(crate) cluster: Cluster,
    /// Of what clients keep to read their own writes, once it was needed.
    pub(crate) index_key: OnceLock<IndexKey>,
    pub(crate) acls: Acls,
    pub(crate) people: People,
    pub(crate) builtins: Builtins,
    pub(crate) quotas: Quotas,
    pub(crate) lockouts: gate::Lockouts,
    pub(crate) mfa_attempts: gate::Attempts,
    pub(crate) waiting: Waiting,
    pub(crate) components: Components,
    pub(crate) ceremonies: Ceremonies,
    pub(crate) devices: Devices,
    /// Which web pages may ask.
    cross_origin: RwLock<Option<Arc<CrossOrigin>>>,
    pub(crate) moves: Moves,
    pub(crate) searches: Searches,
    /// When it was unsealed.
    pub(crate) since: Timestamp,
    tables: RwLock<Arc<Tables>>,
    /// The count of changes up to which `tables` are current.
    current: AtomicU64,
    refreshing: tokio::sync::Mutex<()>,
    seal_wanted: AtomicBool,
    /// What the cluster is to become.
    pub(crate) wish: Wish,
    expirer: Expirer,
    pub(crate) replication: Replication,
    pub(crate) follower: Follower,
    pub(crate) own_work: OwnWork,
    pub(crate) removals: Removals,
    /// Namespaces that were deleted.
    pub(crate) leaving: namespaces::Removals,
}

impl Unsealed {
    /// Loads what a node keeps in memory, and begins the work in the background.
    pub(crate) async fn open(parts: Arc<Parts>, keys: Keys) -> Result<Arc<Self>, Refusal> {
        let committer = Committer::new(Arc::clone(&parts.storage), Arc::clone(&parts.journal));
        let mut tx = committer.begin(keys.ring(), Arc::clone(&parts.entropy));
        let missing = |what: &str| Refusal::internal(format!("the storage has no {what}"));
        let salt = tx.get(&SystemKey::token_salt()).map_err(from_barrier)?;
        let salt = TokenSalt::new(salt.ok_or_else(|| missing("token salt"))?.expose());
        let cluster: Option<Cluster> = tx.read_json(&SystemKey::cluster()).map_err(from_barrier)?;
        let cluster = cluster.ok_or_else(|| missing("cluster id"))?;
        let role = Role::load(&mut tx, parts.clock.now())?;
        if matches!(role, Role::Secondary(_)) {
            committer.fence().keep();
        }
        let unsealed = Arc::new(Self {
            builtins: Builtins::default(),
            components: Components::default(),
            ceremonies: Ceremonies::default(),
            devices: Devices::default(),
            cross_origin: RwLock::default(),
            moves: Moves::default(),
            searches: Searches::default(),
            since: parts.clock.now(),
            parts,
            keys,
            replication: Replication::of(role),
            follower: Follower::default(),
            committer,
            salt,
            index_key: OnceLock::new(),
            cluster,
            acls: Acls::default(),
            people: People::default(),
            quotas: Quotas::default(),
            lockouts: gate::Lockouts::default(),
            mfa_attempts: gate::Attempts::default(),
            waiting: Waiting::default(),
            tables: RwLock::default(),
            current: AtomicU64::new(0),
            refreshing: tokio::sync::Mutex::new(()),
            seal_wanted: AtomicBool::new(false),
            wish: Wish::default(),
            expirer: Expirer::default(),
            own_work: OwnWork::default(),
            removals: Removals::default(),
            leaving: namespaces::Removals::default(),
        });
        if unsealed.replication.joining().is_none()
            // Somebody went back, and did not come to the end of it. It is only room.
            && let Err(refusal) = shelved::clear(&unsealed, Shelf::Coming).await
        {
            tracing::warn!(reason = refusal.reason, "clearing what came from a primary");
        }
        defaults::complete(&unsealed).await?;
        declared::reconcile(&unsealed).await?;
        versions::note(&unsealed).await?;
        unsealed.load().await?;
        unsealed.expirer.start(&unsealed);
        unsealed.follower.restart(&unsealed).await;
        Ok(unsealed)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// A transaction on the state as it is now.
    pub(crate) fn begin(&self) -> Transaction {
        self.committer
            .begin(self.keys.ring(), Arc::clone(&self.parts.entropy))
    }

    /// Commits a transaction of the node's own and takes note of what it changed.
    pub(crate) async fn commit(
        self: &Arc<Self>,
        mut tx: Transaction,
    ) -> Result<Option<u64>, CommitError> {
        let applied = || {
            let moment = self.parts.storage.snapshot();
            let applied = journal::applied_at(&*moment);
            applied.map_err(|error| Refusal::internal(chain(&error)))
        };
        exclusions::follow(&mut tx, applied).map_err(CommitError::Refused)?;
        self.commit_gathered(tx.finish().map_err(CommitError::Seal)?)
            .await
    }

    /// As [`commit`](Self::commit), of what a transaction has handed over already.
    pub(crate) async fn commit_gathered(
        self: &Arc<Self>,
        commit: Commit,
    ) -> Result<Option<u64>, CommitError> {
        if !commit.batch.ops.is_empty() {
            self.vouch().await?;
        }
        self.commit_sealed(commit).await
    }

    /// Commits what is sealed already, and counted.
    pub(crate) async fn commit_sealed(&self, commit: Commit) -> Result<Option<u64>, CommitError> {
        let (begun, is_write) = (self.parts.clock.elapsed(), !commit.batch.ops.is_empty());
        let has_ends = expire::has_ends(&commit.batch);
        let committed = self.committer.commit(commit).await;
        if has_ends && committed.is_ok() {
            // Not before: it would look, find nothing, and sleep.
            self.expirer.wake();
        }
        if is_write {
            let took = self.parts.clock.elapsed().saturating_sub(begun);
            self.parts.meters.commits.record(took);
        }
        if let Err(error @ CommitError::Journal(fatal)) = &committed
            && is_fatal(fatal)
        {
            tracing::error!(reason = chain(error), "the log took no write, sealing");
            self.want_seal();
        }
        committed
    }

    /// Runs a transaction of the node's own until nothing overtakes it.
    pub(crate) async fn transact<T>(
        self: &Arc<Self>,
        mut act: impl FnMut(&mut Transaction) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        for _ in 0..run::ATTEMPTS_MAX {
            let mut tx = self.begin();
            let value = act(&mut tx)?;
            match self.commit(tx).await {
                Ok(_) => {
                    self.refresh().await?;
                    return Ok(value);
                }
                Err(CommitError::Overtaken(number)) => self.committer.settled(number).await,
                Err(error) => return Err(from_commit(&error)),
            }
        }
        Err(from_commit(&CommitError::Overtaken(0)))
    }

    /// What the policies of a token itself allow; for a token that stands for somebody, ask
    /// [`rights_of`](Self::rights_of).
    pub(crate) fn acl_of(&self, token: &Token) -> Result<Arc<Acl>, Refusal> {
        let tables = self.tables();
        let Some(namespace) = tables.namespaces.with_id(token.namespace) else {
            return Err(Refusal::denied());
        };
        self.acls.of(
            || self.begin(),
            &self.parts.changes,
            namespace,
            &token.policies,
        )
    }

    /// Looks again for what ends next.
    pub(crate) fn wake_expirer(&self) {
        self.expirer.wake();
    }

    pub(crate) fn tables(&self) -> Arc<Tables> {
        Arc::clone(&self.tables.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads everything that is kept in memory.
    async fn load(self: &Arc<Self>) -> Result<(), Refusal> {
        let count = self.parts.changes.count();
        drop(self.parts.changes.take());
        let mut tx = self.begin();
        let mut tables = Tables::default();
        for namespace in tables::stored_namespaces(&mut tx)? {
            tables.namespaces.insert(namespace);
        }
        let ids = core::iter::once(NamespaceId::ROOT).chain(tables.namespaces.ids());
        for namespace in ids.collect::<Vec<_>>() {
            for entry in tables::stored_mounts(&mut tx, namespace)? {
                let engine = self.engine(&mut tx, namespace, &entry).await;
                tables.put(namespace, entry, engine);
            }
        }
        self.devices.load(&mut tx)?;
        self.load_cross_origin(&mut tx)?;
        self.quotas.load(&mut tx)?;
        *self.tables.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tables);
        self.current.store(count, Ordering::Release);
        Ok(())
    }

    /// Brings what is kept in memory up to date with what was applied. Costs one comparison when
    /// nothing changed.
    pub(crate) async fn refresh(self: &Arc<Self>) -> Result<(), Refusal> {
        if self.is_current() {
            return Ok(());
        }
        let _refreshing = self.refreshing.lock().await;
        if self.committer.is_closed() {
            // The changes are those of whoever unsealed the node since.
            return Ok(());
        }
        let count = self.parts.changes.count();
        let keys = self.parts.changes.take();
        let mut tx = self.begin();
        let mut tables = Tables::clone(&self.tables());
        for key in &keys {
            self.acls.forget(key);
            self.people.forget(key);
            if let Err(refusal) = self.follow(&mut tx, &mut tables, key).await {
                self.parts.changes.put_back(keys);
                return Err(refusal);
            }
        }
        *self.tables.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tables);
        self.current.store(count, Ordering::Release);
        if keys.iter().any(|key| namespaces::id_of(key).is_some()) {
            self.leaving.resume(self);
        }
        self.removals.resume_moves(self);
        Ok(())
    }

    /// Is what is kept in memory up to date?
    pub(crate) fn is_current(&self) -> bool {
        self.parts.changes.count() == self.current.load(Ordering::Acquire)
    }

    async fn follow(
        self: &Arc<Self>,
        tx: &mut Transaction,
        tables: &mut Tables,
        key: &PhysicalKey,
    ) -> Result<(), Refusal> {
        let namespace = key.namespace();
        if let Some(id) = tables::mount_of(key) {
            let entry: Option<mount::MountEntry> = match tx.read_json(key) {
                Ok(entry) => entry,
                Err(error) => {
                    // One entry that does not open must not stop the others.
                    tracing::error!(?key, reason = chain(&error), "a mount's entry is damaged");
                    None
                }
            };
            match entry {
                Some(entry) => {
                    let engine = self.engine(tx, namespace, &entry).await;
                    tables.put(namespace, entry, engine);
                }
                None => {
                    self.own_work.forget(id);
                    tables.drop_mount(namespace, id);
                    if key.class() == Class::Replicated && self.replication.is_secondary() {
                        self.removals.sweep(self, namespace, id);
                    }
                }
            }
        } else if let Some(id) = namespaces::id_of(key) {
            match tx.read_json(key).map_err(from_barrier)? {
                Some(namespace) => tables.namespaces.insert(namespace),
                None => {
                    if self.replication.is_secondary() {
                        let mounts = tables.of(id).into_iter().flat_map(mount::Table::iter);
                        for mount in mounts {
                            self.removals.sweep(self, id, mount.0.id);
                        }
                        self.removals.sweep(self, id, MountId::SYSTEM);
                    }
                    tables.drop_namespace(id);
                    self.acls.forget_namespace(id);
                    self.people.forget_namespace(id);
                }
            }
        } else if key.path().starts_with("core/audit/")
            || key.path().starts_with("core/local-audit/")
        {
            self.devices.load(tx)?;
        } else if key.path() == SystemKey::audited_headers().physical().path() {
            self.devices.load_headers(tx)?;
        } else if key.path() == SystemKey::cross_origin().physical().path() {
            self.load_cross_origin(tx)?;
        } else if key.path().starts_with("sys/quotas/") {
            self.quotas.load(tx)?;
        }
        Ok(())
    }

    fn load_cross_origin(&self, tx: &mut Transaction) -> Result<(), Refusal> {
        let rules = sys::config::stored_cross_origin(tx)?.map(Arc::new);
        let kept = self.cross_origin.write();
        *kept.unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// Which web pages may ask; None for none.
    pub(crate) fn cross_origin(&self) -> Option<Arc<CrossOrigin>> {
        let kept = self.cross_origin.read();
        kept.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What runs a mount. A component that cannot be loaded breaks its mount and nothing else.
    async fn engine(
        self: &Arc<Self>,
        tx: &mut Transaction,
        namespace: NamespaceId,
        entry: &mount::MountEntry,
    ) -> Engine {
        if entry.is_hosts_own() {
            return Engine::native(entry, self.parts.meters.times_of(namespace, entry.id));
        }
        match self.components.pin(self, tx, namespace, entry).await {
            Ok(mut pinned) if pinned.component.manifest().starts && !entry.is_going() => {
                let (opening, started) = Started::once_opened();
                pinned.started = started;
                let pinned = Arc::new(pinned);
                self.own_work
                    .start(self, namespace, entry, &pinned, opening);
                Engine::Component(pinned)
            }
            Ok(pinned) => Engine::Component(Arc::new(pinned)),
            Err(refusal) => {
                let reason = format!("{}: {}", refusal.message, refusal.reason);
                tracing::error!(mount = %entry.path, reason, "mount has nothing to run it");
                Engine::Broken(reason.into())
            }
        }
    }

    /// Asks to be sealed once the request that wants it is answered.
    pub(crate) fn want_seal(&self) {
        self.seal_wanted.store(true, Ordering::Release);
    }

    pub(crate) fn wants_seal(&self) -> bool {
        self.seal_wanted.load(Ordering::Acquire)
    }

    /// Ends it: no commit is taken from now on, and nothing goes on in the background.
    pub(crate) async fn stop(&self) {
        self.committer.close();
        self.follower.stop().await;
        if let Some(primary) = self.replication.primary() {
            primary.end();
        }
        self.expirer.stop().await;
        self.searches.stop().await;
        drop(self.refreshing.lock().await);
        self.own_work.stop().await;
        self.replication.upkeep.stop().await;
        self.leaving.stop().await;
        self.removals.stop().await;
        // Last of all: nothing seals any more.
        self.count_exactly().await;
    }

    pub(crate) fn reopen_audit_files(&self) {
        self.devices.reopen();
    }
}
