//! What operators do with the clusters: filters, revocations, another primary.

use crate::cluster::Refused;
use crate::template::{activation, template};
use crate::world::{Filter, Mode, World};
use base::Operation::Update;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PRIMARY: &str = "sys/replication/performance/primary";
const SECONDARY: &str = "sys/replication/performance/secondary";

impl World {
    /// Tries until it is done: an operator does not leave a role half changed.
    pub(crate) async fn insist(
        &self,
        cluster: &str,
        path: &str,
        data: Value,
    ) -> Result<Value, String> {
        let mut last = String::new();
        for _ in 0..40 {
            let there = self.cluster(cluster);
            match there
                .ask(&there.own_token, Update, path, data.clone())
                .await
            {
                Ok(value) => return Ok(value),
                Err(Refused(why)) => last = why,
            }
            tokio::time::sleep(core::time::Duration::from_millis(250)).await;
        }
        Err(format!("{path} on {cluster}: {last}"))
    }

    /// A filter of some of the namespaces, as an operator writes it, and what it comes to.
    fn some_filter(&self) -> (Value, Filter) {
        let mode = if self.random.once_in(2) {
            Mode::Deny
        } else {
            Mode::Allow
        };
        let listed: Vec<_> = self
            .namespaces
            .iter()
            .filter(|_| self.random.once_in(2))
            .cloned()
            .collect();
        let is_listed = |id| listed.iter().any(|one| one.id == id);
        let all = self.namespaces.iter().map(|one| one.id);
        let out: BTreeSet<_> = match mode {
            Mode::Deny => all.filter(|id| is_listed(*id)).collect(),
            Mode::Allow => all.filter(|id| !is_listed(*id)).collect(),
        };
        let mut paths: Vec<String> = listed.iter().map(|one| format!("{}/", one.name)).collect();
        if let (Mode::Allow, Some(components)) = (mode, &self.components) {
            // They are the same everywhere.
            let shared = components.mounts.iter().filter(|mount| mount.of.is_none());
            paths.extend(shared.map(|mount| format!("{}/", mount.path)));
        }
        let name = match mode {
            Mode::Deny => "deny",
            Mode::Allow => "allow",
        };
        (
            json!({ "mode": name, "paths": paths }),
            Filter { mode, out },
        )
    }

    /// What a secondary is not to have is something else from now on.
    fn now_filtered(&mut self, secondary: &str, filter: Filter) {
        let mut watch = self.around.watch.lock();
        for namespace in &self.namespaces {
            if !filter.out.contains(&namespace.id) {
                watch
                    .filtered
                    .show(secondary, namespace.id, &namespace.name);
            }
        }
        drop(watch);
        self.filters.insert(secondary.to_owned(), filter);
    }

    pub(crate) async fn filter(&mut self) {
        let secondaries = self.secondaries();
        let Some(name) = self.random.pick(&secondaries).cloned() else {
            return;
        };
        if self.is_revoked(&name) {
            return;
        }
        let (data, filter) = self.some_filter();
        self.tell(format!("filter of {name}: {data}"));
        // What is allowed by it may be sent from the moment on that it is asked for.
        let mut both = filter.clone();
        if let Some(before) = self.filters.get(&name) {
            both.out = filter.out.intersection(&before.out).copied().collect();
        } else {
            both.out.clear();
        }
        self.now_filtered(&name, both);
        let id = self.ids.get(&name).cloned().unwrap_or_default();
        let path = format!("{PRIMARY}/paths-filter/{id}");
        let primary = self.around.primary();
        self.mend().await;
        match self.insist(&primary, &path, data).await {
            Ok(_) => self.now_filtered(&name, filter),
            Err(why) => self.around.watch.violated(format!("liveness: {why}")),
        }
    }

    pub(crate) async fn revoke(&mut self) {
        let secondaries = self.secondaries();
        let Some(name) = self.random.pick(&secondaries).cloned() else {
            return;
        };
        if self.is_revoked(&name) {
            return;
        }
        self.tell(format!("{name} is revoked"));
        let id = self.ids.get(&name).cloned().unwrap_or_default();
        let primary = self.around.primary();
        self.mend().await;
        let path = format!("{PRIMARY}/revoke-secondary");
        match self.insist(&primary, &path, json!({ "id": id })).await {
            Ok(_) => {
                let index = self.primary().kept.applied();
                self.around.watch.lock().revoked.revoke(&name, index);
            }
            Err(why) => self.around.watch.violated(format!("liveness: {why}")),
        }
    }

    pub(crate) async fn reissue_one(&mut self) {
        let mut revoked = self.secondaries();
        revoked.retain(|name| self.is_revoked(name));
        let Some(name) = revoked.first().cloned() else {
            return;
        };
        self.around.net.heal();
        self.mend().await;
        if let Err(why) = self.reissue(&name).await {
            self.around.watch.violated(format!("liveness: {why}"));
        }
    }

    /// Gives a revoked secondary a new token, with a filter of its own or none.
    pub(crate) async fn reissue(&mut self, name: &str) -> Result<(), String> {
        self.serial += 1;
        let id = format!("{name}-{}", self.serial);
        if self.random.once_in(2) {
            self.tell(format!("{name} is given a token as {id}"));
            self.ids.insert(name.to_owned(), id.clone());
            self.around.watch.lock().revoked.reissue(name);
            return self.follow_then_filter(name, &id).await;
        }
        let (data, filter) = self.some_filter();
        self.tell(format!("{name} is given a token as {id}: {data}"));
        let member = |name: &str| data.get(name).cloned().unwrap_or_default();
        let (mode, paths) = (member("mode"), member("paths"));
        let wanted = json!({ "id": id, "paths_filter_mode": mode, "paths": paths });
        let before = self.filters.get(name).cloned().unwrap_or_default();
        let both = before.out.intersection(&filter.out).copied().collect();
        let mode = filter.mode;
        self.now_filtered(name, Filter { mode, out: both });
        self.ids.insert(name.to_owned(), id);
        self.around.watch.lock().revoked.reissue(name);
        self.follow(name, wanted).await?;
        self.now_filtered(name, filter);
        Ok(())
    }

    /// Gives a secondary a token without a filter. What it was not to have is not sent for that:
    /// somebody writes a filter after a while, which keeps from it what was kept or lets all of it in.
    async fn follow_then_filter(&mut self, name: &str, id: &str) -> Result<(), String> {
        self.follow(name, json!({ "id": id })).await?;
        let Some(before) = self.filters.get(name).cloned() else {
            return Ok(());
        };
        tokio::time::sleep(core::time::Duration::from_secs(2)).await;
        let filter = match self.random.once_in(2) {
            true => before,
            false => Filter::default(),
        };
        let data = self.as_written(&filter);
        self.tell(format!("and then a filter: {data}"));
        self.now_filtered(name, filter);
        let path = format!("{PRIMARY}/paths-filter/{id}");
        self.insist(&self.around.primary(), &path, data).await?;
        Ok(())
    }

    /// A filter that comes to this.
    fn as_written(&self, filter: &Filter) -> Value {
        let is_out = |id| filter.out.contains(&id);
        let names = |listed: bool| {
            let all = self.namespaces.iter();
            let all = all.filter(move |one| is_out(one.id) == listed);
            all.map(|one| format!("{}/", one.name)).collect::<Vec<_>>()
        };
        match filter.mode {
            Mode::Deny => json!({ "mode": "deny", "paths": names(true) }),
            Mode::Allow => {
                let mut paths = names(false);
                let mounts = self.components.iter().flat_map(|all| &all.mounts);
                let shared = mounts.filter(|mount| mount.of.is_none());
                paths.extend(shared.map(|mount| format!("{}/", mount.path)));
                json!({ "mode": "allow", "paths": paths })
            }
        }
    }

    /// Lets a secondary follow the primary with a new token.
    async fn follow(&mut self, name: &str, wanted: Value) -> Result<(), String> {
        let (primary, secondary) = (self.primary(), self.cluster(name));
        let token = activation(
            primary,
            &template().admin,
            secondary,
            &secondary.own_token,
            wanted,
        )
        .await;
        let token = token.map_err(|Refused(why)| format!("a token for {name}: {why}"))?;
        let path = format!("{SECONDARY}/update-primary");
        self.insist(name, &path, json!({ "token": token })).await?;
        Ok(())
    }

    /// A secondary that has everything becomes the primary, and the others follow it.
    pub(crate) async fn hand_over(&mut self) {
        if let Err(why) = self.hand_over_to_one().await {
            self.around.watch.violated(why);
        }
    }

    /// Now and then one of two does not live through a hand-over.
    async fn somebody_dies(&mut self, two: [&str; 2]) {
        if self.random.once_in(2) {
            return;
        }
        if let Some(name) = self.random.pick(&two).copied() {
            self.tell(format!("{name} dies meanwhile"));
            self.start_again(name).await;
        }
    }

    async fn hand_over_to_one(&mut self) -> Result<(), String> {
        let mut able = self.secondaries();
        // One that lacks something would take it away from all.
        able.retain(|name| !self.is_filtered(name) && !self.is_any_behind(name));
        let Some(next) = self.random.pick(&able).cloned() else {
            return Ok(());
        };
        self.tell(format!("{next} is to become the primary"));
        self.settle().await?;
        if self.is_filtered(&next) {
            // It was revoked, and came back with a filter.
            return Ok(());
        }
        let before = self.around.primary();
        self.insist(&before, &format!("{PRIMARY}/demote"), json!({}))
            .await?;
        self.somebody_dies([&before, &next]).await;
        // Nobody forces it: it remembers that the primary said farewell.
        self.insist(&next, &format!("{SECONDARY}/promote"), json!({}))
            .await?;
        {
            let mut primary = self.around.primary.lock();
            let primary = primary.as_mut().map_err(|_| String::from("a lock"))?;
            next.clone_into(primary);
        }
        self.somebody_dies([&before, &next]).await;
        self.filters.remove(&next);
        self.ids.clear();
        self.around.watch.lock().filtered.forget(&next);
        for name in self.secondaries() {
            self.around.watch.lock().applied.begin_anew(&name);
            self.ids.insert(name.clone(), name.clone());
            self.follow_then_filter(&name, &name).await?;
        }
        self.tell(format!("{next} is the primary"));
        Ok(())
    }
}
