//! Clients that keep what an answer to a write said, and say it again elsewhere.

use crate::invariants::ToldOfIndex;
use crate::oracle::{self, Kind, Write};
use crate::template::template;
use crate::world::World;

impl World {
    /// A client keeps what it was told of a write that every cluster is to have.
    pub(crate) fn keep_index(&mut self, write: &Write, index: Option<String>) {
        if matches!(write.kind, Kind::Policy | Kind::Role | Kind::Entity) {
            self.indexes.note(&write.place(), index);
        }
    }

    /// Somebody reads somewhere what was written, now that this or that was not told there yet.
    pub(crate) async fn read_with_an_index(&self) {
        let kept = self.indexes.all();
        let names: Vec<&String> = self.clusters.keys().collect();
        let newest = kept.first().into_iter();
        for kept in newest.chain(self.random.pick(&kept)) {
            if let Some(name) = self.random.pick(&names)
                // A filter that was changed may not have brought it yet.
                && (is_of_root(&kept.place) || !self.filters.contains_key(*name))
            {
                self.read_where(name, &kept.place, &kept.index).await;
            }
        }
    }

    /// Once all is well everything is everywhere.
    pub(crate) async fn read_with_all_indexes(&self) {
        for kept in self.indexes.all() {
            for name in self.clusters.keys() {
                if let Some(lack) = self.read_where(name, &kept.place, &kept.index).await {
                    let text = format!(
                        "index_is_kept: {name} refuses what was told of {} for ever: {lack}",
                        kept.place
                    );
                    self.around.watch.violated(text);
                }
            }
        }
    }

    /// Why a cluster says that it has not what was written, if it does.
    async fn read_where(&self, name: &str, place: &str, index: &str) -> Option<String> {
        let namespace = namespace_of(place);
        let (kind, _, path) = oracle::reading(place)?;
        if self.is_out(name, namespace) {
            return None;
        }
        let admin = &template().admin;
        let value_in = |answer: &_| oracle::value_in(kind, answer);
        let cluster = self.cluster(name);
        match cluster.read_with(admin, &path, index, value_in).await {
            ToldOfIndex::Found(found) => {
                let wrong = self.shared.check(name, place, found.as_deref());
                if let Some(wrong) = wrong {
                    let text = format!("index_is_kept: with what was told of it, {wrong}");
                    self.around.watch.violated(text);
                }
                None
            }
            ToldOfIndex::Lacks(lack) => Some(lack),
            ToldOfIndex::Nothing => None,
        }
    }
}

fn namespace_of(place: &str) -> &str {
    place.split('|').nth(1).unwrap_or_default()
}

fn is_of_root(place: &str) -> bool {
    namespace_of(place).is_empty()
}
