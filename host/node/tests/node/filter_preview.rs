//! What a preview says that a filter would change is what the filter changes.

use crate::house::House;
use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::RefusalKind;
use serde_json::{Value, json};
use storage::{Space, Storage as _};

const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

/// Replicated entries and their bytes.
fn replicated(house: &House) -> (u64, u64) {
    let snapshot = house.storage.snapshot();
    let all = snapshot.range(Space::Entries, b"R", Some(b"S"));
    all.map(Result::unwrap)
        .fold((0, 0), |(entries, bytes), (key, value)| {
            (entries + 1, bytes + (key.len() + value.len()) as u64)
        })
}

async fn preview(primary: &Member, filter: Value) -> Value {
    let path = format!("{FILTER}/preview");
    primary.write(&path, filter).await.unwrap()
}

async fn make(primary: &Member, namespace: &str, policies: usize) {
    let (outer, name) = namespace.rsplit_once('/').unwrap_or(("", namespace));
    let path = format!("{outer}/sys/namespaces/{name}");
    let path = path.trim_start_matches('/');
    primary.write(path, json!({})).await.unwrap();
    for number in 0..policies {
        let path = format!("{namespace}/sys/policies/acl/p{number}");
        let policy = json!({ "policy": format!("# {}", "x".repeat(number)) });
        primary.write(&path, policy).await.unwrap();
    }
    let entity = format!("{namespace}/identity/entity");
    let named = json!({ "name": "somebody" });
    primary.write(&entity, named).await.unwrap();
}

fn changed(before: (u64, u64), shown: &Value) -> (u64, u64) {
    let amount = |part: &str, unit: &str| shown[part][unit].as_u64().unwrap();
    (
        before.0 + amount("sends", "entries") - amount("deletes", "entries"),
        before.1 + amount("sends", "bytes") - amount("deletes", "bytes"),
    )
}

#[tokio::test(start_paused = true)]
async fn a_preview_is_what_comes_of_it() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    make(a, "one", 3).await;
    make(a, "two", 5).await;
    make(a, "one/inner", 1).await;
    let c = secondary(&network, &both, "c", json!({})).await;

    let deny = json!({ "mode": "deny", "paths": ["one", "no/such"] });
    let shown = preview(a, deny.clone()).await;
    assert_eq!(
        shown["deletes"]["namespaces"],
        json!(["one/", "one/inner/"])
    );
    assert_eq!(shown["deletes"]["mounts"], json!([]));
    assert_eq!(shown["orphans_leases_of"], json!([]));
    assert_eq!(shown["unknown_paths"], json!(["no/such/"]));
    let nothing = json!({ "namespaces": [], "mounts": [], "entries": 0, "bytes": 0 });
    assert_eq!(shown["sends"], nothing);
    assert!(
        shown["deletes"]["entries"].as_u64().unwrap() >= 2 + 4 + 2,
        "{shown:#}"
    );
    // It sets nothing.
    assert_eq!(
        a.read(FILTER).await.unwrap_err().kind,
        RefusalKind::NotFound
    );
    c.until_it_streams().await;
    let before = replicated(&c.house);
    assert_eq!(before, replicated(&a.house));

    a.write(FILTER, deny.clone()).await.unwrap();
    c.until_it_is_there("one/sys/policies/acl/p0", false).await;
    c.until_it_streams().await;
    let filtered = replicated(&c.house);
    assert_eq!(filtered, changed(before, &shown));

    // The same again changes nothing; another one takes some and brings some.
    let same = preview(a, deny).await;
    assert_eq!((&same["deletes"], &same["sends"]), (&nothing, &nothing));
    let other = json!({ "mode": "allow", "paths": ["one/inner"] });
    let shown = preview(a, other.clone()).await;
    assert_eq!(shown["deletes"]["namespaces"], json!(["two/"]));
    assert_eq!(shown["sends"]["namespaces"], json!(["one/", "one/inner/"]));
    a.write(FILTER, other).await.unwrap();
    c.until_it_is_there("two/sys/policies/acl/p0", false).await;
    c.until_it_streams().await;
    assert_eq!(replicated(&c.house), changed(filtered, &shown));
}

#[tokio::test(start_paused = true)]
async fn a_preview_is_refused_where_the_filter_would_be() {
    let network = Network::default();
    let both = primary(&network).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    let path = format!("{FILTER}/preview");
    for wrong in [
        json!({ "mode": "maybe", "paths": ["x"] }),
        json!({ "mode": "deny" }),
        json!({ "mode": "deny", "paths": ["/"] }),
    ] {
        let refused = both.0.write(&path, wrong.clone()).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Invalid, "{wrong}");
    }
    // A secondary has nothing to filter, and does not ask its primary to.
    let asked = json!({ "mode": "deny", "paths": ["x"] });
    let refused = c.write(&path, asked).await.unwrap_err();
    assert_eq!(refused.message, "this cluster is not a performance primary");
}
