//! A token that is redeemed where the primary's API speaks TLS, under an authority of its own.

use crate::cli::Operator;
use e2e::clusters::{Cluster, Hosts, Pair};
use e2e::free_port;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const ENABLE: &str = "sys/replication/performance/secondary/enable";

/// Makes an authority; its certificate lies in a folder of its own.
fn authority(folder: &Path) -> (CertifiedIssuer<'static, KeyPair>, PathBuf) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let made = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::create_dir(folder).unwrap();
    let file = folder.join("ca.pem");
    fs::write(&file, made.pem()).unwrap();
    (made, file)
}

/// A listener with TLS for the first host, and its URL.
fn listener(
    hosts: &Hosts,
    folder: &Path,
    issuer: &CertifiedIssuer<'static, KeyPair>,
) -> (String, String) {
    let [host, _] = hosts.a.addresses();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let [cert, private] = ["cert.pem", "key.pem"].map(|name| folder.join(name));
    fs::write(&cert, certificate.pem()).unwrap();
    fs::write(&private, key.serialize_pem()).unwrap();
    let address = format!("{host}:{}", free_port());
    let more = format!(
        "listener \"tcp\" {{\n  address = {address:?}\n  tls_cert_file = {cert:?}\n  \
         tls_key_file = {private:?}\n}}\n"
    );
    (more, format!("https://{address}"))
}

/// It is refused, says why, and stays what it is.
#[track_caller]
fn is_refused(c: &Cluster, body: &Value, wanted: &str) {
    let answer = c.client().write(ENABLE, body);
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(
        answer.body.contains(wanted),
        "{wanted:?} in {}",
        answer.body
    );
    assert_eq!(c.status()["mode"], "disabled");
}

#[test]
fn a_token_is_redeemed_over_tls() {
    let Some(hosts) = e2e::hosts!() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (right, right_file) = authority(&at("right"));
    let (_, wrong_file) = authority(&at("wrong"));
    fs::write(at("nothing.pem"), "no certificate").unwrap();
    let (more, url) = listener(&hosts, folder.path(), &right);
    let mut pair = Pair::apart(&hosts, &more, "");
    let (a, c) = (&pair.a, &pair.c);
    let token = a.activation("c", &json!({}));
    let asked = |more: Value| {
        let mut body = json!({ "token": token, "primary_api_addr": url });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let missing = at("missing.pem");
    let told = missing.to_str().unwrap();
    is_refused(c, &asked(json!({ "ca_file": missing })), told);
    is_refused(c, &asked(json!({ "ca_path": at("missing") })), "missing");
    let nothing = json!({ "ca_file": at("nothing.pem") });
    is_refused(c, &asked(nothing), "there is no certificate in");
    // Who is not trusted is not shown the token, so that it is still good.
    is_refused(c, &asked(json!({})), &url);
    is_refused(c, &asked(json!({ "ca_file": wrong_file })), &url);
    is_refused(c, &asked(json!({ "ca_path": at("wrong") })), &url);
    let enabled = asked(json!({ "ca_file": wrong_file, "ca_path": at("right") }));
    c.write(ENABLE, &enabled);
    pair.joined();
    let (a, c) = (&pair.a, &pair.c);
    a.until_equal(c);

    a.revoke("c");
    let token = a.activation("c", &json!({}));
    let update = "sys/replication/performance/secondary/update-primary";
    let mut body = json!({ "token": token, "primary_api_addr": url, "ca_file": wrong_file });
    let refused = c.client().write(update, &body);
    assert_eq!(refused.status, 400, "{}", refused.body);
    body["ca_file"] = json!(right_file);
    c.write(update, &body);
    c.until_it_streams();
    c.mount("kv");
    c.put("kv/x", "1");
    a.has("kv/x", "1");
}

/// A certificate below an authority and its key, PEM.
fn client_of(issuer: &CertifiedIssuer<'static, KeyPair>) -> [String; 2] {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["secondary.test".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    [certificate.pem(), key.serialize_pem()]
}

#[test]
fn a_token_is_redeemed_where_the_api_asks_for_a_certificate() {
    let Some(hosts) = e2e::hosts!() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (right, right_file) = authority(&at("right"));
    let (wrong, _) = authority(&at("wrong"));
    let (more, url) = listener(&hosts, folder.path(), &right);
    let demands = format!(
        "  tls_client_ca_file = {right_file:?}\n  tls_require_and_verify_client_cert = true\n}}\n"
    );
    let more = format!("{}{demands}", more.trim_end().trim_end_matches('}'));
    let mut pair = Pair::apart(&hosts, &more, "");
    let (a, c) = (&pair.a, &pair.c);
    let token = a.activation("c", &json!({}));
    let [certificate, key] = client_of(&right);
    let asked = |certificate: &str, key: &str| {
        json!({
            "token": token, "primary_api_addr": url, "ca_file": right_file,
            "client_cert_pem": certificate, "client_key_pem": key,
        })
    };
    is_refused(c, &asked("", ""), "CertificateRequired");
    is_refused(c, &asked(&certificate, ""), "give both, or neither");
    is_refused(c, &asked("no", &key), "no client certificate");
    let [other, other_key] = client_of(&wrong);
    is_refused(c, &asked(&other, &other_key), &url);
    let words = "the client key is none of the client certificate";
    is_refused(c, &asked(&certificate, &other_key), words);

    // The command reads what it sends along; a check beforehand needs the same.
    fs::write(at("client.pem"), &certificate).unwrap();
    fs::write(at("client.key"), &key).unwrap();
    let option = |name: &str, value: &Path| format!("-{name}={}", value.display());
    let reached = [
        format!("-primary-api-addr={url}"),
        option("primary-ca-file", &right_file),
        option("primary-client-cert", &at("client.pem")),
        option("primary-client-key", &at("client.key")),
    ];
    let reached: Vec<&str> = reached.iter().map(String::as_str).collect();
    let operator = Operator::of(c);
    let unknown = operator.run(&[&["check"], &reached[..2]].concat(), "table");
    assert_eq!(unknown.code, Some(2), "{unknown:#?}");
    operator.table(&[&["check"], &reached[..]].concat());
    operator.table(&[&["enable-secondary"], &reached[..], &[token.as_str()]].concat());
    pair.joined();

    let (a, c) = (&pair.a, &pair.c);
    a.revoke("c");
    let token = a.activation("c", &json!({}));
    let update = "sys/replication/performance/secondary/update-primary";
    let mut body = json!({ "token": token, "primary_api_addr": url, "ca_file": right_file });
    let refused = c.client().write(update, &body);
    assert_eq!(refused.status, 400, "{}", refused.body);
    body["client_cert_pem"] = json!(certificate);
    body["client_key_pem"] = json!(key);
    c.write(update, &body);
    c.until_it_streams();
    // It is shown, and not kept.
    assert!(!c.server.log().contains("PRIVATE KEY"));
}
