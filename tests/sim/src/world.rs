//! One run: the clusters of a seed, step by step, and what must hold.

use crate::clock::Virtual;
use crate::cluster::{Cluster, Surroundings};
use crate::components::{self, Components};
use crate::invariants::{Acked, Indexes, Seen, Watch, check_digests, check_entries};
use crate::net::Net;
use crate::oracle::{self, Write};
use crate::plant::Plant;
use crate::random::Random;
use crate::template::{NAMES, Template, runtime, template, text};
use base::NamespaceId;
use core::fmt;
use core::time::Duration;
use locality::Exclusion;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use storage::Storage;

/// How long clusters may take to agree once nothing is in their way.
const HEALS_WITHIN: Duration = Duration::from_secs(120);

/// A run in which something happened that must not.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What makes it happen again.
    pub seed: u64,
    /// The steps of the run.
    pub steps: u64,
    /// The bug that was put in.
    pub plant: Plant,
    /// At which step it was found; the number of steps for the liveness phase.
    pub found_at: u64,
    /// What it was.
    pub violations: Vec<String>,
    /// What was done, the last last.
    pub story: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "SEED={} STEPS={} (at step {})",
            self.seed, self.steps, self.found_at
        )?;
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        for violation in &self.violations {
            writeln!(f, "violated: {violation}")?;
        }
        Ok(())
    }
}

/// A run in which all went well, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// A sum over everything that happened: the same for the same seed.
    pub trace: u64,
    /// Frames that were sent between clusters.
    pub frames: u64,
    /// Entries in them.
    pub entries: u64,
    /// Writes that were answered.
    pub acked: u64,
    /// Pairs of keys that belong together.
    pub pairs: u64,
    /// Mounts of components that were made.
    pub mounts: u64,
    /// Those of them that belong to one cluster.
    pub local_mounts: u64,
    /// Mounts that were taken away.
    pub unmounts: u64,
    /// Times that a mount went over to another edition of its component.
    pub upgrades: u64,
}

/// A namespace that clients made.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    pub(crate) name: String,
    pub(crate) id: NamespaceId,
}

/// What a filter of a secondary comes to, as an operator expects it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) mode: Mode,
    pub(crate) out: BTreeSet<NamespaceId>,
}

/// How a filter treats namespaces that come later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As everything else: they travel.
    #[default]
    Deny,
    /// They do not.
    Allow,
}

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) around: Surroundings,
    pub(crate) clusters: BTreeMap<String, Cluster>,
    pub(crate) namespaces: Vec<Namespace>,
    /// By cluster.
    pub(crate) filters: BTreeMap<String, Filter>,
    /// How the primary calls each cluster.
    pub(crate) ids: BTreeMap<String, String>,
    pub(crate) shared: Acked,
    pub(crate) local: BTreeMap<String, Acked>,
    /// What clients keep of what they wrote.
    pub(crate) indexes: Indexes,
    /// What components there are; None in a run without.
    pub(crate) components: Option<Components>,
    pub(crate) acked: u64,
    pub(crate) serial: u64,
    /// Those whose disk is to fail.
    pub(crate) failing: BTreeSet<String>,
    pub(crate) story: Vec<String>,
}

/// Where the run of a seed begins.
fn beginning(seed: u64) -> &'static Template {
    match components::has_some(seed) {
        true => components::template(),
        false => template(),
    }
}

/// Runs a seed: so many steps with faults, then without.
///
/// # Errors
/// [`Failure`], which says how to see it again.
pub fn run(seed: u64, steps: u64, plant: Plant) -> Result<Report, Box<Failure>> {
    let _ = beginning(seed);
    let runtime = runtime();
    let outcome = runtime.block_on(async {
        let mut world = World::begin(seed, plant).await;
        let (found_at, violations) = world.play(steps).await;
        let report = world.report();
        if violations.is_empty() {
            return Ok(report);
        }
        Err(Box::new(Failure {
            seed,
            steps,
            plant,
            found_at,
            violations,
            story: core::mem::take(&mut world.story),
        }))
    });
    runtime.shutdown_background();
    outcome
}

impl World {
    async fn begin(seed: u64, plant: Plant) -> Self {
        let template = beginning(seed);
        let watch = Arc::new(Watch::default());
        let around = Surroundings {
            seed,
            plant,
            clock: Arc::new(Virtual::after(template.took + Duration::from_secs(1))),
            net: Net::new(Arc::clone(&watch), plant),
            watch,
            batches: Arc::default(),
            primary: Arc::new(Mutex::new(String::from("a"))),
        };
        let mut clusters = BTreeMap::new();
        for name in NAMES {
            let Some((dump, token)) = template.clusters.get(name) else {
                continue;
            };
            let mut cluster = Cluster::on(&around, name, dump);
            token.clone_into(&mut cluster.own_token);
            let unsealed = cluster.unseal(&template.share).await;
            unsealed.expect("the share opens each cluster");
            around.batches().already(&*cluster.storage.snapshot());
            clusters.insert(name.to_owned(), cluster);
        }
        Self {
            random: Random::new(seed, "world"),
            around,
            clusters,
            namespaces: Vec::new(),
            filters: BTreeMap::new(),
            ids: ["b", "c"]
                .map(|name| (name.to_owned(), name.to_owned()))
                .into(),
            shared: Acked::default(),
            local: BTreeMap::new(),
            indexes: Indexes::default(),
            components: components::has_some(seed).then(Components::default),
            acked: 0,
            serial: 0,
            failing: BTreeSet::new(),
            story: Vec::new(),
        }
    }

    /// All of a run. At which step something was found, and what.
    async fn play(&mut self, steps: u64) -> (u64, Vec<String>) {
        for step in 0..steps {
            self.step(step).await;
            self.look().await;
            let found = self.found();
            if !found.is_empty() {
                return (step, found);
            }
        }
        self.tell("liveness: all faults end");
        if let Err(why) = self.settle().await {
            return (steps, vec![why]);
        }
        (steps, self.found())
    }

    fn report(&self) -> Report {
        let watch = self.around.watch.lock();
        let of_components =
            |count: fn(&Components) -> u64| self.components.as_ref().map_or(0, count);
        Report {
            trace: watch.trace.sum,
            frames: watch.trace.frames,
            entries: watch.trace.entries,
            acked: self.acked,
            pairs: self.around.batches().count() as u64,
            mounts: of_components(|all| all.lives),
            local_mounts: of_components(|all| all.local),
            unmounts: of_components(|all| all.unmounts),
            upgrades: of_components(|all| all.upgrades),
        }
    }

    fn found(&self) -> Vec<String> {
        core::mem::take(&mut self.around.watch.lock().violations)
    }

    pub(crate) fn tell(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.around.watch.lock().trace.add(&what);
        self.story.push(what);
    }

    pub(crate) fn primary(&self) -> &Cluster {
        self.cluster(&self.around.primary())
    }

    pub(crate) fn cluster(&self, name: &str) -> &Cluster {
        self.clusters.get(name).expect("a cluster of this name")
    }

    /// Those that are not the primary.
    pub(crate) fn secondaries(&self) -> Vec<String> {
        let primary = self.around.primary();
        let all = self.clusters.keys().filter(|name| **name != primary);
        all.cloned().collect()
    }

    pub(crate) fn is_revoked(&self, name: &str) -> bool {
        self.around.watch.lock().revoked.is_revoked(name)
    }

    pub(crate) fn is_filtered(&self, name: &str) -> bool {
        self.filters
            .get(name)
            .is_some_and(|filter| filter.mode == Mode::Allow || !filter.out.is_empty())
    }

    /// What can be seen at any time.
    pub(crate) async fn look(&self) {
        for cluster in self.clusters.values() {
            let found = self
                .around
                .batches()
                .check(&cluster.name, &*cluster.storage.snapshot());
            found
                .into_iter()
                .for_each(|what| self.around.watch.violated(what));
        }
        for name in self.secondaries() {
            let cluster = self.cluster(&name);
            let status = cluster.status().await;
            // Before that its position may be one in the log of an earlier primary.
            if text(&status, "mode") != "secondary" || text(&status, "state") != "stream-wals" {
                continue;
            }
            let number = |member: &str| status.get(member).and_then(Value::as_u64).unwrap_or(0);
            let is_old = self.around.plant == Plant::PositionOld && self.random.once_in(20);
            let seen = Seen {
                generation: number("generation"),
                index: number("last_remote_wal").saturating_sub(u64::from(is_old)),
                life: cluster.life,
            };
            let primary = self.primary();
            let is_equal = seen.index == primary.kept.applied()
                && !self.was_ever_filtered(&name)
                && !self.is_revoked(&name);
            let mut watch = self.around.watch.lock();
            let mut found: Vec<String> = watch.applied.check(&name, seen).into_iter().collect();
            if is_equal {
                let (one, other) = (primary.storage.snapshot(), cluster.storage.snapshot());
                let names = (primary.name.as_str(), name.as_str());
                found.extend(check_digests(names, &*one, &*other));
            }
            watch.violations.extend(found);
        }
    }

    fn was_ever_filtered(&self, name: &str) -> bool {
        self.filters.contains_key(name)
    }

    /// Ends all faults, waits until all clusters agree, and looks at everything.
    pub(crate) async fn settle(&mut self) -> Result<(), String> {
        self.around.net.heal();
        self.mend().await;
        for name in self.secondaries() {
            if self.is_revoked(&name) {
                self.reissue(&name)
                    .await
                    .map_err(|why| format!("liveness: {why}"))?;
            }
        }
        let until = tokio::time::Instant::now() + HEALS_WITHIN;
        while let Some(why) = self.lags().await {
            if tokio::time::Instant::now() > until {
                return Err(format!("liveness: {why}"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.look().await;
        self.compare_entries();
        self.read_all().await;
        self.read_with_all_indexes().await;
        Ok(())
    }

    /// What is still to be waited for.
    async fn lags(&self) -> Option<String> {
        let head = self.primary().kept.applied();
        for name in self.secondaries() {
            let status = self.cluster(&name).status().await;
            let index = status.get("last_remote_wal").and_then(Value::as_u64);
            if text(&status, "state") != "stream-wals" || index != Some(head) {
                return Some(format!(
                    "{name} is not at entry {head} of its primary: {status:#}"
                ));
            }
        }
        None
    }

    fn compare_entries(&self) {
        let primary = self.primary();
        let one = primary.storage.snapshot();
        for name in self.secondaries() {
            let out = self.filters.get(&name).map(|filter| filter.out.clone());
            let exclusion = Exclusion {
                version: 0,
                namespaces: out.unwrap_or_default(),
                mounts: BTreeSet::new(),
            };
            let other = self.cluster(&name).storage.snapshot();
            let names = (primary.name.as_str(), name.as_str());
            let found = check_entries(names, &*one, &*other, &exclusion);
            found
                .into_iter()
                .for_each(|what| self.around.watch.violated(what));
        }
    }

    /// Reads what was written, on each cluster.
    async fn read_all(&self) {
        let admin = &template().admin;
        for cluster in self.clusters.values() {
            let is_out = |name: &str| self.is_out(&cluster.name, name);
            self.read_from(cluster, &self.shared, admin, is_out).await;
            if let Some(local) = self.local.get(&cluster.name) {
                self.read_from(cluster, local, &cluster.own_token, |_| false)
                    .await;
            }
        }
    }

    /// Is a cluster not to have a namespace?
    pub(crate) fn is_out(&self, cluster: &str, namespace: &str) -> bool {
        let out = self.filters.get(cluster).map(|filter| &filter.out);
        let mut all = self.namespaces.iter();
        let id = all.find(|one| one.name == namespace).map(|one| one.id);
        id.is_some_and(|id| out.is_some_and(|out| out.contains(&id)))
    }

    /// Who was answered in time reads what it wrote where it wrote it.
    pub(crate) async fn read_own(&self, name: &str, write: &Write) {
        if self.is_out(name, &write.namespace) {
            return;
        }
        let (acked, token) = match (write.kind, self.local.get(name)) {
            (kind, Some(local)) if kind.is_local() => (local, &self.cluster(name).own_token),
            _ => (&self.shared, &template().admin),
        };
        let place = write.place();
        self.read_place(self.cluster(name), acked, token, &place)
            .await;
    }

    /// Does the path lead to a local mount on this cluster, and the place is below a shared one?
    fn is_elsewhere(&self, cluster: &str, place: &str) -> bool {
        self.owner(place).is_none() && self.is_behind(cluster, place)
    }

    async fn read_place(&self, cluster: &Cluster, acked: &Acked, token: &str, place: &str) {
        let Some((kind, operation, path)) = oracle::reading(place) else {
            return;
        };
        let read = cluster.ask(token, operation, &path, Value::Null).await;
        let found = read.ok().and_then(|answer| oracle::value_in(kind, &answer));
        if !self.is_in_reach(kind) {
            if let Some(found) = found {
                let text = format!(
                    "local_never_leaves_cluster: {place} is {found:?} to a version that has no such place"
                );
                self.around.watch.violated(text);
            }
            return;
        }
        let wrong = acked.check(&cluster.name, place, found.as_deref());
        wrong
            .into_iter()
            .for_each(|what| self.around.watch.violated(what));
    }

    async fn read_from(
        &self,
        cluster: &Cluster,
        acked: &Acked,
        token: &str,
        is_out: impl Fn(&str) -> bool,
    ) {
        for place in acked.places() {
            let namespace = place.split('|').nth(1).unwrap_or_default();
            if !is_out(namespace) && !self.is_elsewhere(&cluster.name, place) {
                self.read_place(cluster, acked, token, place).await;
            }
        }
    }
}

impl Surroundings {
    pub(crate) fn batches(&self) -> std::sync::MutexGuard<'_, crate::invariants::Batches> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
