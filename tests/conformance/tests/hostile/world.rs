//! A runtime, a mount's storage, and the components that are to be contained.

use barrier::{Commit, Keyring, Transaction, View};
use base::{Entropy, MountId, NamespaceId, Timestamp};
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use locality::{Class, MountLocality, PhysicalKey, Rule, StorageRules};
use plugin::{
    Answer, Call, CallError, Checkpoint, CheckpointError, Committing, Component, Leases, Limits,
    Matched, MountFacts, PasswordError, Passwords, Runtime, RuntimeConfig, SystemFacts,
};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use storage::{Batch, Durability, Memory, Space, Storage};

/// Bytes of the engine with one route for each way to misbehave.
pub(crate) static HOSTILE: LazyLock<Vec<u8>> = LazyLock::new(|| built("hostile"));
/// Bytes of the auth method.
pub(crate) static METHOD: LazyLock<Vec<u8>> = LazyLock::new(|| built("hostile-method"));

/// One runtime for all tests of the process: what one test does must not reach another.
pub(crate) static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new(RuntimeConfig::default(), Arc::new(Counter::default())).unwrap());
static COMPONENT: LazyLock<Component> = LazyLock::new(|| compile(&HOSTILE));
static METHOD_COMPONENT: LazyLock<Component> = LazyLock::new(|| compile(&METHOD));

fn built(name: &str) -> Vec<u8> {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("components");
    pack::build(&components.join(name)).unwrap()
}

pub(crate) fn compile(bytes: &[u8]) -> Component {
    let inspected = RUNTIME.inspect(bytes).unwrap();
    RUNTIME.compile(bytes, &inspected.digest).unwrap()
}

/// Bytes that are all different.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Entropy for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }
}

/// A mount of a component, alone in its storage.
pub(crate) struct World {
    pub(crate) component: Component,
    pub(crate) limits: Limits,
    pub(crate) fence: barrier::WriteFence,
    store: Arc<Store>,
    facts: Arc<MountFacts>,
    /// What can be written beside the component, for the tests.
    all: Arc<StorageRules>,
}

struct Store {
    memory: Memory,
    keyring: Arc<Keyring>,
    rules: Arc<StorageRules>,
}

impl World {
    pub(crate) fn engine() -> Self {
        Self::of(COMPONENT.clone())
    }

    pub(crate) fn method() -> Self {
        Self::of(METHOD_COMPONENT.clone())
    }

    pub(crate) fn of(component: Component) -> Self {
        let all = StorageRules::new(vec![Rule {
            prefix: String::new(),
            locality: locality::Locality::Replicated,
            seal_wrap: false,
        }]);
        let keyring = Keyring::make(&Counter::default(), Timestamp::from_millis(0));
        Self {
            store: Arc::new(Store {
                memory: Memory::new(),
                keyring: Arc::new(keyring),
                rules: Arc::clone(component.rules()),
            }),
            component,
            limits: Limits {
                // Time decides no test but those that loop.
                deadline: Duration::from_secs(120),
                ..Limits::default()
            },
            fence: barrier::WriteFence::None,
            facts: Arc::new(MountFacts {
                path: "hostile/".to_owned(),
                ..MountFacts::default()
            }),
            all: Arc::new(all.unwrap()),
        }
    }

    /// The same, where looping ends soon.
    pub(crate) fn impatient(mut self) -> Self {
        self.limits.deadline = Duration::from_millis(300);
        self
    }

    pub(crate) fn call(&self) -> Call {
        Call {
            id: "request-1".to_owned(),
            view: self.store.view(&self.store.rules).with_fence(self.fence),
            mount: Arc::clone(&self.facts),
            system: Arc::new(SystemFacts::default()),
            now: Timestamp::from_millis(1_000),
            limits: Arc::new(self.limits.clone()),
            caller: None,
            incoming: None,
            checkpoint: Some(Arc::clone(&self.store) as Arc<dyn Checkpoint>),
            outbound: None,
            leases: Leases::Admitted,
            passwords: Some(Arc::new(Policies)),
        }
    }

    pub(crate) fn matched(&self, path: &str) -> Matched {
        let routes = &self.component.manifest().routes;
        let route = routes
            .iter()
            .position(|route| route.pattern == path)
            .unwrap();
        Matched {
            route,
            operation: routes[route].operation,
            path: path.to_owned(),
            input: r#"{"key":"value"}"#.to_owned(),
        }
    }

    /// Runs the route, and commits as a node would: only what ended well.
    pub(crate) async fn run(&self, path: &str) -> Result<Answer, CallError> {
        let done = self
            .component
            .handle(self.call(), self.matched(path))
            .await?;
        self.store.commit(done.view);
        Ok(done.value)
    }

    /// What the route answers, where that is a list of names.
    pub(crate) async fn keys(&self, path: &str) -> Vec<String> {
        match self.run(path).await.unwrap().outcome {
            plugin::Outcome::Keys(keys) => keys,
            other => panic!("{other:?}"),
        }
    }

    /// What is stored, seen from outside.
    pub(crate) fn stored(&self, key: &str) -> Option<Vec<u8>> {
        let mut view = self.store.view(&self.all);
        view.get(key).unwrap().map(|value| value.expose().to_vec())
    }

    /// Very many keys, written by the host in one piece. Their values open for nobody.
    pub(crate) fn fill(&self, keys: impl Iterator<Item = String>) {
        let mut batch = Batch::new();
        for key in keys {
            let (namespace, mount) = (NamespaceId::ROOT, MountId::new(7));
            let key = PhysicalKey::new(Class::Replicated, namespace, mount, &key);
            batch.put(Space::Entries, key.as_bytes().to_vec(), b"x".to_vec());
        }
        self.store
            .memory
            .commit(batch, Durability::Buffered)
            .unwrap();
    }

    pub(crate) fn store(&self, entries: impl Iterator<Item = String>) {
        let mut view = self.store.view(&self.all).with_limits(barrier::ViewLimits {
            calls_max: u64::MAX,
            written_bytes_max: usize::MAX,
            ..barrier::ViewLimits::default()
        });
        for key in entries {
            view.put(&key, b"x".to_vec()).unwrap();
        }
        self.store.commit(view);
    }
}

impl Store {
    fn view(&self, rules: &Arc<StorageRules>) -> View {
        let transaction = Transaction::new(
            self.memory.snapshot(),
            Arc::clone(&self.keyring),
            Arc::new(Counter::default()),
            0,
        );
        let (namespace, mount) = (NamespaceId::ROOT, MountId::new(7));
        View::new(
            transaction,
            namespace,
            mount,
            MountLocality::Shared,
            Arc::clone(rules),
        )
    }

    fn commit(&self, view: View) {
        self.write(view.into_transaction().unwrap().finish().unwrap());
    }

    fn write(&self, commit: Commit) {
        let mut batch = Batch::new();
        for op in commit.batch.ops {
            let key = op.key.as_bytes().to_vec();
            match op.value {
                Some(value) => batch.put(Space::Entries, key, value),
                None => batch.delete(Space::Entries, key),
            }
        }
        self.memory.commit(batch, Durability::Buffered).unwrap();
    }
}

impl Checkpoint for Store {
    fn commit(&self, mut view: View) -> Committing<'_> {
        Box::pin(async move {
            let commit = view.take_commit();
            let commit = commit.map_err(|error| CheckpointError::Unavailable(error.to_string()))?;
            self.write(commit);
            view.resume(self.memory.snapshot(), 0);
            Ok(view)
        })
    }
}

/// Makes one password, and does not know most policies.
struct Policies;

impl Passwords for Policies {
    fn make(&self, _: &mut View, policy: &str) -> Result<String, PasswordError> {
        match policy {
            "known" => Ok(String::from("password")),
            "unmet" => Err(PasswordError::Unmet),
            _ => Err(PasswordError::Unknown),
        }
    }
}
