//! `casemate replication check`, before there is a relation and while there is one.

use crate::cli::Operator;
use crate::cuts::terminating_proxy;
use e2e::clusters::Pair;
use serde_json::{Value, json};

/// All steps are good, and the table holds these words.
#[track_caller]
fn is_good(operator: &Operator<'_>, more: &[&str], words: &[&str]) {
    let words_of_it = [&["check"], more].concat();
    let table = operator.table(&words_of_it);
    for word in words {
        assert!(table.contains(word), "{word:?} in\n{table}");
    }
    assert!(!table.contains("  no  "), "{table}");
    let ran = operator.run(&words_of_it, "json");
    assert_eq!(ran.json()["data"]["ok"], true, "{ran:#?}");
}

/// The last step is this one, and fails for a reason with these words.
#[track_caller]
fn is_bad(operator: &Operator<'_>, more: &[&str], step: &str, words: &[&str]) {
    let ran = operator.run(&[&["check"], more].concat(), "json");
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    let answer = ran.json();
    let last = answer["data"]["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(last["ok"], false, "{answer:#}");
    let name = last["step"].as_str().unwrap();
    assert!(name.ends_with(step), "{answer:#}");
    let reason = last["reason"].as_str().unwrap();
    for word in words {
        assert!(reason.contains(word), "{word:?} in {reason}");
    }
}

/// An address that nobody listens at.
fn closed() -> String {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    unused.local_addr().unwrap().to_string()
}

fn fingerprint(operator: &Operator<'_>, more: &[&str]) -> String {
    let ran = operator.run(&[&["check"], more].concat(), "json");
    let answer = ran.json();
    let mut steps = answer["data"]["steps"].as_array().unwrap().iter();
    let found = steps.find_map(|step| step["found"].as_str()?.split_once("SHA-256 "));
    found.unwrap().1.to_owned()
}

#[test]
fn both_sides_are_tried_before_a_token_is_made() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::apart(&hosts, "", "");
    let proxy = terminating_proxy(&pair.a.relay);
    let relay = pair.a.relay.url();
    let api = format!("-primary-api-addr={}", pair.a.server.url());
    {
        let (a, c) = (Operator::of(&pair.a), Operator::of(&pair.c));
        let words = [
            "none yet",
            "CN=casemate primary",
            "casemate-performance/1",
            "sent away for want of a certificate",
            "api address",
        ];
        is_good(&c, &[&relay, &api], &words);
        is_bad(&c, &[], "role", &["plays no part"]);
        let words = ["none of a primary", "terminates TLS", "CN=rcgen"];
        is_bad(&c, &[&proxy], "verify the certificate", &words);
        is_bad(&c, &[&closed()], "connect", &["refused"]);
        // The port of the API in the place of the one for clusters.
        let wrong_port = pair.a.server.url().replace("http://", "");
        let words = ["does not speak TLS", "port for clusters"];
        is_bad(&c, &[&wrong_port], "TLS handshake", &words);
        // Somebody who is no primary.
        let no_primary = pair.c.server.cluster_address();
        let words = ["does not take casemate-performance/1: it is sealed"];
        is_bad(&c, &[no_primary], "agree on the protocol", &words);

        let words = ["primary", "this cluster answers", "reach itself"];
        is_good(&a, &[], &words);
        assert_eq!(fingerprint(&a, &[]), fingerprint(&c, &[&relay]));
        is_bad(&a, &[&proxy], "verify the certificate", &["terminates TLS"]);
        let here = pair.c.server.url();
        let elsewhere = format!("-primary-api-addr={here}");
        let ran = a.run(&["check", &elsewhere], "json");
        let answer = ran.json();
        let api = &answer["data"]["steps"][1];
        assert_eq!(api["step"], "api address", "{answer:#}");
        let reason = api["reason"].as_str().unwrap();
        assert!(reason.contains("another cluster answers there"), "{reason}");
        pair.a.relay.cut();
        is_bad(&a, &[], "TLS handshake", &["closed the connection"]);
        pair.a.relay.mend();
    }
    pair.join("c", &json!({}));
    let c = Operator::of(&pair.c);
    is_good(&c, &[], &["secondary", "CN=casemate primary", "let in"]);
    pair.a.revoke("c");
    is_bad(&c, &[], "be admitted", &["revoked"]);
    let status: Value = pair.a.status();
    assert_eq!(status["known_secondaries"], json!([]));
}
