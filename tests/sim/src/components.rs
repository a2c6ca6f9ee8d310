//! Components in a run: mounts that are made, and an upgrade after which what was written below a
//! prefix travels that stayed before.
//!
//! ```text
//!  edition 1   data/ travels, here/ stays      ─ an operator consents ─▶ edition 3
//!  edition 3   both travel; what was below here/ is out of its reach   ─▶ edition 1
//! ```
//!
//! Their calls run on the one thread of the run. What would not, the compiler, has done its work
//! before: its machine code is on the disks that a run begins with. Only some seeds have components,
//! for loading that code at each start of a node is dear.

use crate::clock::Virtual;
use crate::cluster::{Cluster, Dump, Refused, Surroundings};
use crate::invariants::{CANARY, Watch};
use crate::mounts::Mount;
use crate::net::Net;
use crate::oracle::{Kind, Write};
use crate::plant::Plant;
use crate::template::{NAMES, Template, runtime, until_it_streams};
use crate::world::World;
use base::Operation::Update;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use tokio::time::Instant;

/// The mount that every such run begins with, and the only one that is upgraded.
pub(crate) const FIRST: &str = "e";

/// So many mounts begin the list.
pub(crate) const OF_THE_FIRST: usize = 1;

/// The components of a run.
pub(crate) struct Components {
    /// The first one, and what was mounted since and is there still.
    pub(crate) mounts: Vec<Mount>,
    /// Mounts that were made in the run.
    pub(crate) lives: u64,
    /// Those of them that belong to one cluster.
    pub(crate) local: u64,
    /// Mounts that were taken away.
    pub(crate) unmounts: u64,
    /// The edition that the first one has, or is to have.
    edition: Edition,
    /// How often it went over to another one.
    pub(crate) upgrades: u64,
}

impl Default for Components {
    fn default() -> Self {
        Self {
            mounts: vec![Mount::first()],
            lives: 0,
            local: 0,
            unmounts: 0,
            edition: Edition::Keeps,
            upgrades: 0,
        }
    }
}

/// What becomes of what is written below `here/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edition {
    /// It stays in its cluster.
    Keeps,
    /// It travels.
    Shares,
}

impl Edition {
    const fn version(self) -> &'static str {
        match self {
            Self::Keeps => "v0.1.0",
            Self::Shares => "v0.3.0",
        }
    }

    /// The component: the same but for one byte.
    fn bytes(self) -> &'static [u8] {
        static BUILT: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
        let [keeps, shares] = BUILT.get_or_init(|| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/components");
            let built = pack::build(&folder.join("editions")).expect("the component");
            [b'1', b'3'].map(|edition| with_edition(&built, edition))
        });
        match self {
            Self::Keeps => keeps,
            Self::Shares => shares,
        }
    }
}

fn with_edition(built: &[u8], edition: u8) -> Vec<u8> {
    let mark = b"this is the edition";
    let at = memchr::memmem::find(built, mark).expect("the mark") + mark.len();
    let mut bytes = built.to_vec();
    *bytes.get_mut(at).expect("the byte behind the mark") = edition;
    bytes
}

/// Has the run of a seed components? One in sixteen has, as many of the even ones as of the odd.
pub(crate) const fn has_some(seed: u64) -> bool {
    matches!(seed % 32, 3 | 8)
}

/// The beginning of a run with components.
pub(crate) fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let without = crate::template::template();
        let made = runtime().block_on(make(without));
        made.unwrap_or_else(|Refused(why)| panic!("the components cannot be set up: {why}"))
    })
}

async fn make(without: &Template) -> Result<Template, Refused> {
    let began = Instant::now();
    let watch = Arc::new(Watch::default());
    let around = Surroundings {
        seed: 0,
        plant: Plant::Nothing,
        clock: Arc::new(Virtual::after(without.took + Duration::from_secs(1))),
        net: Net::new(Arc::clone(&watch), Plant::Nothing),
        watch,
        batches: Arc::default(),
        primary: Arc::new(Mutex::new(String::from("a"))),
    };
    let mut clusters = BTreeMap::new();
    for (name, (dump, token)) in &without.clusters {
        let mut cluster = Cluster::on(&around, name, dump);
        token.clone_into(&mut cluster.own_token);
        cluster.unseal(&without.share).await?;
        clusters.insert(name.clone(), cluster);
    }
    register(&clusters).await?;
    // Both editions leave their machine code on each disk.
    for edition in [Edition::Shares, Edition::Keeps] {
        for (path, data) in steps_to(edition) {
            ask(&clusters, path, data).await?;
        }
        all_have_it(&clusters).await?;
    }
    let dumps = clusters.into_iter().map(|(name, cluster)| {
        let dump: Dump = cluster.dump();
        (name, (dump, cluster.own_token))
    });
    Ok(Template {
        clusters: dumps.collect(),
        share: without.share.clone(),
        admin: without.admin.clone(),
        took: without.took + Duration::from_secs(1) + began.elapsed(),
    })
}

async fn ask(
    clusters: &BTreeMap<String, Cluster>,
    path: &str,
    data: Value,
) -> Result<Value, Refused> {
    let primary = NAMES.first().and_then(|name| clusters.get(*name));
    let primary = primary.ok_or_else(|| Refused(String::from("no primary")))?;
    primary.ask(&primary.own_token, Update, path, data).await
}

async fn register(clusters: &BTreeMap<String, Cluster>) -> Result<(), Refused> {
    for edition in [Edition::Keeps, Edition::Shares] {
        let component = STANDARD.encode(edition.bytes());
        let path = "sys/plugins/catalog/secret/editions";
        ask(clusters, path, json!({ "component": component })).await?;
    }
    let mount = json!({ "type": "editions", "plugin_version": Edition::Keeps.version() });
    ask(clusters, &format!("sys/mounts/{FIRST}"), mount).await?;
    all_have_it(clusters).await
}

/// Waits until the secondaries are where the primary is, and until each cluster can be asked.
async fn all_have_it(clusters: &BTreeMap<String, Cluster>) -> Result<(), Refused> {
    for cluster in clusters.values() {
        if Some(cluster.name.as_str()) != NAMES.first().copied() {
            until_it_streams(cluster).await?;
        }
        // Whoever is asked has loaded it.
        let write = json!({ "value": "of the template" });
        let path = format!("{FIRST}/data/template");
        cluster
            .ask(&cluster.own_token, Update, &path, write)
            .await?;
    }
    Ok(())
}

/// The requests that bring the first mount to an edition.
fn steps_to(edition: Edition) -> [(&'static str, Value); 2] {
    let consent = plugin::digest_of(edition.bytes());
    [
        (
            "sys/mounts/e/tune",
            json!({ "plugin_version": edition.version(), "consent": consent }),
        ),
        (
            "sys/plugins/reload/backend",
            json!({ "mounts": [format!("{FIRST}/")] }),
        ),
    ]
}

impl World {
    /// What a client writes to a component, now and then, where there is one.
    pub(crate) fn some_write_to_a_component(&mut self, serial: u64) -> Option<Write> {
        let components = self.components.as_ref()?;
        if self.random.below(3) > 0 {
            return None;
        }
        let mount = self.random.pick(&components.mounts).cloned()?;
        let number = self.random.below(6);
        let half = self.random.once_in(2);
        let (kind, name, value) = match (half, components.edition) {
            _ if mount.of.is_some() => (
                Kind::Alone,
                mount.place(
                    if half { "data" } else { "here" },
                    &format!("{CANARY}-{number}"),
                ),
                format!("{CANARY}-v{serial}"),
            ),
            (true, _) => (
                Kind::Shared,
                mount.place("data", &format!("n{number}")),
                format!("v{serial}"),
            ),
            (false, Edition::Keeps) => (
                Kind::Kept,
                format!("{FIRST}/here/{CANARY}-{number}"),
                format!("{CANARY}-v{serial}"),
            ),
            (false, Edition::Shares) => (
                Kind::Released,
                format!("{FIRST}/here/n{number}"),
                format!("v{serial}"),
            ),
        };
        Some(Write {
            kind,
            namespace: String::new(),
            name,
            value,
        })
    }

    /// Does the edition that the mount has see what was written so?
    pub(crate) fn is_in_reach(&self, kind: Kind) -> bool {
        let edition = self
            .components
            .as_ref()
            .map(|components| components.edition);
        match kind {
            Kind::Kept => edition == Some(Edition::Keeps),
            Kind::Released => edition == Some(Edition::Shares),
            _ => true,
        }
    }

    /// An operator takes the first mount to the other edition, and consents to what it changes.
    pub(crate) async fn other_edition(&mut self) {
        let Some(components) = &self.components else {
            return;
        };
        let next = match components.edition {
            Edition::Keeps => Edition::Shares,
            Edition::Shares => Edition::Keeps,
        };
        self.tell(format!("{FIRST} is to be {}", next.version()));
        if let Err(why) = self.go_over_to(next).await {
            self.around.watch.violated(format!("liveness: {why}"));
        }
    }

    async fn go_over_to(&mut self, next: Edition) -> Result<(), String> {
        self.mend().await;
        // From here on no client writes what is to stay: whoever has the other edition shares it.
        if let Some(components) = &mut self.components {
            components.edition = Edition::Shares;
        }
        let primary = self.around.primary();
        let is_lost = self.around.plant == Plant::UpgradeLost;
        for (path, data) in steps_to(next).into_iter().filter(|_| !is_lost) {
            self.insist(&primary, path, data).await?;
        }
        if let Some(components) = &mut self.components {
            components.upgrades += 1;
            components.edition = next;
        }
        match next {
            Edition::Shares => Ok(()),
            // What stays is written again when each cluster has the edition that has it stay.
            Edition::Keeps => self.settle().await,
        }
    }
}
