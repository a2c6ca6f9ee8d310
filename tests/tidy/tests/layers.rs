//! Which room may know which, and which outside crate has which one room.

use tidy::{Package, assert_none, files, packages};

/// Room → the rooms it may be built from. Server wires everything together, so it may name all.
const ROOMS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("manifest", &[]),
    ("hcl", &[]),
    ("storage", &["base"]),
    ("openpgp", &["base"]),
    ("seal", &["base", "openpgp"]),
    ("audit", &["base"]),
    ("telemetry", &["base"]),
    ("locality", &["base"]),
    ("digest", &["base", "locality"]),
    ("policy", &["base", "hcl"]),
    ("journal", &["base", "digest", "locality", "storage"]),
    ("mount", &["base", "locality", "manifest"]),
    ("outbound", &["base"]),
    ("gate", &["base"]),
    ("barrier", &["base", "journal", "locality", "storage"]),
    ("lease", &["barrier", "base", "journal", "locality"]),
    (
        "access",
        &["barrier", "base", "lease", "locality", "policy"],
    ),
    ("identity", &["barrier", "base", "locality"]),
    (
        "plugin",
        &["barrier", "base", "locality", "manifest", "mount"],
    ),
    (
        "raft",
        &["base", "digest", "journal", "locality", "storage"],
    ),
    ("link", &["base"]),
    ("authority", &["base", "link"]),
    ("cluster", &["base", "link"]),
    ("replication", &["base", "digest", "journal", "locality"]),
    (
        "node",
        &[
            "access",
            "audit",
            "authority",
            "barrier",
            "base",
            "digest",
            "gate",
            "hcl",
            "identity",
            "journal",
            "lease",
            "link",
            "locality",
            "manifest",
            "mount",
            "openpgp",
            "otp",
            "outbound",
            "plugin",
            "policy",
            "replication",
            "seal",
            "storage",
            "telemetry",
        ],
    ),
    ("api", &["base", "node"]),
    ("cli", &["base", "hcl", "manifest", "openpgp", "pack"]),
    ("xtask", &["manifest", "pack"]),
    ("pack", &["manifest"]),
    ("sdk-macros", &[]),
    ("otp", &[]),
    ("sdk", &["manifest", "sdk-macros"]),
];

/// Outside crate → the crates of ours that may name it.
const NAMED_BY: &[(&str, &[&str])] = &[
    ("wasmtime", &["plugin"]),
    ("openraft", &["raft"]),
    ("fjall", &["storage"]),
    ("hyper", &["api", "cluster", "outbound", "bench"]),
    ("hyper-util", &["api", "cluster", "outbound", "bench"]),
    ("http-body-util", &["api", "cluster", "outbound", "bench"]),
    (
        "rustls",
        &[
            "api",
            "cluster",
            "outbound",
            "server",
            "cli",
            "bench",
            "conformance",
            "e2e",
        ],
    ),
    (
        "tokio-rustls",
        &[
            "api",
            "cluster",
            "outbound",
            "server",
            "bench",
            "conformance",
            "e2e",
        ],
    ),
    ("rustls-native-certs", &["outbound"]),
    (
        "rcgen",
        &["authority", "outbound", "server", "conformance", "e2e"],
    ),
    ("clap", &["cli", "server", "xtask", "bench"]),
    ("ureq", &["cli", "xtask", "e2e", "bench", "conformance"]),
    ("argon2", &["barrier"]),
    ("bcrypt", &["barrier"]),
    ("chacha20poly1305", &["barrier"]),
    ("sha3", &["barrier"]),
    (
        "tokio",
        &[
            "api",
            "cluster",
            "link",
            "node",
            "outbound",
            "plugin",
            "raft",
            "server",
            "bench",
            "compat",
            "conformance",
            "e2e",
            "sim",
        ],
    ),
    ("tracing-subscriber", &["server", "conformance"]),
    ("wit-component", &["pack", "conformance"]),
    (
        "wit-bindgen",
        &["sdk", "editions", "hostile", "hostile-method", "reception"],
    ),
];

/// Rooms whose answers follow from their arguments alone.
const PURE: &[&str] = &[
    "host/locality/src",
    "host/policy/src",
    "host/hcl/src",
    "host/digest/src",
    "host/mount/src",
    "host/replication/src",
    "sdk/manifest/src",
    "sdk/otp/src",
];

/// What no pure room names.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "SystemTime",
    "Instant::now",
    "async fn",
    ".await",
];

fn is_part_of_the_product(package: &Package) -> bool {
    !package.folder().starts_with("tests/")
}

#[test]
fn rooms_know_only_what_lies_below() {
    let packages = packages();
    let ours: Vec<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for package in packages
        .iter()
        .filter(|package| is_part_of_the_product(package))
    {
        if package.name == "server" {
            continue;
        }
        let allowed = if package.folder().starts_with("plugins/") {
            &["manifest", "otp", "sdk"]
        } else {
            match ROOMS.iter().find(|(room, _)| *room == package.name) {
                Some((_, allowed)) => *allowed,
                None => {
                    findings.push(format!("{} has no line in ROOMS", package.name));
                    continue;
                }
            }
        };
        let up = package
            .needs()
            .filter(|name| ours.contains(name) && !allowed.contains(name));
        findings.extend(up.map(|name| format!("{} must not know {name}", package.name)));
    }
    assert_none("arrows that point upward", &findings);
}

#[test]
fn outside_crates_have_one_room() {
    let mut findings = Vec::new();
    for package in packages() {
        for (outside, rooms) in NAMED_BY {
            let named = package.needs().any(|name| name == *outside);
            if named && !rooms.contains(&package.name.as_str()) {
                findings.push(format!("{} must not name {outside}", package.name));
            }
        }
    }
    assert_none("crates named where they do not belong", &findings);
}

#[test]
fn pure_rooms_touch_nothing() {
    let mut findings = Vec::new();
    for file in files() {
        if !file.is("rs") || !PURE.iter().any(|room| file.path.starts_with(room)) {
            continue;
        }
        for (number, line) in file.lines() {
            let code = line.split("//").next().unwrap_or_default();
            for word in IMPURE.iter().filter(|word| code.contains(**word)) {
                findings.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    assert_none("pure rooms that reach outside", &findings);
}

#[test]
fn shared_versions_are_used() {
    let manifest = std::fs::read_to_string(tidy::root().join("Cargo.toml")).unwrap();
    let packages = packages();
    let used: Vec<String> = packages
        .iter()
        .flat_map(|package| package.dependencies.clone())
        .map(|dependency| dependency.name)
        .collect();
    let unused: Vec<String> = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !used.contains(name) && !name.starts_with('#'))
        .filter(|name| !packages.iter().any(|package| package.name == *name))
        .collect();
    assert_none("shared versions that nobody uses", &unused);
}
