use super::schema::{Effect, Key, Kind, SECTIONS};
use super::*;
use api::{ClientCertificates, Limits, TlsVersion};

fn read(texts: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in texts {
        fs::write(folder.path().join(name), text).unwrap();
    }
    read_config(&[folder.path().to_owned()], Given::default())
}

fn read_one(text: &str) -> Result<Config, ConfigError> {
    read(&[("a.hcl", text)])
}

const LISTENER: &str = "listener \"tcp\" {\n  tls_disable = true\n}\n";
const STORAGE: &str = "storage \"inmem\" {}\n";

/// With a listener and a storage before it, which take four lines.
fn read_more(text: &str) -> Result<Config, ConfigError> {
    read_one(&format!("{LISTENER}{STORAGE}{text}"))
}

#[test]
fn as_vaults_users_write_it() {
    let text = r#"
        ui            = true
        disable_mlock = true
        api_addr      = "https://vault.example.com:8200"
        default_lease_ttl = "24h"
        max_lease_ttl     = 172800
        log_level  = "Debug"
        log_format = "json"
        pid_file   = "/run/casemate.pid"

        storage "raft" {
          path    = "/opt/casemate/data"
          node_id = "one"
        }

        listener "tcp" {
          address         = "0.0.0.0:8300"
          cluster_address = "0.0.0.0:8400"
          tls_cert_file   = "/etc/cert.pem"
          tls_key_file    = "/etc/key.pem"
          tls_client_ca_file = "/etc/ca.pem"
          tls_min_version = "tls13"
          max_request_size = 1024
          x_forwarded_for_authorized_addrs = "10.0.0.0/8, 192.168.1.1"
          x_forwarded_for_reject_not_present = false
          telemetry { unauthenticated_metrics_access = true }
        }

        telemetry { disable_hostname = true }
    "#;
    let config = read_one(text).unwrap();
    assert_eq!(config.api_addr, "https://vault.example.com:8200");
    assert_eq!(config.cluster_addr, "https://127.0.0.1:8400");
    assert_eq!(config.default_lease_ttl, Duration::from_secs(86_400));
    assert_eq!(config.max_lease_ttl, Duration::from_secs(172_800));
    assert_eq!(config.log.level, Some(LogLevel::Debug));
    assert_eq!(config.log.format, Some(LogFormat::Json));
    assert!(config.has_ui);
    let storage = StorageConfig::Raft {
        path: PathBuf::from("/opt/casemate/data"),
        node_id: Some(String::from("one")),
    };
    assert_eq!(config.storage, storage);
    let [listener] = config.listeners.as_slice() else {
        panic!("{:?}", config.listeners);
    };
    assert_eq!(listener.address.to_string(), "0.0.0.0:8300");
    assert_eq!(listener.limits.request_bytes_max, 1024);
    let TlsConfig::Files(tls) = &listener.tls else {
        panic!("{:?}", listener.tls);
    };
    assert_eq!(tls.version_min, TlsVersion::Tls13);
    let bundle = PathBuf::from("/etc/ca.pem");
    assert_eq!(
        tls.client_certificates,
        ClientCertificates::IssuedBelow(bundle)
    );
    let rules = listener.forwarded.as_ref().unwrap();
    assert_eq!(rules.authorized.len(), 2);
    assert_eq!(rules.not_present, api::Otherwise::UseConnection);
    assert_eq!(rules.not_authorized, api::Otherwise::Refuse);
    let warned = |name: &str| config.warnings.iter().any(|line| line.contains(name));
    assert!(
        warned("\"disable_mlock\" has no effect"),
        "{:?}",
        config.warnings
    );
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
}

#[test]
fn every_idle_key_is_taken_with_one_warning() {
    let mut count = 0;
    for section in SECTIONS {
        for key in section.keys.iter().filter(|key| key.effect == Effect::Idle) {
            let line = format!("  {} = \"x\"\n", key.name);
            let text = match section.title {
                "" => format!("{LISTENER}{STORAGE}{line}"),
                "listener \"tcp\"" => {
                    format!("{STORAGE}listener \"tcp\" {{\n  tls_disable = true\n{line}}}\n")
                }
                "storage \"raft\"" => {
                    format!("{LISTENER}storage \"raft\" {{\n  path = \"/a\"\n{line}}}\n")
                }
                "storage \"inmem\"" => format!("{LISTENER}storage \"inmem\" {{\n{line}}}\n"),
                title => format!("{LISTENER}{STORAGE}{title} {{\n{line}}}\n"),
            };
            let config = read_one(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let [warning] = config.warnings.as_slice() else {
                panic!("{text}: {:?}", config.warnings);
            };
            let said = format!("{:?}", key.name);
            assert!(warning.contains(&said), "{warning}");
            assert!(warning.contains("has no effect"), "{warning}");
            assert!(warning.ends_with(key.meaning), "{warning}");
            count += 1;
        }
    }
    assert!(count >= 60, "{count}");
}

#[test]
fn as_json() {
    let text = r#"{
        "listener": [{"tcp": {"address": "127.0.0.1:1", "tls_disable": "true"}}],
        "storage": {"raft": {"path": "/data"}},
        "max_request_size": 100,
        "max_lease_ttl": "1000h"
    }"#;
    let config = read(&[("a.json", text)]).unwrap();
    assert_eq!(config.listeners[0].address.to_string(), "127.0.0.1:1");
    assert_eq!(config.listeners[0].tls, TlsConfig::Off);
    assert_eq!(config.listeners[0].limits.request_bytes_max, 100);
    assert_eq!(config.api_addr, "http://127.0.0.1:1");
    assert_eq!(config.storage.name(), "raft");
    assert_eq!(config.default_lease_ttl, Duration::from_secs(768 * 3600));
}

#[test]
fn files_of_a_folder_come_in_the_order_of_their_names() {
    let config = read(&[
        ("2.hcl", "cluster_name = \"late\"\nlog_level = \"warn\""),
        (
            "1.hcl",
            &format!("{LISTENER}{STORAGE}cluster_name = \"early\"\nui = true"),
        ),
        ("readme.txt", "not a configuration"),
    ])
    .unwrap();
    assert_eq!(config.cluster_name, "late");
    assert!(config.has_ui);
    assert_eq!(config.listeners[0].limits, Limits::default());
}

#[test]
fn what_is_wrong_names_file_and_line() {
    let check = |text: &str, expected: &str| {
        let message = read_more(text).map(|_| ()).unwrap_err().to_string();
        let message = message
            .split_once("/a.hcl:")
            .map_or(message.as_str(), |(_, m)| m);
        assert_eq!(message, expected, "{text}");
    };
    check(
        "clustr_name = \"x\"",
        "5: unknown key \"clustr_name\"; did you mean \"cluster_name\"?",
    );
    check("\nfrobnicate = 1", "6: unknown key \"frobnicate\"");
    check(
        "listener \"tcp\" {\n  tls_disable = true\n  adress = \"a\"\n}",
        "7: unknown key \"adress\" in listener \"tcp\"; did you mean \"address\"?",
    );
    check(
        "telemetry {\n  prometheus_retention_tme = \"1h\"\n}",
        "6: unknown key \"prometheus_retention_tme\" in telemetry; did you mean \"prometheus_retention_time\"?",
    );
    check(
        "storage \"raft\" {\n}",
        "5: storage \"raft\" needs a \"path\"",
    );
    check(
        "storage \"consul\" {\n}",
        "5: storage \"consul\" is not supported; use \"raft\" or \"inmem\"",
    );
    check(
        "listener \"unix\" {\n}",
        "5: listener \"unix\" is not supported; use \"tcp\"",
    );
    check(
        "listener = 3",
        "5: \"listener\" must be a block with one label",
    );
    check("ui = \"maybe\"", "5: \"ui\" must be true or false");
    check(
        "max_lease_ttl = \"soon\"",
        "5: \"max_lease_ttl\" must be a duration like 90, \"90s\" or \"1h30m\"",
    );
    check(
        "max_request_size = \"big\"",
        "5: \"max_request_size\" must be a whole number",
    );
    check("cluster_name = [1]", "5: \"cluster_name\" must be a string");
    check(
        "log_level = \"loud\"",
        "5: \"log_level\" must be trace, debug, info, warn or error",
    );
    check(
        "log_format = \"xml\"",
        "5: \"log_format\" must be standard or json",
    );
    check(
        "seal \"awskms\" {\n}",
        "5: \"seal\" is not supported: Auto-unseal is not there yet.",
    );
    check(
        "default_lease_ttl = \"2h\"\nmax_lease_ttl = \"1h\"",
        "5: \"default_lease_ttl\" is longer than \"max_lease_ttl\"",
    );
    check("x = ", "5: not a configuration");
}

#[test]
fn what_is_wrong_with_a_listener() {
    let check = |text: &str, expected: &str| {
        let text = format!("{STORAGE}listener \"tcp\" {{\n{text}\n}}");
        let message = read_one(&text).map(|_| ()).unwrap_err().to_string();
        let message = message
            .split_once("/a.hcl:")
            .map_or(message.as_str(), |(_, m)| m);
        assert!(message.starts_with(expected), "{message}");
    };
    let tls = "tls_cert_file = \"c\"\ntls_key_file = \"k\"\n";
    check("", "a listener needs \"tls_cert_file\"");
    check("address = \"no port at all:x:y\"", "3: \"address\" must be");
    check(
        &format!("{tls}tls_min_version = \"tls10\""),
        "5: \"tls_min_version\" must be",
    );
    check(
        &format!("{tls}tls_min_version = \"tls13\"\ntls_max_version = \"tls12\""),
        "5: \"tls_min_version\" is newer",
    );
    check(
        &format!("{tls}tls_require_and_verify_client_cert = true"),
        "5: \"tls_require",
    );
    check(
        "tls_disable = true\nmax_json_depth = 500",
        "4: \"max_json_depth\" must be",
    );
    check(
        "tls_disable = true\nx_forwarded_for_authorized_addrs = [\"x\"]",
        "4: \"x\" is neither an address nor a block",
    );
    check(
        "tls_disable = true\nproxy_protocol_behavior = \"use_always\"",
        "4: \"proxy_",
    );
}

#[test]
fn what_is_missing() {
    let message = |text: &str| read_one(text).map(|_| ()).unwrap_err().to_string();
    assert!(message(LISTENER).starts_with("no storage"));
    assert!(message(STORAGE).starts_with("no listener"));
    assert!(matches!(read(&[]), Err(ConfigError::NoFiles(_))));
    let nowhere = [PathBuf::from("/nowhere/at/all.hcl")];
    let missing = read_config(&nowhere, Given::default());
    assert!(matches!(missing, Err(ConfigError::Unreadable(..))));
}

/// The rows of a table for the reference.
fn table(keys: &[Key]) -> String {
    let mut rows = String::from("| key | value | default | meaning |\n|---|---|---|---|\n");
    for key in keys.iter().filter(|key| key.effect == Effect::Used) {
        let kind = match key.kind {
            Kind::Text => "string",
            Kind::Flag => "`true` or `false`",
            Kind::Duration => "duration",
            Kind::Count | Kind::Signed => "number",
            Kind::Texts => "list of strings",
            Kind::Block(_) | Kind::Anything => "block",
        };
        let (name, default, meaning) = (key.name, key.default, key.meaning);
        rows.push_str(&format!("| `{name}` | {kind} | {default} | {meaning} |\n"));
    }
    rows
}

/// What has no effect, or is an error, for the reference.
fn list(keys: &[Key], effect: Effect) -> String {
    let matching = keys.iter().filter(|key| key.effect == effect);
    matching
        .map(|key| format!("- `{}`: {}\n", key.name, key.meaning))
        .collect()
}

#[test]
fn the_reference_has_every_key() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/configuration.md"
    );
    let page = fs::read_to_string(page).unwrap_or_default();
    let mut expected = String::new();
    for section in SECTIONS {
        let title = match section.title {
            "" => "The top level",
            title => title,
        };
        expected.push_str(&format!("\n## {title}\n\n"));
        if section.keys.is_empty() {
            expected.push_str("It has no keys.\n");
            continue;
        }
        expected.push_str(&table(section.keys));
        for (effect, text) in [
            (Effect::Idle, "Taken with a warning, without an effect:"),
            (Effect::Refused, "Refused:"),
        ] {
            let lines = list(section.keys, effect);
            if !lines.is_empty() {
                expected.push_str(&format!("\n{text}\n\n{lines}"));
            }
        }
    }
    let found = page.find("\n## The top level").map(|start| &page[start..]);
    assert!(
        found == Some(expected.as_str()),
        "the page should go on:\n{expected}"
    );
}

#[test]
fn telemetry_is_named_as_the_operator_says() {
    let on = |text: &str| read_more(text).unwrap().telemetry.on("machine");
    let usual = on("");
    assert_eq!(usual, ::telemetry::Config::default());
    let hostname = |text: &str| on(text).hostname;
    let in_names = ::telemetry::Hostname::InNames(String::from("machine"));
    assert_eq!(hostname("telemetry {}"), in_names);
    let hidden = ::telemetry::Hostname::Hidden;
    assert_eq!(hostname("telemetry { disable_hostname = true }"), hidden);
    let label = ::telemetry::Hostname::InLabels(String::from("machine"));
    assert_eq!(
        hostname("telemetry { enable_hostname_label = true }"),
        label
    );
    let text = r#"telemetry {
        prometheus_retention_time = "30s"
        metrics_prefix = "own"
        prefix_filter  = ["+vault.token", "-vault.expire"]
        filter_default = false
    }"#;
    let own = on(text);
    assert_eq!(own.prometheus_retention, Duration::from_secs(30));
    assert_eq!(own.prefix, "own");
    assert!(!own.shows_others);
    let filters = [("vault.token", true), ("vault.expire", false)];
    assert_eq!(
        own.filters,
        filters.map(|(name, shown)| (name.to_owned(), shown))
    );
}

#[test]
fn sinks_for_metrics_have_a_warning_each() {
    let text = "telemetry {\n  statsd_address = \"a:1\"\n  circonus_api_url = \"b\"\n}";
    let warnings = read_more(text).unwrap().warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("\"statsd_address\" in telemetry has no effect"),
        "{warnings:?}"
    );
}

#[test]
fn the_log_file_begins_anew_as_the_operator_says() {
    let file = |text: &str| read_more(text).unwrap().log_file;
    assert_eq!(file(""), None);
    let day = Duration::from_secs(86_400);
    let usual = file("log_file = \"/l/a.log\"").unwrap();
    assert_eq!(
        (usual.bytes_max, usual.duration_max, usual.files_max),
        (0, day, 0)
    );
    let text = "log_file = \"/l/\"\nlog_rotate_bytes = 10\nlog_rotate_duration = \"1h\"\n\
                log_rotate_max_files = -1";
    let own = file(text).unwrap();
    assert_eq!(own.path, PathBuf::from("/l/"));
    let hour = Duration::from_secs(3600);
    assert_eq!(
        (own.bytes_max, own.duration_max, own.files_max),
        (10, hour, -1)
    );
    let wrong = read_more("log_rotate_max_files = \"many\"").unwrap_err();
    assert!(
        wrong.to_string().contains("must be a whole number"),
        "{wrong}"
    );
}

#[test]
fn what_a_listener_shows_to_everybody() {
    let without = |inside: &str| {
        let text = format!("listener \"tcp\" {{\n  tls_disable = true\n  {inside}\n}}\n{STORAGE}");
        read_one(&text).unwrap().listeners[0].without_token
    };
    assert_eq!(without(""), base::WithoutToken::default());
    let metrics = without("telemetry { unauthenticated_metrics_access = true }");
    assert!(metrics.metrics && !metrics.in_flight);
    let in_flight = "inflight_requests_logging { unauthenticated_in_flight_request_access = true }";
    let in_flight = without(in_flight);
    assert!(in_flight.in_flight && !in_flight.metrics);
}

#[test]
fn headers_of_responses() {
    let listener = |headers: &str| {
        let text = format!("listener \"tcp\" {{\n  tls_disable = true\n  {headers}\n}}\n{STORAGE}");
        read_one(&text)
    };
    let text = "custom_response_headers {\n    \"default\" = { \"X-A\" = [\"a\", \"b\"] }\n    \
                \"404\" = { \"X-Vault-B\" = [\"c\"] }\n  }";
    let config = listener(text).unwrap();
    let mut expected = api::ResponseHeaders::default();
    expected
        .add("default", "X-A", &[String::from("a"), String::from("b")])
        .unwrap();
    assert_eq!(config.listeners[0].headers, expected);
    assert!(
        config.warnings[0].contains("\"X-Vault-B\""),
        "{:?}",
        config.warnings
    );
    for (headers, expected) in [
        (
            "{ \"default\" = { \"X-A\" = \"a\" } }",
            "must hold maps from names to lists of strings",
        ),
        (
            "{ \"default\" = [\"a\"] }",
            "must hold maps from names to lists of strings",
        ),
        (
            "{ \"teapot\" = { \"X-A\" = [\"a\"] } }",
            "\"teapot\" is neither",
        ),
        (
            "{ \"2xx\" = { \"X A\" = [\"a\"] } }",
            "is no header that can be added",
        ),
    ] {
        let error = listener(&format!("custom_response_headers {headers}")).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn who_is_locked_out_and_when() {
    let config = read_more(
        "user_lockout \"all\" {\n  lockout_duration = \"10m\"\n}\nuser_lockout \"userpass\" {\n  lockout_threshold = \"25\"\n  lockout_counter_reset = \"1m\"\n  disable_lockout = \"true\"\n}\n",
    )
    .unwrap();
    let all = mount::UserLockout {
        duration: 600,
        ..Default::default()
    };
    let userpass = mount::UserLockout {
        threshold: 25,
        counter_reset: 60,
        disable: Some(true),
        ..Default::default()
    };
    let expected = [("all", all), ("userpass", userpass)];
    let expected = expected.map(|(method, said)| (method.to_owned(), said));
    assert_eq!(config.user_lockout, expected.into());
    let error = read_more("user_lockout \"jwt\" {}\n")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("user_lockout \"jwt\" is not supported"),
        "{error}"
    );
}

#[test]
fn how_clusters_follow_one_another() {
    let config = read_more(
        "replication {\n  best_effort_wal_wait_duration = \"250ms\"\n  log_bytes_max = 4096\n  \
         log_kept_bytes_max = 8192\n  allow_forwarding_via_header = true\n  \
         digest_check_interval = \"12h\"\n  \
         logshipper_buffer_length = 10\n  logshipper_buffer_size = \"5gb\"\n  \
         allow_forwarding_via_token = \"new_token\"\n  \
         replication_canary_write_interval_seconds = 5\n  \
         resolver_discover_servers = false\n}\ncluster_cipher_suites = \"TLS_AES_128_GCM_SHA256\"\n",
    )
    .unwrap();
    let expected = ReplicationConfig {
        own_write_wait: Some(Duration::from_millis(250)),
        log_bytes_max: Some(4096),
        log_kept_bytes_max: Some(8192),
        digest_check_interval: Some(Duration::from_secs(12 * 3600)),
        allow_forwarding_via_header: true,
    };
    assert_eq!(config.replication, expected);
    let warned = |name: &str| config.warnings.iter().any(|line| line.contains(name));
    let idle = [
        "allow_forwarding_via_token",
        "cluster_cipher_suites",
        "logshipper_buffer_length",
        "logshipper_buffer_size",
        "replication_canary_write_interval_seconds",
        "resolver_discover_servers",
    ];
    for name in idle {
        assert!(warned(name), "{name}: {:?}", config.warnings);
    }
    assert_eq!(config.warnings.len(), idle.len(), "{:?}", config.warnings);
    let usual = read_more("").unwrap();
    assert_eq!(usual.replication, ReplicationConfig::default());
    for (text, expected) in [
        ("log_bytes_max = \"big\"", "must be a whole number"),
        (
            "best_effort_wal_wait_duration = \"soon\"",
            "must be a duration",
        ),
        (
            "allow_forwarding_via_header = \"maybe\"",
            "must be true or false",
        ),
        ("log_byte_max = 1", "did you mean \"log_bytes_max\"?"),
    ] {
        let error = read_more(&format!("replication {{\n{text}\n}}")).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn audit_devices_are_declared() {
    let config = read_more(
        "audit \"file\" \"all\" {\n  description = \"d\"\n  local = true\n  options {\n    path = \"/var/log/a\"\n    log_raw = true\n  }\n}\naudit \"file\" \"b/\" {\n  options = { file_path = \"discard\" }\n}\n",
    )
    .unwrap();
    let options = |options: &[(&str, &str)]| {
        let owned = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        owned.collect()
    };
    let all = node::DeclaredDevice {
        kind: String::from("file"),
        description: String::from("d"),
        options: options(&[("file_path", "/var/log/a"), ("log_raw", "true")]),
        local: true,
    };
    let second = node::DeclaredDevice {
        kind: String::from("file"),
        options: options(&[("file_path", "discard")]),
        ..Default::default()
    };
    let expected = [("all/", all), ("b/", second)];
    let expected = expected.map(|(path, device)| (path.to_owned(), device));
    assert_eq!(config.audit, expected.into());
    for (text, expected) in [
        (
            "audit \"file\" { description = \"d\" }\n",
            "must be a block with 2 labels",
        ),
        ("audit \"file\" \"a\" {}\n", "audit \"file\" \"a\": "),
        ("audit \"pigeon\" \"a\" {}\n", "pigeon"),
        (
            "audit \"file\" \"a\" { frob = 1 }\n",
            "unknown key \"frob\"",
        ),
        (
            "audit \"file\" \"a\" { options = { file_path = [] } }\n",
            "must be a block of texts",
        ),
        (
            "audit \"file\" \"a\" { options = { file_path = \"discard\" } }\naudit \"file\" \"a/\" { options = { file_path = \"discard\" } }\n",
            "another audit device has this path",
        ),
        (
            "audit \"file\" \"a\" { options = { file_path = \"discard\", fallback = true } }\naudit \"file\" \"b\" { options = { file_path = \"discard\", fallback = \"true\" } }\n",
            "there is a fallback device already: \"a/\"",
        ),
    ] {
        let error = read_more(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
