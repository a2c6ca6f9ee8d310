//! Quotas: how often clients may ask, and how many leases there may be. Their definitions are entries
//! of the root namespace; what is counted is memory of this node.

mod lease_count;
mod rate;
mod roles;
mod stored;

pub(crate) use lease_count::{Room, count, full};
pub(crate) use rate::Limited;
pub(crate) use roles::can_be_asked;
pub(crate) use stored::{
    Config, Kind, Limit, Quota, find, forget_mount, forget_namespace, store_config, stored_config,
};

use barrier::Transaction;
use base::{NamespaceId, Refusal, RequestPath};
use gate::{Exempt, LeaseCount, Rules, Target, Windows};
use mount::{Namespace, Namespaces};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// All quotas, and what is counted under them.
#[derive(Default)]
pub(crate) struct Quotas {
    limits_rates: AtomicBool,
    limits_leases: AtomicBool,
    current: RwLock<Arc<Current>>,
    windows: Windows,
    /// Under which number the next quota counts.
    next: AtomicU64,
}

/// The quotas as they are now.
#[derive(Default)]
struct Current {
    config: Config,
    exempt: Exempt,
    exempt_everywhere: Exempt,
    rates: Vec<Arc<Counting>>,
    rate_rules: Rules,
    leases: Vec<Arc<Counting>>,
    lease_rules: Rules,
}

/// A quota and what it counts.
struct Counting {
    quota: Quota,
    /// Under what its windows are known.
    number: u64,
    leases: LeaseCount,
}

impl Quotas {
    /// Is there a rate limit?
    pub(crate) fn limits_rates(&self) -> bool {
        self.limits_rates.load(Ordering::Acquire)
    }

    /// Is there a limit on leases?
    pub(crate) fn limits_leases(&self) -> bool {
        self.limits_leases.load(Ordering::Acquire)
    }

    /// Reads all of them. Those that did not change count on.
    pub(crate) fn load(&self, tx: &mut Transaction) -> Result<(), Refusal> {
        let before = self.current();
        let config = stored::stored_config(tx)?;
        let (rates, rate_rules) = self.kept(tx, Kind::Rate, &before.rates)?;
        let (leases, lease_rules) = self.kept(tx, Kind::Leases, &before.leases)?;
        let (limits_rates, limits_leases) = (!rate_rules.is_empty(), !lease_rules.is_empty());
        let current = Current {
            exempt: Exempt::new(&config.exempt_paths),
            exempt_everywhere: Exempt::new(&config.absolute_exempt_paths),
            config,
            rates,
            rate_rules,
            leases,
            lease_rules,
        };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(current);
        self.limits_rates.store(limits_rates, Ordering::Release);
        self.limits_leases.store(limits_leases, Ordering::Release);
        Ok(())
    }

    fn kept(
        &self,
        tx: &mut Transaction,
        kind: Kind,
        before: &[Arc<Counting>],
    ) -> Result<(Vec<Arc<Counting>>, Rules), Refusal> {
        let quotas = stored::stored(tx, kind)?;
        let targets: Vec<Target> = quotas.iter().map(Quota::target).collect();
        let counting = quotas.into_iter().map(|quota| {
            let same = before.iter().find(|one| one.quota == quota);
            let new = || {
                Arc::new(Counting {
                    quota: quota.clone(),
                    number: self.next.fetch_add(1, Ordering::Relaxed),
                    leases: LeaseCount::default(),
                })
            };
            same.map_or_else(new, Arc::clone)
        });
        Ok((counting.collect(), Rules::new(&targets)))
    }

    fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A namespace and those around it, the root last.
fn and_around(namespaces: &Namespaces, namespace: &Namespace) -> Vec<NamespaceId> {
    let path = namespace.path.trim_end_matches('/');
    let around = path.match_indices('/').filter_map(|(end, _)| {
        let outer = RequestPath::parse(path.get(..end)?).ok()?.into_folder();
        let (found, rest) = namespaces.resolve("", &outer)?;
        rest.as_str().is_empty().then_some(found.id)
    });
    let mut ids: Vec<NamespaceId> = around.collect();
    ids.insert(0, NamespaceId::ROOT);
    if namespace.id != NamespaceId::ROOT {
        ids.push(namespace.id);
    }
    ids.reverse();
    ids
}
