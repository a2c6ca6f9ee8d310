//! A component that copies what it keeps to its cluster to where it shares: it may, for it says itself
//! which is which. What an operator decides holds against it all the same.

use crate::components::{divided, register};
use e2e::canaries::{Canaries, in_files, in_memory};
use e2e::clusters::{Cluster, Pair};
use serde_json::json;

/// The component keeps a value, and copies it. What it then shares, at another cluster.
fn copies(here: &Cluster, mount: &str, value: &str) {
    here.write(
        &format!("{mount}/put"),
        &json!({ "key": "own/kept", "value": value }),
    );
    here.write(&format!("{mount}/copy"), &json!({ "key": "kept" }));
    let shared = read(here, mount);
    assert_eq!(shared, (200, Some(value.to_owned())), "{mount}");
}

fn read(cluster: &Cluster, mount: &str) -> (u16, Option<String>) {
    let path = format!("{mount}/get");
    let answer = cluster
        .client()
        .write(&path, &json!({ "key": "shared/kept" }));
    let value = answer.json()["data"]["value"].clone();
    (answer.status, value.as_str().map(str::to_owned))
}

#[test]
fn what_a_component_copies_travels_as_far_as_its_mount() {
    let component = divided();
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    register(a, &component);
    for (mount, local) in [("open", false), ("here", true), ("shut", false)] {
        let wanted = json!({ "type": "divided", "local": local });
        a.write(&format!("sys/mounts/{mount}"), &wanted);
    }
    let filter = json!({ "mode": "deny", "paths": ["shut"] });
    a.write(
        "sys/replication/performance/primary/paths-filter/c",
        &filter,
    );
    pair.settle();

    let mut stays = Canaries::default();
    let (of_local, of_filtered) = (
        stays.hatch("value of a local mount"),
        stays.hatch("value of a filtered mount"),
    );
    copies(a, "here", &of_local);
    copies(a, "shut", &of_filtered);
    copies(a, "open", "of its own choice");
    pair.settle();
    assert_eq!(read(c, "open"), (200, Some("of its own choice".to_owned())));
    for mount in ["here", "shut"] {
        assert_eq!(read(c, mount), (404, None), "{mount}");
    }
    assert_eq!(in_memory(c.server.id(), &stays), [""; 0]);
    assert_eq!(in_files(c.server.folder(), &stays), [""; 0]);
}
