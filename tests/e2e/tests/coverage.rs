//! Every operation that OpenBao offers is offered here, or listed as missing.

use e2e::coverage::{MISSING, operations};
use e2e::{Client, Server};
use serde_json::json;
use std::collections::BTreeSet;

/// What of OpenBao's is not to be had here, and why: `docs/reference/compatibility.md`.
const NOT_MEANT: [&str; 9] = [
    "/sys/storage/raft",
    "/sys/workflows",
    "/sys/external-keys",
    "/sys/control-group",
    "/sys/pprof",
    "/sys/raw",
    "/sys/namespaces/{}/seal",
    "/sys/namespaces/{}/unseal",
    "/secret/^.*$",
];

/// What Vault documents below `sys/` and OpenBao does not offer: offered here, or told of in
/// `docs/reference/compatibility.md`.
const OF_VAULT: [&str; 15] = [
    "/sys/config/group-policy-application",
    "/sys/experiments",
    "/sys/internal/counters/activity",
    "/sys/internal/counters/activity/export",
    "/sys/internal/counters/activity/monthly",
    "/sys/internal/counters/config",
    "/sys/plugins/pins",
    "/sys/plugins/runtimes/catalog",
    "/sys/quotas/lease-count",
    "/sys/renew",
    "/sys/replication/status",
    "/sys/revoke",
    "/sys/revoke-force",
    "/sys/revoke-prefix",
    "/sys/wrapping/pubkey",
];

/// Engines and methods of both, and where the comparison mounts them.
const ENGINES: [(&str, &str); 3] = [("kv1", "kv"), ("totp", "totp"), ("transit", "transit")];
const METHODS: [&str; 4] = ["approle", "cert", "jwt", "userpass"];

fn mount(client: &Client) {
    for (path, kind) in ENGINES {
        client.write(&format!("sys/mounts/{path}"), &json!({ "type": kind }));
    }
    for kind in METHODS {
        client.write(&format!("sys/auth/{kind}"), &json!({ "type": kind }));
    }
}

#[test]
fn what_openbao_offers_is_offered_or_listed_as_missing() {
    let (bao, casemate) = (Server::start_bao(), Server::start_casemate());
    let (bao, casemate) = (bao.client(), casemate.client());
    mount(&bao);
    mount(&casemate);
    let folders = [
        "/sys/",
        "/auth/",
        "/identity/",
        "/cubbyhole/",
        "/secret/",
        "/kv1/",
        "/totp/",
        "/transit/",
    ];
    let mut wanted = operations(&bao, &folders);
    let offered = operations(&casemate, &folders);
    wanted.retain(|operation| {
        let path = operation.split_once(' ').map_or("", |(_, path)| path);
        !NOT_MEANT.iter().any(|folder| path.starts_with(folder))
    });
    let missing: BTreeSet<&str> = wanted.difference(&offered).map(String::as_str).collect();
    let listed: BTreeSet<&str> = MISSING.lines().collect();
    let new: Vec<&&str> = missing.difference(&listed).collect();
    let gone: Vec<&&str> = listed.difference(&missing).collect();
    println!(
        "{} of {} operations are offered",
        wanted.len() - missing.len(),
        wanted.len()
    );
    assert!(new.is_empty(), "missing and not listed:\n{new:#?}");
    assert!(gone.is_empty(), "listed as missing, and there:\n{gone:#?}");
}

#[test]
fn what_only_vault_documents_is_offered_or_told_of() {
    let casemate = Server::start_casemate();
    let offered = operations(&casemate.client(), &["/sys/"]);
    let page = include_str!("../../../docs/reference/compatibility.md");
    let is_offered = |path: &str| {
        let below = format!("{path}/");
        let mut offered = offered.iter().filter_map(|one| one.split_once(' '));
        offered.any(|(_, one)| one == path || one.starts_with(&below))
    };
    let is_told = |path: &str| page.contains(&format!("`{}`", path.trim_start_matches('/')));
    let forgotten: Vec<&str> = OF_VAULT
        .into_iter()
        .filter(|path| !is_offered(path) && !is_told(path))
        .collect();
    assert!(
        forgotten.is_empty(),
        "neither offered nor told of:\n{forgotten:#?}"
    );
    assert!(is_offered("/sys/experiments"), "{offered:#?}");
}

#[test]
fn experiments_and_the_policies_of_groups_are_told_as_they_are() {
    let casemate = Server::start_casemate();
    let client = casemate.client();
    let none = json!({ "available_experiments": [], "enabled": [] });
    assert_eq!(client.read("sys/experiments").json()["data"], none);
    let path = "sys/config/group-policy-application";
    let within = json!({ "group_policy_application_mode": "within_namespace_hierarchy" });
    assert_eq!(client.read(path).json()["data"], within);
    assert_eq!(client.write(path, &within).status, 204);
    for mode in ["any", "", "zz"] {
        let refused = client.write(path, &json!({ "group_policy_application_mode": mode }));
        assert_eq!(refused.status, 400, "{mode}");
    }
    assert_eq!(client.read(path).json()["data"], within);
}
