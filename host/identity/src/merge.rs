//! Two entities that are one.

use crate::directory::Directory;
use crate::error::Conflict;
use crate::{Alias, Entity, IdentityError};
use locality::SystemKey;

/// Which entities are to become one.
#[derive(Clone, Debug, Default)]
pub struct Merge {
    /// The one that stays.
    pub to: String,
    /// Those that become part of it.
    pub from: Vec<String>,
    /// Of two aliases at one mount, the ids of those to keep; the others are removed.
    pub keep: Vec<String>,
}

impl Directory<'_> {
    /// Merges entities: aliases and memberships move, names, policies and metadata are those of the
    /// one that stays. Tokens of the others are from then on tokens of that one.
    ///
    /// # Errors
    /// [`IdentityError`] as its variants say.
    pub fn merge(&mut self, merge: &Merge) -> Result<(), IdentityError> {
        let (mut to, all_from) = self.merged_ones(merge)?;
        let mut aliases = self.aliases_of(&to.id)?;
        let mut conflicts = Vec::new();
        let mut moving: Vec<(Entity, Vec<Alias>)> = Vec::new();
        for from in all_from {
            let theirs = self.aliases_of(&from.id)?;
            conflicts.extend(conflicting(&aliases, &theirs));
            aliases.extend(theirs.iter().cloned());
            moving.push((from, theirs));
        }
        self.solve(merge, conflicts, &mut moving)?;
        for (from, theirs) in moving {
            for old in theirs {
                self.forget_alias(&old);
                let mut alias = old;
                alias.entity.clone_from(&to.id);
                alias.merged_from.push(from.id.clone());
                // As clients know it of aliases that moved.
                alias.custom_metadata = alias.custom_metadata.filter(|all| !all.is_empty());
                self.save_alias(&alias)?;
            }
            self.absorb(&mut to, &from)?;
        }
        self.save_entity(&to)
    }

    /// The entities that a merge names.
    fn merged_ones(&mut self, merge: &Merge) -> Result<(Entity, Vec<Entity>), IdentityError> {
        if merge.to.is_empty() {
            return Err(IdentityError::MergeToMissing);
        }
        if merge.from.is_empty() {
            return Err(IdentityError::MergeFromMissing);
        }
        let to = self.entity(&merge.to)?;
        let to = to.ok_or(IdentityError::MergeToUnknown)?;
        let mut all_from: Vec<Entity> = Vec::new();
        for id in &merge.from {
            if *id == to.id {
                return Err(IdentityError::MergeWithItself);
            }
            let from = self.entity(id)?;
            let from = from.ok_or(IdentityError::MergeFromUnknown)?;
            if !all_from.iter().any(|one| one.id == from.id) {
                all_from.push(from);
            }
        }
        Ok((to, all_from))
    }

    /// Removes, of each two aliases at one mount, the one that is not to be kept.
    fn solve(
        &mut self,
        merge: &Merge,
        conflicts: Vec<Conflict>,
        moving: &mut [(Entity, Vec<Alias>)],
    ) -> Result<(), IdentityError> {
        if conflicts.is_empty() {
            return Ok(());
        }
        if merge.keep.is_empty() {
            return Err(IdentityError::MergeConflicts(conflicts));
        }
        if moving.len() > 1 {
            return Err(IdentityError::MergeOneAtATime);
        }
        for Conflict { to, from, .. } in conflicts {
            if merge.keep.contains(&to.1) {
                self.delete_alias(&from.1)?;
                for (_, theirs) in moving.iter_mut() {
                    theirs.retain(|alias| alias.id != from.1);
                }
            } else if merge.keep.contains(&from.1) {
                self.delete_alias(&to.1)?;
            } else {
                return Err(IdentityError::MergeKeepsNeither(from.1, to.1));
            }
        }
        Ok(())
    }

    /// Makes an entity, whose aliases have moved, a part of another one.
    fn absorb(&mut self, to: &mut Entity, from: &Entity) -> Result<(), IdentityError> {
        for group in self.direct_groups(&from.id)? {
            self.forget_member(&group, &from.id);
            self.note_member(&group, &to.id);
        }
        for id in from.merged.iter().chain([&from.id]) {
            let key = SystemKey::entity_merged(self.namespace, id);
            self.tx.write_json(&key, &to.id)?;
            to.merged.push(id.clone());
        }
        self.forget_entity(from);
        Ok(())
    }
}

fn conflicting(ours: &[Alias], theirs: &[Alias]) -> Vec<Conflict> {
    let pairs = ours
        .iter()
        .flat_map(|our| theirs.iter().map(move |their| (our, their)));
    pairs
        .filter(|(our, their)| our.accessor == their.accessor)
        .map(|(our, their)| Conflict {
            accessor: our.accessor.clone(),
            to: (our.entity.clone(), our.id.clone()),
            from: (their.entity.clone(), their.id.clone()),
        })
        .collect()
}
