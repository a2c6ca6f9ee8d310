//! What happens in one step: clients ask, something goes wrong meanwhile, the answers come.

use crate::cluster::Refused;
use crate::invariants::{CANARY, Wrote};
use crate::log::Bound;
use crate::mounts::Clients;
use crate::net::{Way, WayState};
use crate::oracle::{Kind, Write};
use crate::template::template;
use crate::world::{Mode, Namespace, World};
use base::NamespaceId;
use base::Operation::Update;
use core::time::Duration;
use locality::SystemKey;
use serde_json::json;
use storage::{Fault, Space, Storage};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// More namespaces are not made.
const NAMESPACES_MAX: usize = 3;

/// A secondary does not wait longer for what it had the primary write: who was answered later may
/// not find it there yet.
const OWN_WRITE_WAIT: Duration = Duration::from_secs(2);

/// A write on its way.
struct Asked {
    cluster: String,
    write: Write,
    answer: JoinHandle<(Result<Option<String>, Refused>, Duration)>,
}

impl World {
    /// One step.
    pub(crate) async fn step(&mut self, number: u64) {
        let count = self.random.below(3);
        if number > 4 && self.random.once_in(60) {
            self.hand_over().await;
        }
        if self.components.is_some() && self.random.once_in(12) {
            self.other_edition().await;
        }
        if self.components.is_some() && self.random.once_in(10) {
            self.change_a_mount(Clients::Wait).await;
        }
        let mut asked: Vec<Asked> = Vec::new();
        for _ in 0..count {
            let one = self.begin_write(&asked);
            asked.extend(one);
        }
        // Now and then nobody stops for it.
        if number > 4 && self.random.once_in(120) {
            self.hand_over().await;
        }
        self.sleep(12).await;
        self.happens().await;
        for one in asked {
            self.take_answer(one).await;
        }
        self.revive().await;
        self.read_with_an_index().await;
        self.sleep(60).await;
    }

    async fn sleep(&self, millis: u64) {
        tokio::time::sleep(Duration::from_millis(self.random.below(millis))).await;
    }

    /// None where somebody else writes there at this moment: of two at once either may be the last.
    fn begin_write(&mut self, others: &[Asked]) -> Option<Asked> {
        let names: Vec<String> = self.clusters.keys().cloned().collect();
        let mut cluster = self.random.pick(&names).cloned().unwrap_or_default();
        let write = self.some_write();
        let place = write.place();
        if others.iter().any(|other| other.write.place() == place) {
            return None;
        }
        if write.kind == Kind::Released {
            // A secondary may not have the version yet that shares it.
            cluster = self.around.primary();
        }
        let (operation, path, data) = write.request();
        if let Some(owner) = self.owner(&write.name) {
            cluster = owner;
        } else if write.kind == Kind::Shared && self.is_behind(&cluster, &write.name) {
            cluster = self.around.primary();
        }
        let there = self.cluster(&cluster);
        let token = match write.kind {
            kind if kind.is_local() => there.own_token.clone(),
            _ => template().admin.clone(),
        };
        let asking = there.writing(&token, operation, &path, data);
        let answer = tokio::spawn(async move {
            let began = Instant::now();
            let answered = asking.await.map(|(_, index)| index);
            (answered, began.elapsed())
        });
        // From now on nobody knows which of both is there.
        self.indexes.note(&write.place(), None);
        self.note(&cluster, &write, Wrote::Maybe);
        self.tell(format!(
            "{cluster} is to write {} = {}",
            write.place(),
            write.value
        ));
        Some(Asked {
            cluster,
            write,
            answer,
        })
    }

    fn some_write(&mut self) -> Write {
        self.serial += 1;
        let serial = self.serial;
        if let Some(write) = self.some_write_to_a_component(serial) {
            return write;
        }
        let kind = match self.random.below(8) {
            0..3 => Kind::Policy,
            3 => Kind::Role,
            4 | 5 => Kind::Entity,
            _ => Kind::Cubbyhole,
        };
        let namespace = match (kind, self.random.below(2)) {
            (Kind::Cubbyhole, _) | (_, 0) => None,
            _ => self.random.pick(&self.namespaces).cloned(),
        };
        // Few names are written anew, so that most writes have a name of their own.
        let number = if self.random.once_in(3) {
            serial % 5
        } else {
            serial
        };
        let place = namespace.as_ref().map_or("root", |one| one.name.as_str());
        let (name, value) = match kind {
            Kind::Cubbyhole => (format!("{CANARY}-{number}"), format!("{CANARY}-v{serial}")),
            _ => (format!("{place}-n{number}"), format!("v{serial}")),
        };
        if kind != Kind::Cubbyhole {
            self.hide(namespace.as_ref(), &name, number == serial);
        }
        Write {
            kind,
            namespace: namespace.map(|one| one.name).unwrap_or_default(),
            name,
            value,
        }
    }

    /// Notes a name that is new for those who must not be sent it.
    pub(crate) fn hide(&self, namespace: Option<&Namespace>, name: &str, is_new: bool) {
        if !is_new {
            return;
        }
        let mut watch = self.around.watch.lock();
        watch.revoked.note(name);
        let Some(namespace) = namespace else { return };
        for (secondary, filter) in &self.filters {
            if filter.out.contains(&namespace.id) {
                watch.filtered.hide(secondary, name);
            }
        }
    }

    async fn take_answer(&mut self, asked: Asked) {
        let (answer, took) = match asked.answer.await {
            Ok(answered) => answered,
            Err(error) => (Err(Refused(error.to_string())), Duration::ZERO),
        };
        let wrote = match &answer {
            Ok(_) => Wrote::Acked,
            Err(_) => Wrote::Maybe,
        };
        self.acked += u64::from(wrote == Wrote::Acked);
        let value = &asked.write.value;
        let said = match &answer {
            Ok(_) => format!("acked after {} ms", took.as_millis()),
            Err(Refused(why)) => why.clone(),
        };
        let told = format!("{} wrote {value}: {said}", asked.cluster);
        self.tell(told);
        if self.is_unmounted(&asked.write.place()) {
            return;
        }
        self.note(&asked.cluster, &asked.write, wrote);
        self.keep_index(&asked.write, answer.ok().flatten());
        if wrote == Wrote::Acked && took < OWN_WRITE_WAIT {
            self.revive().await;
            self.read_own(&asked.cluster, &asked.write).await;
        }
    }

    fn note(&mut self, cluster: &str, write: &Write, wrote: Wrote) {
        let acked = match write.kind {
            kind if kind.is_local() => self.local.entry(cluster.to_owned()).or_default(),
            _ => &mut self.shared,
        };
        acked.note(&write.place(), &write.value, wrote);
    }

    /// Something that is not a write of a client.
    async fn happens(&mut self) {
        match self.random.below(40) {
            0..4 => self.trouble_on_a_way(),
            4..10 => {
                self.tell("the network heals");
                self.around.net.heal();
            }
            28..31 => self.crash().await,
            10 | 11 => self.disk_fails(),
            12..15 => self.purge(),
            15..18 => self.make_namespace().await,
            18..21 => self.filter().await,
            21 => self.rotate("sys/rotate").await,
            22 => self.rotate("sys/rotate/root").await,
            23 => self.revoke().await,
            24 | 25 => {
                self.tell("all is to be well");
                if let Err(why) = self.settle().await {
                    self.around.watch.violated(why);
                }
            }
            26 => self.reissue_one().await,
            27 => self.remember_disks(),
            31 | 32 => self.change_a_mount(Clients::Write).await,
            _ => {}
        }
    }

    fn two(&self) -> (String, String) {
        let mut names: Vec<String> = self.clusters.keys().cloned().collect();
        let one = self.random.pick(&names).cloned().unwrap_or_default();
        names.retain(|name| *name != one);
        let other = self.random.pick(&names).cloned().unwrap_or_default();
        (one, other)
    }

    fn trouble_on_a_way(&mut self) {
        let (from, to) = self.two();
        let kind = self.random.below(5);
        let amount = self.random.below(300);
        let trouble = move |way: &mut Way| match kind {
            0 | 1 => way.state = WayState::Blocked,
            2 => way.delay = Duration::from_millis(amount),
            3 => way.breaks_after = u32::try_from(amount % 12).ok(),
            _ => way.frames_max = 1,
        };
        self.tell(format!(
            "trouble {kind} ({amount}) on the way from {from} to {to}"
        ));
        self.around.net.way(&from, &to, trouble);
        if kind == 0 {
            self.around.net.way(&to, &from, trouble);
        }
    }

    async fn crash(&mut self) {
        let (name, _) = self.two();
        self.tell(format!("{name} dies"));
        self.start_again(&name).await;
    }

    pub(crate) async fn start_again(&mut self, name: &str) {
        self.failing.remove(name);
        let share = &template().share;
        if let Some(cluster) = self.clusters.get_mut(name)
            && let Err(Refused(why)) = cluster.crash(share).await
        {
            self.around
                .watch
                .violated(format!("{name} does not start again: {why}"));
        }
    }

    fn disk_fails(&mut self) {
        let (name, _) = self.two();
        let faults = [Fault::Failed, Fault::FailedYetKept, Fault::Full];
        let fault = self.random.pick(&faults).copied().unwrap_or(Fault::Failed);
        let after = self.random.below(3);
        self.tell(format!(
            "the disk of {name} is to fail: {fault:?} after {after}"
        ));
        self.cluster(&name).storage.fail_write(after, fault);
        self.failing.insert(name);
    }

    /// Starts those again whose disk failed or is to fail: an operator has seen to it.
    pub(crate) async fn mend(&mut self) {
        for name in core::mem::take(&mut self.failing) {
            self.start_again(&name).await;
        }
        self.revive().await;
    }

    /// Starts those again whose disk failed.
    pub(crate) async fn revive(&mut self) {
        for name in self.clusters.keys().cloned().collect::<Vec<_>>() {
            if self
                .cluster(&name)
                .storage
                .get(Space::Meta, b"applied")
                .is_err()
            {
                self.tell(format!("{name} starts again"));
                self.start_again(&name).await;
            }
        }
    }

    fn purge(&mut self) {
        let primary = self.primary();
        let applied = primary.kept.applied();
        let upto = applied.saturating_sub(self.random.below(12));
        let bound = if self.random.once_in(2) {
            Bound::Reached
        } else {
            Bound::Kept
        };
        primary.kept.purge(upto, bound);
        self.tell(format!(
            "the log is purged up to {upto} of {applied}, {bound:?}"
        ));
    }

    fn remember_disks(&mut self) {
        for cluster in self.clusters.values_mut() {
            cluster.old = cluster.dump();
        }
    }

    /// The namespaces that the primary has stored.
    fn stored_namespaces(&self) -> Vec<NamespaceId> {
        let prefix = SystemKey::namespaces();
        let prefix = prefix.physical().as_bytes();
        let snapshot = self.primary().storage.snapshot();
        let found = snapshot
            .range(Space::Entries, prefix, None)
            .filter_map(Result::ok);
        let found = found.take_while(|(key, _)| key.starts_with(prefix));
        let ids = found.filter_map(|(key, _)| {
            let digits = core::str::from_utf8(key.get(prefix.len()..)?).ok()?;
            u64::from_str_radix(digits, 16).ok().map(NamespaceId::new)
        });
        ids.collect()
    }

    async fn make_namespace(&mut self) {
        if self.namespaces.len() >= NAMESPACES_MAX {
            return;
        }
        let name = format!("ns{}", self.serial);
        if self.namespaces.iter().any(|one| one.name == name) {
            return;
        }
        let path = format!("sys/namespaces/{name}");
        let made = self
            .primary()
            .ask(&template().admin, Update, &path, json!({}))
            .await;
        self.tell(format!("namespace {name}: {made:?}"));
        // It may be there although nobody was told.
        self.revive().await;
        let known: Vec<NamespaceId> = self.namespaces.iter().map(|one| one.id).collect();
        let stored = self.stored_namespaces();
        let Some(id) = stored.into_iter().find(|id| !known.contains(id)) else {
            return;
        };
        let mut watch = self.around.watch.lock();
        for (secondary, filter) in &mut self.filters {
            if filter.mode == Mode::Allow {
                filter.out.insert(id);
                watch.filtered.hide_namespace(secondary, id);
            }
        }
        drop(watch);
        self.namespaces.push(Namespace { name, id });
    }

    async fn rotate(&mut self, path: &str) {
        let done = self
            .primary()
            .ask(&template().admin, Update, path, json!({}))
            .await;
        self.tell(format!("{path}: {done:?}"));
    }
}
