//! Logins that wait for their second factor.

use super::stored::Enforcement;
use base::{MountId, NamespaceId, Timestamp};
use core::time::Duration;
use plugin::Grant;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long a login waits, as Vault has it.
const WAITS: Duration = Duration::from_secs(5 * 60);

/// Logins that wait at once.
const WAITING_MAX: usize = 10_000;

/// Logins of one entity that wait: of more of them, the oldest waits no more. One account that was found
/// out must not take the room of all.
const WAITING_OF_ENTITY_MAX: usize = 16;

/// A login whose method is content with it.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) namespace: NamespaceId,
    pub(super) mount: MountId,
    /// Where it was made, within the namespace.
    pub(super) path: String,
    pub(super) entity: String,
    pub(super) grant: Grant,
    pub(super) enforcements: Vec<Enforcement>,
}

struct Kept {
    login: Arc<Login>,
    since: Timestamp,
    /// The request that had it its way: it may run again, and no other may.
    done_by: Option<String>,
}

/// All that wait.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<All>);

#[derive(Default)]
struct All {
    by_id: HashMap<String, Kept>,
    /// Ids, the oldest first.
    by_entity: HashMap<String, Vec<String>>,
}

impl All {
    fn remove(&mut self, id: &str) {
        let Some(kept) = self.by_id.remove(id) else {
            return;
        };
        if let Some(ids) = self.by_entity.get_mut(&kept.login.entity) {
            ids.retain(|one| one != id);
            if ids.is_empty() {
                self.by_entity.remove(&kept.login.entity);
            }
        }
    }

    fn forget_old(&mut self, now: Timestamp) {
        let is_old = |kept: &Kept| now.since(kept.since) >= WAITS;
        let old = self.by_id.iter().filter(|(_, kept)| is_old(kept));
        let old: Vec<String> = old.map(|(id, _)| id.clone()).collect();
        old.iter().for_each(|id| self.remove(id));
    }
}

impl Waiting {
    /// Keeps a login under an id. False where there is no room.
    pub(super) fn keep(&self, id: &str, login: Login, now: Timestamp) -> bool {
        let mut all = self.lock();
        if all.by_id.len() >= WAITING_MAX {
            all.forget_old(now);
        }
        let of_entity = all.by_entity.get(&login.entity);
        let of_entity = of_entity.filter(|ids| ids.len() >= WAITING_OF_ENTITY_MAX);
        if let Some(oldest) = of_entity.and_then(|ids| ids.first()).cloned() {
            all.remove(&oldest);
        }
        if all.by_id.len() >= WAITING_MAX {
            return false;
        }
        let of_entity = all.by_entity.entry(login.entity.clone()).or_default();
        of_entity.push(id.to_owned());
        let kept = Kept {
            login: Arc::new(login),
            since: now,
            done_by: None,
        };
        all.by_id.insert(id.to_owned(), kept);
        true
    }

    /// The login with this id, for a request; none that another request had its way with.
    pub(super) fn find(&self, id: &str, request: &str, now: Timestamp) -> Option<Arc<Login>> {
        let mut all = self.lock();
        let kept = all.by_id.get(id)?;
        if now.since(kept.since) >= WAITS {
            all.remove(id);
            return None;
        }
        let is_free = kept.done_by.as_deref().is_none_or(|done| done == request);
        is_free.then(|| Arc::clone(&kept.login))
    }

    /// It waits no more, but for the request that had it its way and may run again.
    pub(super) fn done(&self, id: &str, request: &str) {
        if let Some(kept) = self.lock().by_id.get_mut(id) {
            kept.done_by = Some(request.to_owned());
        }
    }

    /// Held for a lookup, or for a walk where all the room is taken.
    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        let grant = serde_json::json!({
            "alias": "ann",
            "alias_metadata": [],
            "display_name": "",
            "policies": [],
            "metadata": [],
            "groups": [],
            "private": {},
            "terms": {"ttl_seconds": 0, "max_ttl_seconds": 0, "renewable": false},
            "token": {
                "kind": null,
                "period_seconds": 0,
                "explicit_max_ttl_seconds": 0,
                "uses": 0,
                "bound_cidrs": [],
                "no_default_policy": false,
            },
        });
        serde_json::from_value(grant).unwrap()
    }

    fn login(entity: &str) -> Login {
        Login {
            namespace: NamespaceId::ROOT,
            mount: MountId::new(1),
            path: String::new(),
            entity: entity.to_owned(),
            grant: grant(),
            enforcements: Vec::new(),
        }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_login_waits_for_one_request_and_not_for_ever() {
        let waiting = Waiting::default();
        assert!(waiting.keep("a", login("ann"), at(0)));
        assert!(waiting.find("b", "1", at(0)).is_none());
        assert!(waiting.find("a", "1", at(299)).is_some());
        waiting.done("a", "1");
        assert!(waiting.find("a", "1", at(299)).is_some());
        assert!(waiting.find("a", "2", at(299)).is_none());
        assert!(waiting.find("a", "1", at(300)).is_none());
    }

    #[test]
    fn one_account_does_not_take_the_room_of_all() {
        let waiting = Waiting::default();
        assert!(waiting.keep("bob", login("bob"), at(0)));
        for number in 0..100 {
            assert!(waiting.keep(&number.to_string(), login("ann"), at(number)));
        }
        let find = |id: &str| waiting.find(id, "1", at(100)).is_some();
        assert!(find("bob") && find("99") && find("84") && !find("83"));
    }

    #[test]
    fn room_is_bounded_and_comes_back() {
        let waiting = Waiting::default();
        for number in 0..WAITING_MAX {
            assert!(waiting.keep(&number.to_string(), login(&number.to_string()), at(0)));
        }
        assert!(!waiting.keep("x", login("x"), at(299)));
        assert!(waiting.keep("x", login("x"), at(300)));
    }
}
