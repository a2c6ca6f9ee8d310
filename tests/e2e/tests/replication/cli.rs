//! A pair that is made, filtered, turned around and ended by the commands alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::binary;
use e2e::clusters::{Cluster, Pair, until};
use serde_json::{Value, json};
use std::process::Command;

/// `casemate` as an operator of one of the clusters has it.
pub(crate) struct Operator<'a> {
    cluster: &'a Cluster,
    token: String,
}

/// What a command gave.
#[derive(Debug)]
pub(crate) struct Ran {
    #[expect(dead_code, reason = "shown where a test fails")]
    words: String,
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    errors: String,
}

impl<'a> Operator<'a> {
    pub(crate) fn of(cluster: &'a Cluster) -> Self {
        Self {
            cluster,
            token: cluster.token.clone(),
        }
    }

    pub(crate) fn run(&self, words: &[&str], format: &str) -> Ran {
        let mut command = Command::new(binary("casemate"));
        let home = self.cluster.server.folder();
        command
            .arg("replication")
            .args(words)
            .env_clear()
            .env("HOME", home)
            .env("VAULT_ADDR", self.cluster.server.url())
            .env("VAULT_TOKEN", &self.token)
            .env("VAULT_FORMAT", format);
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran {
            words: words.join(" "),
            code: output.status.code(),
            output: text(&output.stdout),
            errors: text(&output.stderr),
        }
    }

    /// As a person sees it; must work.
    #[track_caller]
    pub(crate) fn table(&self, words: &[&str]) -> String {
        let ran = self.run(words, "table");
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        ran.output
    }

    /// As a program sees it; must work. Null where nothing is said.
    #[track_caller]
    fn json(&self, words: &[&str]) -> Value {
        let ran = self.run(words, "json");
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        ran.json()
    }

    /// Fails so, and says why on the error output, in each format.
    #[track_caller]
    fn fails(&self, words: &[&str], code: i32, why: &str) {
        for format in ["table", "json"] {
            let ran = self.run(words, format);
            assert_eq!(ran.code, Some(code), "{ran:#?}");
            assert!(ran.errors.contains(why), "{why}: {ran:#?}");
        }
    }

    fn status(&self) -> Value {
        self.json(&["status"])["data"]["performance"].clone()
    }

    fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        until(what, || {
            let ran = self.run(&["status"], "json");
            let status = (ran.code == Some(0)).then(|| ran.json())?;
            is_so(&status["data"]["performance"]).then_some(())
        });
    }

    fn until_it_streams(&self) {
        self.until("the stream", |status| {
            status["mode"] == "secondary"
                && status["state"] == "stream-wals"
                && status["lag_entries"] == 0
        });
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match self.output.trim() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| panic!("{self:#?}")),
        }
    }
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

/// What a person reads, in cells.
fn row<'t>(table: &'t str, name: &str) -> Vec<&'t str> {
    let line = table.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in\n{table}"));
    let cells = line.split("  ").map(str::trim);
    cells.filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn a_pair_is_worked_by_commands_alone() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::apart_unled(&hosts, "", "");
    alone(&Operator::of(&pair.a));
    let shared = pair.a.shared_token();
    pair.a.mount("kv");
    pair.a.put("kv/x", "1");
    become_a_pair(&pair);
    pair.c.token.clone_from(&shared);
    pair.c.shares.clone_from(&pair.a.shares);
    let a = Operator::of(&pair.a);
    let c = Operator::of(&pair.c);
    c.until_it_streams();
    followed(&a, &c);
    filtered(&a, &c);
    looked_at(&a, &c);
    turned(&a, &c);
    kept_aside(&a, &c);
    revoked(&a);
    ended(&a, &c);
}

/// What each command says where nothing is replicated.
fn alone(a: &Operator<'_>) {
    let shown = a.table(&["status"]);
    has(&shown, &["Performance Replication", "DR Replication"]);
    assert_eq!(row(&shown, "Mode"), ["Mode", "disabled"]);
    assert_eq!(a.status(), json!({ "mode": "disabled" }));
    let nothing = "Performance replication is not enabled";
    a.fails(&["disable"], 2, nothing);
    a.fails(&["recover"], 2, "replication is not enabled");
    for words in [["aside", "list"], ["aside", "export"]] {
        a.fails(&words, 2, "Nothing is kept aside");
    }
    for words in [
        &["demote"][..],
        &["secondary-token", "x"],
        &["revoke-secondary", "x"],
        &["filter", "get", "x"],
        &["filter", "set", "x"],
        &["filter", "preview", "x"],
        &["filter", "delete", "x"],
        &["filter", "dynamic", "x"],
    ] {
        a.fails(words, 2, "not a performance primary");
    }
    for words in [
        &["promote"][..],
        &["promote", "-dry-run"],
        &["update-primary", "-detach"],
    ] {
        a.fails(words, 2, "not a performance secondary");
    }
    // The command line itself.
    for words in [
        &["enable-secondary"][..],
        &["secondary-token"],
        &["revoke-secondary"],
        &["filter", "set"],
        &["filter", "get", "x", "y"],
        &["promote", "-sooner"],
        &["demote", "now"],
    ] {
        let ran = a.run(words, "table");
        assert_eq!((ran.code, ran.output.as_str()), (Some(1), ""), "{ran:#?}");
        assert!(!ran.errors.is_empty(), "{ran:#?}");
    }
    a.fails(&["update-primary"], 1, "Must supply one of");
    a.fails(
        &["update-primary", "token", "-detach"],
        1,
        "Must supply one of",
    );
    a.fails(&["secondary-token", "x", "-ttl=soon"], 1, "ttl");
    let digests = a.table(&["merkle-check"]);
    assert_eq!(row(&digests, "replicated").last(), Some(&"no"));
    let token = Operator {
        token: String::from("nobody's"),
        ..*a
    };
    token.fails(&["enable-primary"], 2, "permission denied");
}

/// The first is the primary; the second follows, with a token that is sealed to its key.
fn become_a_pair(pair: &Pair) {
    let (a, c) = (Operator::of(&pair.a), Operator::of(&pair.c));
    let address = format!("-cluster-addr={}", pair.a.relay.url());
    let done = a.table(&["enable-primary", &address]);
    has(&done, &["Success! This cluster is the performance primary"]);
    a.fails(&["enable-primary"], 2, "already");
    let key = c.json(&["generate-public-key"]);
    let key = key["data"]["secondary_public_key"].as_str().unwrap();
    let again = c.table(&["generate-public-key"]);
    assert_ne!(row(&again, "secondary_public_key")[1], key);
    let key = c.run(
        &["generate-public-key", "-field=secondary_public_key"],
        "table",
    );
    let key = format!("-public-key={}", key.output.trim());
    let wrapped = a.json(&["secondary-token", "other", "-ttl=10m", "-default-deny"]);
    assert_eq!(wrapped["wrap_info"]["ttl"], 600, "{wrapped:#}");
    a.fails(&["secondary-token", "other"], 2, "is known already");
    a.fails(&["secondary-token", "no name"], 2, "");
    a.fails(&["secondary-token", "d", "-filter-mode=maybe"], 2, "maybe");
    let token = a.table(&["secondary-token", "c", &key, "-ttl=10m"]);
    let token = row(&token, "token")[1];

    let wipe = format!("-confirm-wipe={}", pair.c.id());
    c.fails(&["enable-secondary", "nonsense", &wipe], 2, "token");
    let file = pair.c.server.folder().join("token");
    std::fs::write(&file, token).unwrap();
    let file = format!("@{}", file.display());
    let done = c.table(&["enable-secondary", &file, &wipe]);
    has(
        &done,
        &["Success! This cluster becomes a performance secondary"],
    );
}

fn followed(a: &Operator<'_>, c: &Operator<'_>) {
    let (shown, there) = (a.table(&["status"]), c.table(&["status"]));
    assert_eq!(row(&shown, "Mode"), ["Mode", "primary"]);
    assert_eq!(row(&shown, "c ")[..2], ["c", "connected"]);
    assert_eq!(row(&shown, "other")[..2], ["other", "issued"]);
    assert_eq!(row(&there, "Mode"), ["Mode", "secondary"]);
    assert_eq!(row(&there, "State"), ["State", "stream-wals"]);
    assert_eq!(row(&there, "Secondary ID"), ["Secondary ID", "c"]);
    let field = a.run(&["status", "-field=mode"], "table");
    assert_eq!(field.output.trim(), "primary");
    assert_eq!(a.status()["cluster_id"], c.status()["cluster_id"]);

    let steps = c.table(&["check"]);
    has(&steps, &["Step", "Works", "Detail"]);
    assert!(!steps.contains("  no  "), "{steps}");
    assert_eq!(c.json(&["check"])["data"]["ok"], true);
    for format in ["table", "json"] {
        let ran = c.run(&["check", "127.0.0.1:1"], format);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        has(&ran.output, &["127.0.0.1:1"]);
    }
    assert_eq!(c.json(&["recover"])["data"], Value::Null);
    has(
        &c.table(&["recover"]),
        &["Success! Replication begins anew"],
    );
    c.until_it_streams();
    c.fails(&["secondary-token", "x"], 2, "not a performance primary");
    a.fails(&["promote"], 2, "not a performance secondary");
}

/// The amounts of a preview.
fn amounts(preview: &Value, part: &str) -> (u64, Vec<String>) {
    let part = &preview["data"][part];
    let mounts = part["mounts"].as_array().unwrap().iter();
    let mounts = mounts.map(|path| path.as_str().unwrap().to_owned());
    (part["entries"].as_u64().unwrap(), mounts.collect())
}

fn filtered(a: &Operator<'_>, c: &Operator<'_>) {
    let none = a.run(&["filter", "get", "c"], "table");
    assert_eq!(
        (none.code, none.output.as_str()),
        (Some(2), ""),
        "{none:#?}"
    );
    has(&none.errors, &["No filter is set for secondary c"]);
    let deny = ["-mode=deny", "-path=kv", "-path=no/such"];
    let preview = [&["filter", "preview", "c"][..], &deny].concat();
    let shown = a.json(&preview);
    // The value, and that there is such a mount.
    assert_eq!(amounts(&shown, "deletes"), (2, vec!["kv/".to_owned()]));
    assert_eq!(amounts(&shown, "sends"), (0, vec![]));
    assert_eq!(shown["data"]["orphans_leases_of"], json!(["kv/"]));
    assert_eq!(shown["data"]["unknown_paths"], json!(["no/such/"]));
    has(
        &a.table(&preview),
        &["deletes", "entries:2", "mounts:[kv/]", "[no/such/]"],
    );
    c.cluster.has("kv/x", "1");

    let set = a.run(&[&["filter", "set", "c"][..], &deny].concat(), "table");
    assert_eq!(set.code, Some(0), "{set:#?}");
    has(&set.output, &["Success! Set the filter of secondary: c"]);
    has(&(set.output + &set.errors), &["no/such/"]);
    until("the mount to go", || {
        (c.cluster.client().read("kv/x").status == 404).then_some(())
    });
    let read = a.json(&["filter", "get", "c"]);
    assert_eq!(
        read["data"],
        json!({ "mode": "deny", "paths": ["kv/", "no/such/"] })
    );
    has(
        &a.table(&["filter", "get", "c"]),
        &["deny", "[kv/ no/such/]"],
    );
    let dynamic = a.json(&["filter", "dynamic", "c"]);
    assert_eq!(dynamic["data"]["dynamic_filtered_mounts"], json!(["kv/"]));
    has(&a.table(&["filter", "dynamic", "c"]), &["[kv/]"]);
    let back = a.json(&["filter", "preview", "c", "-mode=deny"]);
    assert_eq!(amounts(&back, "sends"), (2, vec!["kv/".to_owned()]));
    assert_eq!(amounts(&back, "deletes"), (0, vec![]));

    a.fails(&["filter", "set", "c", "-mode=maybe"], 2, "neither");
    a.fails(&["filter", "preview", "c", "-path=/"], 2, "is not a path");
    has(
        &a.table(&["filter", "delete", "c"]),
        &["Success! Deleted the filter (if it existed) of secondary: c"],
    );
    assert_eq!(a.json(&["filter", "delete", "c"]), Value::Null);
    until("the mount to come back", || {
        (c.cluster.client().read("kv/x").status == 200).then_some(())
    });
    c.until_it_streams();
}

fn looked_at(a: &Operator<'_>, c: &Operator<'_>) {
    for operator in [a, c] {
        let shown = operator.table(&["merkle-check"]);
        has(&shown, &["Tree", "Entries", "Root Hash", "Corrupted"]);
        for tree in ["replicated", "local"] {
            assert_eq!(row(&shown, tree).last(), Some(&"no"), "{shown}");
        }
        let report = operator.json(&["merkle-check"]);
        let report = &report["data"]["merkle_corruption_report"];
        assert_eq!(report["corrupted_root"], false, "{report:#}");
        let done = operator.table(&["reindex"]);
        has(&done, &["Success! The digests are those of the entries"]);
        let warned = operator.json(&["reindex"]);
        has(&warned["warnings"].to_string(), &["nothing to put right"]);
    }
}

/// The secondary leads, and then the first one again.
fn turned(a: &Operator<'_>, c: &Operator<'_>) {
    let leads = "its primary still leads: demote that first";
    let cannot = c.run(&["promote", "-dry-run"], "table");
    assert_eq!(cannot.code, Some(2), "{cannot:#?}");
    has(&cannot.output, &["can_promote", "false", leads]);
    c.fails(&["promote"], 2, leads);
    has(&a.table(&["demote"]), &["Success!", "follows nobody yet"]);
    let can = c.json(&["promote", "-dry-run"]);
    assert_eq!(can["data"]["can_promote"], true, "{can:#}");
    has(&c.table(&["promote", "-dry-run"]), &["can_promote", "true"]);
    let address = format!("-cluster-addr={}", c.cluster.relay.url());
    has(
        &c.table(&["promote", &address]),
        &["Success! This cluster is the performance primary"],
    );
    follows(a, c, "a", "table");
    assert_eq!(c.json(&["demote"])["data"], Value::Null);
    let address = format!("-cluster-addr={}", a.cluster.relay.url());
    assert_eq!(a.json(&["promote", &address])["data"], Value::Null);
    follows(c, a, "back", "json");
    let relay = a.cluster.relay.url();
    let moved = format!("-primary-cluster-addr={relay}");
    has(
        &c.table(&["update-primary", &moved]),
        &["Success! This secondary follows the primary given"],
    );
    c.until_it_streams();
    has(
        &c.table(&["update-primary", "-detach"]),
        &["Success! This secondary follows nobody"],
    );
    c.until("it follows nobody", |status| {
        status["connection_state"] != "ready"
    });
    let cannot = c.run(&["update-primary", &moved, "nonsense"], "table");
    assert_eq!(cannot.code, Some(1), "{cannot:#?}");
    assert_eq!(c.json(&["update-primary", &moved])["data"], Value::Null);
    c.until_it_streams();
}

/// The first one is lost, writes what nobody else has, and comes back.
fn kept_aside(a: &Operator<'_>, c: &Operator<'_>) {
    a.cluster.relay.cut();
    c.until("the cut is seen", |status| {
        status["connection_state"] == "transient_failure"
    });
    for name in ["lost", "lost-too"] {
        a.cluster
            .write(&format!("kv/{name}"), &json!({ "v": name }));
    }
    let address = format!("-cluster-addr={}", c.cluster.relay.url());
    c.fails(&["promote", &address], 2, "did not say farewell");
    c.table(&["promote", "-force", &address]);
    // It cannot know of the other one yet.
    a.fails(&["demote"], 2, "none follows at the moment");
    a.table(&["demote", "-force"]);
    follows(a, c, "lost", "table");
    assert_eq!(row(&a.table(&["status"]), "Kept Aside (entries)")[1], "2");

    let listed = a.json(&["aside", "list"])["data"].clone();
    assert_eq!(listed["entry_count"], 2, "{listed:#}");
    assert_eq!(listed["entries"].as_array().unwrap().len(), 2, "{listed:#}");
    assert_eq!(listed["entries"][0]["mount"], "kv/", "{listed:#}");
    assert_eq!(listed["entries"][0]["value"], Value::Null, "{listed:#}");
    let shown = a.table(&["aside", "list"]);
    has(&shown, &["Generation", "Namespace", "Mount", "kv/", "lost"]);
    assert_eq!(row(&shown, "Entries"), ["Entries", "2"]);
    let exported = a.json(&["aside", "export"])["data"].clone();
    let values = exported["entries"].as_array().unwrap().iter();
    let values: Vec<&str> = values
        .map(|entry| entry["value"].as_str().unwrap())
        .collect();
    let decoded = values.iter().map(|value| STANDARD.decode(value).unwrap());
    let decoded: Vec<String> = decoded
        .map(|value| String::from_utf8(value).unwrap())
        .collect();
    assert!(decoded.iter().any(|value| value.contains("lost-too")));
    has(&a.table(&["aside", "export"]), &values);
    let field = a.run(&["aside", "list", "-field=bytes"], "table");
    let bytes = exported["bytes"].to_string();
    assert_eq!(field.output.trim(), bytes, "{field:#?}");

    let nobodys = Operator {
        token: String::from("nobody's"),
        ..*a
    };
    for word in ["list", "export", "delete"] {
        nobodys.fails(&["aside", word], 2, "permission denied");
    }
    let done = "Success! Deleted what was kept aside (if there was anything)";
    has(&a.table(&["aside", "delete"]), &[done]);
    assert_eq!(a.json(&["aside", "delete"]), Value::Null);
    a.fails(&["aside", "list"], 2, "Nothing is kept aside");

    a.cluster.relay.mend();
    c.table(&["demote"]);
    let address = format!("-cluster-addr={}", a.cluster.relay.url());
    a.table(&["promote", &address]);
    follows(c, a, "again", "table");
}

fn follows(secondary: &Operator<'_>, primary: &Operator<'_>, id: &str, format: &str) {
    let key = secondary.run(
        &["generate-public-key", "-field=secondary_public_key"],
        "table",
    );
    let key = format!("-public-key={}", key.output.trim());
    let token = primary.run(&["secondary-token", id, &key, "-field=token"], "table");
    let ran = secondary.run(&["update-primary", token.output.trim()], format);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    secondary.until_it_streams();
}

fn revoked(a: &Operator<'_>) {
    a.fails(&["revoke-secondary", "nobody"], 2, "no secondary of the id");
    for (id, format, expected) in [
        ("d", "table", "Success! Revoked secondary: d\n"),
        ("e", "json", ""),
    ] {
        a.json(&["secondary-token", id]);
        let ran = a.run(&["revoke-secondary", id], format);
        assert_eq!(
            (ran.code, ran.output.as_str()),
            (Some(0), expected),
            "{ran:#?}"
        );
        let shown = a.table(&["status"]);
        assert_eq!(row(&shown, &format!("{id} "))[1], "revoked");
    }
}

fn ended(a: &Operator<'_>, c: &Operator<'_>) {
    let done = "Success! Disabled performance replication";
    has(&c.table(&["disable"]), &[done]);
    assert_eq!(c.status()["mode"], "disabled");
    assert_eq!(a.json(&["disable"])["data"], Value::Null);
    assert_eq!(a.status()["mode"], "disabled");
    // And anew, as programs do it.
    let address = format!("-cluster-addr={}", a.cluster.relay.url());
    assert_eq!(a.json(&["enable-primary", &address])["data"], Value::Null);
    let token = a.run(&["secondary-token", "c", "-field=wrapping_token"], "table");
    let wipe = format!("-confirm-wipe={}", c.cluster.id());
    let enabled = c.json(&["enable-secondary", token.output.trim(), &wipe]);
    assert_eq!(enabled["data"], Value::Null, "{enabled:#}");
    c.until_it_streams();
}
