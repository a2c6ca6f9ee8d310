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
