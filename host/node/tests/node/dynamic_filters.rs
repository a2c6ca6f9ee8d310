//! What a paths filter comes to: mounts, auth methods and namespaces, nested ones too.

use crate::hostile_secondary::thief::{NOTES, RECEPTION};
use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::{Operation, RefusalKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";
const OF_PRIMARY: &str = "sys/replication/performance/primary/dynamic-filter";
const OF_SECONDARY: &str = "sys/replication/performance/secondary/dynamic-filter";

/// A mount and a method in each of the namespaces, one in the other.
async fn furnish(a: &Member) {
    for (kind, name, bytes) in [("secret", "notes", NOTES), ("auth", "reception", RECEPTION)] {
        let path = format!("sys/plugins/catalog/{kind}/{name}");
        let body = json!({ "component": STANDARD.encode(bytes) });
        a.write(&path, body).await.unwrap();
    }
    for (namespace, name) in [
        ("", ""),
        ("", "team"),
        ("team/", "in"),
        ("team/in/", "deep"),
    ] {
        if !name.is_empty() {
            let path = format!("{namespace}sys/namespaces/{name}");
            a.write(&path, json!({})).await.unwrap();
        }
        let within = match name {
            "" => String::new(),
            name => format!("{namespace}{name}/"),
        };
        for (path, kind) in [
            ("mounts/m", "notes"),
            ("mounts/more/m", "notes"),
            ("auth/r", "reception"),
        ] {
            let path = format!("{within}sys/{path}");
            a.write(&path, json!({ "type": kind })).await.unwrap();
        }
        // Those stay, whatever is filtered, and are not counted to it.
        let own = json!({ "type": "notes", "local": true });
        a.write(&format!("{within}sys/mounts/own"), own)
            .await
            .unwrap();
    }
}

async fn dynamic(a: &Member) -> (Value, Value) {
    let shown = a.read(&format!("{OF_PRIMARY}/c")).await.unwrap();
    (
        shown["dynamic_filtered_mounts"].clone(),
        shown["dynamic_filtered_namespaces"].clone(),
    )
}

/// Reads what is there for the secondary: the mounts and methods of all namespaces that it has.
async fn seen(c: &Member) -> Vec<String> {
    let mut seen = Vec::new();
    for within in ["", "team/", "team/in/", "team/in/deep/"] {
        for (table, before) in [("mounts", ""), ("auth", "auth/")] {
            let Ok(found) = c.read(&format!("{within}sys/{table}")).await else {
                continue;
            };
            let found = found.as_object().unwrap();
            let found = found.iter().filter(|(_, one)| one["local"] == false);
            let components =
                found.filter(|(_, one)| one["type"] == "notes" || one["type"] == "reception");
            seen.extend(components.map(|(path, _)| format!("{within}{before}{path}")));
        }
    }
    seen.sort_unstable();
    seen
}

/// Waits until that is so, but not for ever.
async fn until_it_has(c: &Member, expected: &[&str], at: &str) {
    for _ in 0..1_000 {
        if seen(c).await == expected {
            return;
        }
        a_while().await;
    }
    assert_eq!(seen(c).await, expected, "{at}");
}

const ALL: [&str; 12] = [
    "auth/r/",
    "m/",
    "more/m/",
    "team/auth/r/",
    "team/in/auth/r/",
    "team/in/deep/auth/r/",
    "team/in/deep/m/",
    "team/in/deep/more/m/",
    "team/in/m/",
    "team/in/more/m/",
    "team/m/",
    "team/more/m/",
];

type Paths = Vec<&'static str>;

/// Mode, paths, and what is left out by them: mounts, and namespaces with what is in them.
fn filters() -> Vec<(&'static str, Paths, Paths, Paths)> {
    let of_in = vec!["team/in/", "team/in/deep/"];
    vec![
        ("deny", vec!["auth/r"], vec!["auth/r/"], vec![]),
        ("deny", vec!["more/m/"], vec!["more/m/"], vec![]),
        ("deny", vec!["team/more/m"], vec!["team/more/m/"], vec![]),
        (
            "deny",
            vec!["team/in/deep/auth/r", "team/in/m"],
            vec!["team/in/deep/auth/r/", "team/in/m/"],
            vec![],
        ),
        ("deny", vec!["team/in/deep"], vec![], vec!["team/in/deep/"]),
        ("deny", vec!["team/in", "m"], vec!["m/"], of_in.clone()),
        (
            "allow",
            vec!["m", "team/auth/r"],
            vec!["auth/r/", "more/m/", "team/m/", "team/more/m/"],
            of_in,
        ),
        (
            "allow",
            vec!["team/in"],
            vec![
                "auth/r/",
                "m/",
                "more/m/",
                "team/auth/r/",
                "team/m/",
                "team/more/m/",
            ],
            vec![],
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn it_names_what_the_secondary_does_not_have() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    furnish(a).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    assert_eq!(dynamic(a).await, (json!([]), json!([])));
    assert_eq!(seen(&c).await, ALL);
    for (mode, paths, mounts, namespaces) in filters() {
        let filter = json!({ "mode": mode, "paths": paths });
        a.write(FILTER, filter).await.unwrap();
        let (left_out, without) = dynamic(a).await;
        assert_eq!(without, json!(namespaces), "{mode} {paths:?}");
        let in_those = |path: &&&str| namespaces.iter().any(|one| path.starts_with(one));
        let left_out = left_out.as_array().unwrap().clone();
        let named: Vec<&str> = left_out.iter().map(|one| one.as_str().unwrap()).collect();
        let alone: Vec<&&str> = named.iter().filter(|path| !in_those(path)).collect();
        assert_eq!(json!(alone), json!(mounts), "{mode} {paths:?}");
        let expected: Vec<&str> = ALL
            .iter()
            .filter(|path| !in_those(path) && !mounts.contains(*path))
            .copied()
            .collect();
        until_it_has(&c, &expected, &format!("{mode} {paths:?}")).await;
    }
    // What comes later falls under the same filter.
    let filter = json!({ "mode": "deny", "paths": ["team/in"] });
    a.write(FILTER, filter).await.unwrap();
    let later = "team/in/sys/namespaces/later";
    a.write(later, json!({})).await.unwrap();
    let expected = json!(["team/in/", "team/in/deep/", "team/in/later/"]);
    assert_eq!(dynamic(a).await.1, expected);
    let delete = a
        .house
        .ask_as(&a.token, Operation::Delete, FILTER, json!({}));
    delete.await.unwrap();
    assert_eq!(dynamic(a).await, (json!([]), json!([])));
    until_it_has(&c, &ALL, "no filter").await;
}

#[tokio::test(start_paused = true)]
async fn a_secondary_is_told_no_names() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    furnish(a).await;
    let filter = json!({ "paths_filter_mode": "deny", "paths": ["team/in", "auth/r"] });
    let c = secondary(&network, &both, "c", filter).await;
    let path = format!("{OF_SECONDARY}/c");
    let request = crate::house::request(&c.token, Operation::Read, &path, Default::default());
    let answer = c.house.node.handle(request).await.outcome.unwrap();
    let base::Answer::Envelope(envelope) = answer else {
        panic!("{answer:?}")
    };
    let [warning] = envelope.warnings.as_slice() else {
        panic!("{:?}", envelope.warnings)
    };
    assert!(warning.contains("names of what is filtered"), "{warning}");
    let none = json!({ "dynamic_filtered_mounts": [], "dynamic_filtered_namespaces": [] });
    assert_eq!(envelope.data.unwrap().to_value(), none);
    // Of others it knows nothing, and who plays the other part has no such filter.
    let other = c.read(&format!("{OF_SECONDARY}/d")).await.unwrap_err();
    assert_eq!(other.kind, RefusalKind::NotFound);
    for (member, path) in [(&c, OF_PRIMARY), (a, OF_SECONDARY)] {
        let refused = member.read(&format!("{path}/c")).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Invalid, "{refused:?}");
    }
    // The primary tells them to its own people, and those of an id that nobody has.
    assert_eq!(dynamic(a).await.1, json!(["team/in/", "team/in/deep/"]));
    assert_eq!(a.read(&format!("{OF_PRIMARY}/d")).await.unwrap(), none);
}
