//! A node: sealed or unsealed, and what can be asked of it in either state.

use crate::init::{InitRequest, Initialized};
use crate::keys::{self, Keys};
use crate::parts::Parts;
use crate::quotas::Limited;
use crate::replication::enable::{self, Becoming};
use crate::run::Answered;
use crate::status;
use crate::unsealed::Unsealed;
use base::{CrossOrigin, Refusal, RefusalKind, Reply, Request};
use locality::SystemKey;
use seal::{Key, SealConfig, Share, Submitted, UnsealProgress, ValidThreshold};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

/// One server of a cluster.
pub struct Node {
    parts: Arc<Parts>,
    phase: RwLock<Phase>,
    /// Seal, unseal and initialisation come one after the other.
    changing: tokio::sync::Mutex<()>,
    /// For what goes on when nobody asks.
    itself: Weak<Self>,
}

/// Keys are in memory only in the unsealed phase: to seal is to drop it.
#[derive(Clone)]
pub(crate) enum Phase {
    Sealed(Arc<Mutex<Option<UnsealProgress>>>),
    Unsealed(Arc<Unsealed>),
}

impl Node {
    /// A sealed node on these parts.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new_cyclic(|itself| Self {
            parts: Arc::new(parts),
            phase: RwLock::new(Phase::sealed()),
            changing: tokio::sync::Mutex::new(()),
            itself: Weak::clone(itself),
        })
    }

    /// Answers one request.
    pub async fn handle(&self, request: Request) -> Reply {
        let meters = &self.parts.meters;
        let listed = meters.in_flight.begin(&request, self.parts.clock.now());
        let limited = match self.unsealed() {
            Some(unsealed) if unsealed.quotas.limits_rates() => unsealed.limit_rate(&request).await,
            _ => Limited::default(),
        };
        let done = match limited.refusal {
            Some(refusal) => Err(refusal),
            None => self.answer(&request).await,
        };
        drop(listed);
        let (outcome, index) = match done {
            Ok((answer, index)) => (Ok(answer), index),
            Err(refusal) => (Err(refusal), None),
        };
        let index = index.and_then(|index| self.unsealed()?.index_token(index));
        if let Err(refusal) = &outcome
            && !refusal.reason.is_empty()
        {
            tracing::warn!(request_id = request.id, path = %request.path, reason = refusal.reason, "request failed");
        }
        Reply {
            request_id: request.id,
            outcome,
            index,
            rate: limited.report,
        }
    }

    async fn answer(&self, request: &Request) -> Answered {
        if let Some(answer) = status::answer(self, request).await {
            return answer.map(|answer| (answer, None));
        }
        let Some(unsealed) = self.unsealed() else {
            return status::while_sealed(request).map(|answer| (answer, None));
        };
        unsealed.check_session(request)?;
        let answered = unsealed.handle(request).await;
        if unsealed.wants_seal() {
            self.seal_if(&unsealed).await;
        }
        answered
    }

    pub(crate) fn is_sealed() -> Refusal {
        Refusal::new(RefusalKind::Sealed, "Vault is sealed")
    }

    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn unsealed(&self) -> Option<Arc<Unsealed>> {
        match self.phase() {
            Phase::Unsealed(unsealed) => Some(unsealed),
            Phase::Sealed(_) => None,
        }
    }

    /// Goes over to an unsealed node, and waits for what it may be to become.
    fn open(&self, unsealed: Arc<Unsealed>) {
        let (itself, mut settled) = (Weak::clone(&self.itself), unsealed.wish.settled());
        let waits_for = Arc::downgrade(&unsealed);
        // Ends with the unsealed node, which it does not hold.
        tokio::spawn(async move {
            while settled.wait_for(|is_settled| *is_settled).await.is_ok() {
                let (Some(node), Some(unsealed)) = (itself.upgrade(), waits_for.upgrade()) else {
                    return;
                };
                node.become_secondary(&unsealed).await;
            }
        });
        self.enter(Phase::Unsealed(unsealed));
    }

    fn enter(&self, phase: Phase) {
        *self.phase.write().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    /// How the root key is sealed; None before initialization.
    pub(crate) fn seal_config(&self) -> Result<Option<SealConfig>, Refusal> {
        keys::seal_config(&self.parts)
    }

    /// Makes the keys of a new cluster, its first token and its first mounts: one batch, or nothing.
    ///
    /// # Errors
    /// When it was done before, when the shares cannot be, and when the storage fails.
    pub async fn initialize(&self, request: InitRequest) -> Result<Initialized, Refusal> {
        self.initialize_telling(request, |_, made| Ok(made)).await
    }

    /// As [`initialize`](Self::initialize), and `tell` says what is made of the keys before anything is
    /// stored.
    pub(crate) async fn initialize_telling<T>(
        &self,
        request: InitRequest,
        tell: impl FnOnce(ValidThreshold, Initialized) -> Result<T, Refusal> + Send,
    ) -> Result<T, Refusal> {
        let _changing = self.changing.lock().await;
        let threshold = ValidThreshold::new(request.shares, request.threshold);
        let threshold = threshold.map_err(|error| Refusal::invalid(error.to_string()))?;
        if self.seal_config()?.is_some() {
            return Err(Refusal::invalid("Vault is already initialized"));
        }
        let tell = |made| tell(threshold, made);
        crate::init::initialize(&self.parts, threshold, request, tell).await
    }

    /// Takes one share of the key; unseals once there are enough.
    ///
    /// # Errors
    /// When the share cannot be one, and when the shares together are not the key.
    pub async fn submit_share(&self, share: Share) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let Phase::Sealed(progress) = self.phase() else {
            return Ok(());
        };
        let config = self.seal_config()?;
        let config = config.ok_or_else(|| Refusal::invalid("Vault is not initialized"))?;
        let submitted = {
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            let progress = progress.get_or_insert_with(|| UnsealProgress::new(config.threshold));
            progress.submit(share, self.parts.entropy.as_ref())
        };
        match submitted.map_err(|error| Refusal::invalid(error.to_string()))? {
            Submitted::Progress(_) => Ok(()),
            Submitted::Combined(key) => self.unseal(key).await,
        }
    }

    /// Follows another cluster from now on, unless somebody went back. What this one held goes;
    /// meanwhile it is sealed.
    async fn become_secondary(&self, unsealed: &Arc<Unsealed>) {
        let _changing = self.changing.lock().await;
        let Some(becoming) = unsealed.wish.begin() else {
            return;
        };
        let current = self.unsealed();
        if !current.is_some_and(|current| Arc::ptr_eq(&current, unsealed)) {
            // Sealed meanwhile: it begins anew when it is unsealed.
            return;
        }
        self.enter(Phase::sealed());
        unsealed.stop().await;
        match self.open_secondary(&becoming).await {
            Ok(unsealed) => {
                self.open(unsealed);
                tracing::info!("this cluster is a performance secondary now");
            }
            Err(refusal) => tracing::error!(
                message = refusal.message,
                reason = refusal.reason,
                "becoming a secondary failed, unseal with the primary's shares to go on"
            ),
        }
    }

    async fn open_secondary(&self, becoming: &Becoming) -> Result<Arc<Unsealed>, Refusal> {
        enable::begin(&self.parts, becoming).await?;
        let shared = &becoming.shared;
        let keys = Keys::new(shared.ring()?, shared.root(), shared.wrapping());
        Unsealed::open(Arc::clone(&self.parts), keys).await
    }

    async fn unseal(&self, key: Key) -> Result<(), Refusal> {
        let missing = || Refusal::internal("the storage has a seal but no keys");
        let wrapped =
            keys::unsealed_entry(&self.parts, &SystemKey::root_key())?.ok_or_else(missing)?;
        let root = seal::unwrap_root_key(&key, &wrapped);
        let root = root.map_err(|error| Refusal::invalid(error.to_string()))?;
        let keyring =
            keys::unsealed_entry(&self.parts, &SystemKey::keyring())?.ok_or_else(missing)?;
        let keyring = barrier::Keyring::open_with(&keyring, &root)
            .map_err(|error| Refusal::internal(error.to_string()))?;
        enable::go_on(&self.parts).await?;
        let unsealed =
            Unsealed::open(Arc::clone(&self.parts), Keys::new(keyring, root, key)).await?;
        self.open(unsealed);
        tracing::info!("unsealed");
        Ok(())
    }

    /// Forgets the shares that came so far.
    ///
    /// # Errors
    /// When the node is unsealed.
    pub(crate) fn reset_progress(&self) -> Result<(), Refusal> {
        let Phase::Sealed(progress) = self.phase() else {
            return Err(Refusal::invalid("vault is unsealed"));
        };
        *progress.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// Which web pages may ask; None for none, and while sealed.
    pub fn cross_origin(&self) -> Option<Arc<CrossOrigin>> {
        self.unsealed()?.cross_origin()
    }

    /// Drops the keys. Requests under way can read what they hold, and commit nothing any more.
    pub async fn seal(&self) {
        if let Some(unsealed) = self.unsealed() {
            self.seal_if(&unsealed).await;
        }
    }

    /// Seals, unless that was done, and the node unsealed anew, since.
    async fn seal_if(&self, unsealed: &Arc<Unsealed>) {
        let _changing = self.changing.lock().await;
        if self
            .unsealed()
            .is_some_and(|current| Arc::ptr_eq(&current, unsealed))
        {
            self.enter(Phase::sealed());
            unsealed.stop().await;
            tracing::info!("sealed");
        }
    }

    /// Opens the files of audit devices anew, after they were rotated.
    pub fn reopen_audit_files(&self) {
        if let Some(unsealed) = self.unsealed() {
            unsealed.reopen_audit_files();
        }
    }

    /// Stops background work, for the end of the process.
    pub async fn stop(&self) {
        self.seal().await;
    }
}

impl Phase {
    fn sealed() -> Self {
        Self::Sealed(Arc::new(Mutex::new(None)))
    }
}
