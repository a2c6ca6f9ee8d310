//! The host's own entries, every one of them: no other place makes such a key, and each has its
//! class in its type.

mod identity;
mod replication;

pub use identity::{alias_kept_at, is_of_an_alias};

use crate::{Class, ClassMark, Ignored, Local, PhysicalKey, Replicated};
use base::{MountId, NamespaceId, Timestamp};
use core::marker::PhantomData;

/// The key of one of the host's own entries, or the prefix of several.
#[derive(Clone, Debug)]
pub struct SystemKey<C> {
    physical: PhysicalKey,
    class: PhantomData<C>,
    is_seal_wrapped: bool,
}

impl<C: ClassMark> SystemKey<C> {
    fn at(namespace: NamespaceId, path: &str) -> Self {
        Self::of_mount(namespace, MountId::SYSTEM, path)
    }

    /// Among the entries of a mount.
    fn of_mount(namespace: NamespaceId, mount: MountId, path: &str) -> Self {
        let physical = PhysicalKey::new(C::CLASS, namespace, mount, path);
        Self {
            physical,
            class: PhantomData,
            is_seal_wrapped: false,
        }
    }

    fn root(path: &str) -> Self {
        Self::at(NamespaceId::ROOT, path)
    }

    /// The same key for what is worth a second layer, by the seal itself where it can.
    #[must_use]
    pub fn seal_wrapped(self) -> Self {
        Self {
            is_seal_wrapped: true,
            ..self
        }
    }

    /// Is what stands there to be wrapped by the seal?
    pub const fn is_seal_wrapped(&self) -> bool {
        self.is_seal_wrapped
    }

    /// The physical key.
    pub const fn physical(&self) -> &PhysicalKey {
        &self.physical
    }

    /// The physical key, without its class in the type.
    #[must_use]
    pub fn into_physical(self) -> PhysicalKey {
        self.physical
    }

    /// The class.
    pub const fn class(&self) -> Class {
        C::CLASS
    }
}

/// Each cluster has its own: they are not part of what replication carries.
impl SystemKey<Ignored> {
    /// Shares, threshold and kind of the seal.
    pub fn seal_config() -> Self {
        Self::root("core/seal-config")
    }
    /// The root key, wrapped by the seal.
    pub fn root_key() -> Self {
        Self::root("core/root-key")
    }
    /// The keyring, sealed by the root key.
    pub fn keyring() -> Self {
        Self::root("core/keyring")
    }
    /// Shares of the seal, encrypted to their holders.
    pub fn shares_backup() -> Self {
        Self::root("core/unseal-keys-backup")
    }
    /// Name and id of this cluster.
    pub fn cluster() -> Self {
        Self::root("core/cluster/local/info")
    }
    /// Not an entry: a write to it puts records of digests right.
    pub fn digest_mend() -> Self {
        Self::root("core/mend-digests")
    }
    /// Whom a cluster is to follow once everything of it is here.
    pub fn joining() -> Self {
        Self::root("core/replication/performance/joining").seal_wrapped()
    }
    /// That a cluster was a primary, and has not compared itself with the next one.
    pub fn former() -> Self {
        Self::root("core/replication/performance/former")
    }
    /// How much lies aside.
    pub fn aside() -> Self {
        Self::root("core/replication/performance/aside")
    }
    /// How far a cluster is that becomes a secondary, from where there is no way back.
    pub fn wiping() -> Self {
        Self::root("core/wiping")
    }
    /// Machine code of a component, compiled for one kind of host.
    pub fn artifact(digest: &str, host_kind: &str) -> Self {
        Self::root(&format!("core/artifact/{digest}/{host_kind}"))
    }
}

/// Shared by every cluster of a set.
impl SystemKey<Replicated> {
    /// All mounts and auth methods that are shared, by id.
    pub fn mounts(namespace: NamespaceId) -> Self {
        Self::at(namespace, "core/mounts/")
    }
    /// A shared mount or auth method.
    pub fn mount(namespace: NamespaceId, id: MountId) -> Self {
        Self::at(namespace, &format!("core/mounts/{id}"))
    }
    /// All shared audit devices.
    pub fn audits() -> Self {
        Self::root("core/audit/")
    }
    /// A shared audit device, by its path.
    pub fn audit(path: &str) -> Self {
        Self::root(&format!("core/audit/{path}"))
    }
    /// Which headers of requests audit devices are given.
    pub fn audited_headers() -> Self {
        Self::root("core/audited-headers")
    }
    /// Which web pages may ask.
    pub fn cross_origin() -> Self {
        Self::root("core/cors")
    }
    /// The headers of answers with the user interface.
    pub fn ui_headers() -> Self {
        Self::root("core/ui-headers")
    }
    /// All ACL policies of a namespace.
    pub fn policies(namespace: NamespaceId) -> Self {
        Self::at(namespace, "sys/policy/")
    }
    /// An ACL policy.
    pub fn policy(namespace: NamespaceId, name: &str) -> Self {
        Self::at(namespace, &format!("sys/policy/{name}"))
    }
    /// All password policies of a namespace.
    pub fn password_policies(namespace: NamespaceId) -> Self {
        Self::at(namespace, "sys/password-policy/")
    }
    /// A password policy.
    pub fn password_policy(namespace: NamespaceId, name: &str) -> Self {
        Self::at(namespace, &format!("sys/password-policy/{name}"))
    }
    /// All namespaces, by id.
    pub fn namespaces() -> Self {
        Self::root("core/namespaces/")
    }
    /// A namespace.
    pub fn namespace(id: NamespaceId) -> Self {
        Self::root(&format!("core/namespaces/{id}"))
    }
    /// When the data keys are rotated.
    pub fn rotation() -> Self {
        Self::root("core/rotation")
    }
    /// All registered components.
    pub fn catalog() -> Self {
        Self::root("core/plugin-catalog/")
    }
    /// A registered component, by type, name and version.
    pub fn catalog_entry(kind: &str, name: &str, version: &str) -> Self {
        Self::root(&format!("core/plugin-catalog/{kind}/{name}/{version}"))
    }
    /// All versions that are pinned.
    pub fn plugin_pins() -> Self {
        Self::root("core/plugin-pins/")
    }
    /// The version that is pinned of a component, by type and name.
    pub fn plugin_pin(kind: &str, name: &str) -> Self {
        Self::root(&format!("core/plugin-pins/{kind}/{name}"))
    }
    /// The bytes of all components.
    pub fn components() -> Self {
        Self::root("core/component/")
    }
    /// The bytes of a component, by digest.
    pub fn component(digest: &str) -> Self {
        Self::root(&format!("core/component/{digest}"))
    }
    /// All quotas of a kind: `rate-limit`, `lease-count`.
    pub fn quotas(kind: &str) -> Self {
        Self::root(&format!("sys/quotas/{kind}/"))
    }
    /// A quota.
    pub fn quota(kind: &str, name: &str) -> Self {
        Self::root(&format!("sys/quotas/{kind}/{name}"))
    }
    /// What holds for all quotas.
    pub fn quota_config() -> Self {
        Self::root("sys/quotas/config")
    }
    /// The key of what clients keep to read their own writes.
    pub fn index_key() -> Self {
        Self::root("core/index-header-hmac-key")
    }
    /// All token roles of a namespace.
    pub fn token_roles(namespace: NamespaceId) -> Self {
        Self::at(namespace, "sys/token/roles/")
    }
    /// A token role.
    pub fn token_role(namespace: NamespaceId, name: &str) -> Self {
        Self::at(namespace, &format!("sys/token/roles/{name}"))
    }
}

/// Of this cluster and its disaster-recovery secondary.
impl SystemKey<Local> {
    /// All mounts and auth methods that are local, by id.
    pub fn local_mounts(namespace: NamespaceId) -> Self {
        Self::at(namespace, "core/local-mounts/")
    }
    /// A local mount or auth method.
    pub fn local_mount(namespace: NamespaceId, id: MountId) -> Self {
        Self::at(namespace, &format!("core/local-mounts/{id}"))
    }
    /// All versions of the server that this cluster has run.
    pub fn versions() -> Self {
        Self::root("core/versions/")
    }
    /// A version of the server.
    pub fn version(version: &str) -> Self {
        Self::root(&format!("core/versions/{version}"))
    }
    /// All local audit devices.
    pub fn local_audits() -> Self {
        Self::root("core/local-audit/")
    }
    /// A local audit device, by its path.
    pub fn local_audit(path: &str) -> Self {
        Self::root(&format!("core/local-audit/{path}"))
    }
    /// Key of the hashes under which tokens are stored.
    pub fn token_salt() -> Self {
        Self::root("sys/token/salt")
    }
    /// The key that signs wrapping tokens which are JWTs.
    pub fn wrapping_key() -> Self {
        Self::root("core/wrapping/jwtkey").seal_wrapped()
    }
    /// A token, by the salted hash of its id.
    pub fn token(hash: &str) -> Self {
        Self::root(&format!("sys/token/id/{hash}"))
    }
    /// What a login granted, for the renewals of its token.
    pub fn token_grant(hash: &str) -> Self {
        Self::root(&format!("sys/token/grant/{hash}"))
    }
    /// All accessors of a namespace.
    pub fn accessors(namespace: NamespaceId) -> Self {
        Self::at(namespace, "sys/token/accessor/")
    }
    /// From an accessor, which is marked with its namespace, to the hash of its token.
    pub fn accessor(accessor: &str) -> Self {
        let namespace = NamespaceId::marked_on(accessor);
        Self::at(namespace, &format!("sys/token/accessor/{accessor}"))
    }
    /// All children of a token.
    pub fn token_children(parent_hash: &str) -> Self {
        Self::root(&format!("sys/token/parent/{parent_hash}/"))
    }
    /// A child of a token.
    pub fn token_child(parent_hash: &str, child_hash: &str) -> Self {
        Self::root(&format!("sys/token/parent/{parent_hash}/{child_hash}"))
    }
    /// All leases of a namespace whose ids begin with `prefix`.
    pub fn leases(namespace: NamespaceId, prefix: &str) -> Self {
        Self::at(namespace, &format!("sys/expire/id/{prefix}"))
    }
    /// A lease, by its id, which is marked with its namespace.
    pub fn lease(id: &str) -> Self {
        Self::leases(NamespaceId::marked_on(id), id)
    }
    /// All leases of a namespace that end tokens and whose ids begin with `prefix`.
    pub fn token_lease_ids(namespace: NamespaceId, prefix: &str) -> Self {
        Self::at(namespace, &format!("sys/expire/token-id/{prefix}"))
    }
    /// A lease that ends a token, by its id, which is marked with its namespace.
    pub fn token_lease_id(id: &str) -> Self {
        Self::token_lease_ids(NamespaceId::marked_on(id), id)
    }
    /// All leases of a namespace that could not be ended.
    pub fn irrevocable_leases(namespace: NamespaceId) -> Self {
        Self::at(namespace, "sys/expire/irrevocable/")
    }
    /// A lease that could not be ended, by its id, which is marked with its namespace.
    pub fn irrevocable_lease(id: &str) -> Self {
        let namespace = NamespaceId::marked_on(id);
        Self::at(namespace, &format!("sys/expire/irrevocable/{id}"))
    }
    /// All leases of a mount.
    pub fn mount_leases(mount: MountId) -> Self {
        Self::root(&format!("sys/expire/mount/{mount}/"))
    }
    /// A lease of a mount.
    pub fn mount_lease(mount: MountId, id: &str) -> Self {
        Self::root(&format!("sys/expire/mount/{mount}/{id}"))
    }
    /// All leases that were handed to a token.
    pub fn token_leases(token_hash: &str) -> Self {
        Self::root(&format!("sys/expire/token/{token_hash}/"))
    }
    /// A lease that was handed to a token.
    pub fn token_lease(token_hash: &str, id: &str) -> Self {
        Self::root(&format!("sys/expire/token/{token_hash}/{id}"))
    }
    /// All ends of leases, the next one first.
    pub fn lease_ends() -> Self {
        Self::root("sys/expire/end/")
    }
    /// The end of a lease.
    pub fn lease_end(at: Timestamp, id: &str) -> Self {
        Self::root(&format!("sys/expire/end/{:016x}/{id}", at.as_millis()))
    }
    /// Everything in a token's cubbyholes; it has one in each namespace.
    pub fn cubbyholes(token_hash: &str) -> Self {
        Self::root(&format!("cubbyhole/{token_hash}/"))
    }
    /// All tokens of other namespaces that have a cubbyhole in this one.
    pub fn cubbyhole_visitors(namespace: NamespaceId) -> Self {
        Self::at(namespace, "cubbyhole/of/")
    }
    /// A token of another namespace that has a cubbyhole in this one.
    pub fn cubbyhole_visitor(namespace: NamespaceId, token_hash: &str) -> Self {
        Self::at(namespace, &format!("cubbyhole/of/{token_hash}"))
    }
    /// An entry of a token's cubbyhole in a namespace, or all that begin with `path`.
    pub fn cubbyhole(token_hash: &str, namespace: NamespaceId, path: &str) -> Self {
        Self::root(&format!("cubbyhole/{token_hash}/{namespace}/{path}"))
    }
}

/// What the entry of a table stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A shared mount or auth method.
    Mount(MountId),
    /// A namespace.
    Namespace(NamespaceId),
}

/// Of the tables whose entries [stand for](named_by) something.
const MOUNTS: &str = "core/mounts/";
const NAMESPACES: &str = "core/namespaces/";

/// The tables of a namespace whose entries [stand for](named_by) something.
pub(crate) fn tables(namespace: NamespaceId) -> [PhysicalKey; 2] {
    [MOUNTS, NAMESPACES]
        .map(|path| PhysicalKey::new(Class::Replicated, namespace, MountId::SYSTEM, path))
}

/// What one of the host's own entries stands for, where it is one of a table.
pub(crate) fn named_by(key: &PhysicalKey) -> Option<Named> {
    let number = |digits| u64::from_str_radix(digits, 16).ok();
    let path = key.path();
    if let Some(digits) = path.strip_prefix(MOUNTS) {
        return number(digits).map(|id| Named::Mount(MountId::new(id)));
    }
    let digits = path.strip_prefix(NAMESPACES)?;
    number(digits).map(|id| Named::Namespace(NamespaceId::new(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_class_of_the_table() {
        let check = |key: &PhysicalKey, class: Class| assert_eq!(key.class(), class, "{key:?}");
        check(SystemKey::keyring().physical(), Class::Ignored);
        check(SystemKey::seal_config().physical(), Class::Ignored);
        check(SystemKey::shares_backup().physical(), Class::Ignored);
        check(SystemKey::cluster().physical(), Class::Ignored);
        check(SystemKey::rotation().physical(), Class::Replicated);
        check(SystemKey::cross_origin().physical(), Class::Replicated);
        check(
            SystemKey::mount(NamespaceId::ROOT, MountId::new(7)).physical(),
            Class::Replicated,
        );
        check(
            SystemKey::policy(NamespaceId::ROOT, "p").physical(),
            Class::Replicated,
        );
        check(
            SystemKey::password_policy(NamespaceId::ROOT, "p").physical(),
            Class::Replicated,
        );
        check(
            SystemKey::token_role(NamespaceId::ROOT, "r").physical(),
            Class::Replicated,
        );
        check(
            SystemKey::catalog_entry("secret", "kv", "v1").physical(),
            Class::Replicated,
        );
        check(SystemKey::token("h").physical(), Class::Local);
        check(SystemKey::accessor("a").physical(), Class::Local);
        check(SystemKey::token_salt().physical(), Class::Local);
        check(
            SystemKey::lease("auth/token/create/x").physical(),
            Class::Local,
        );
        check(
            SystemKey::local_mounts(NamespaceId::ROOT).physical(),
            Class::Local,
        );
        check(
            SystemKey::cubbyhole("h", NamespaceId::ROOT, "a").physical(),
            Class::Local,
        );
    }

    #[test]
    fn marked_ids_lie_in_their_namespace() {
        let namespace = NamespaceId::new(7);
        let id = namespace.mark(String::from("pki/issue/web/x"));
        for key in [
            SystemKey::lease(&id),
            SystemKey::token_lease_id(&id),
            SystemKey::irrevocable_lease(&id),
            SystemKey::accessor(&namespace.mark(String::from("a"))),
        ] {
            assert_eq!(key.physical().namespace(), namespace, "{key:?}");
        }
        let root = SystemKey::lease("pki/issue/web/x");
        assert_eq!(root.physical().namespace(), NamespaceId::ROOT);
    }

    #[test]
    fn ends_of_leases_sort_by_time() {
        let end = |millis| SystemKey::lease_end(Timestamp::from_millis(millis), "x");
        assert!(end(9).physical() < end(10).physical());
        assert!(end(255).physical() < end(4096).physical());
    }
}
