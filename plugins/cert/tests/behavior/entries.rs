//! What an entry wants of a certificate, gives for it, and shows.

use super::world::*;
use core::time::Duration;
use rcgen::{DnType, SanType};
use sdk::{FailureKind, Json, Reply, json};

fn alice(root: &Made) -> Made {
    let named = recipe("alice").with(|parameters| {
        let name = &mut parameters.distinguished_name;
        name.push(DnType::OrganizationalUnitName, "eng");
        parameters.subject_alt_names = vec![
            SanType::DnsName("a.example.com".try_into().unwrap()),
            SanType::Rfc822Name("a@x.org".try_into().unwrap()),
            SanType::URI("spiffe://x/y".try_into().unwrap()),
        ];
        parameters.custom_extensions = vec![
            extension(&[1, 2, 3, 4], b"\x0c\x03abc"),
            extension(&[1, 2, 3, 5], b"\x02\x01\x05"),
        ];
        parameters.serial_number = serial(0x12_3456_7890);
    });
    named.signed_by(root)
}

#[test]
fn constraints() {
    let root = authority("CA").self_signed();
    let leaf = alice(&root);
    for (entry, expected) in [
        (json!({"allowed_names": "alice"}), true),
        (json!({"allowed_names": "zz,*.example.com"}), true),
        (json!({"allowed_names": "a@x*"}), true),
        (json!({"allowed_names": "spiffe*"}), false),
        (json!({"allowed_names": "zz"}), false),
        (json!({"allowed_common_names": "al*"}), true),
        (json!({"allowed_common_names": "AL*"}), false),
        (json!({"allowed_common_names": "a.example.com"}), false),
        (json!({"allowed_dns_sans": "*.example.com"}), true),
        (json!({"allowed_dns_sans": "alice"}), false),
        (json!({"allowed_email_sans": "a@*"}), true),
        (json!({"allowed_email_sans": "b@*"}), false),
        (json!({"allowed_uri_sans": "spiffe://*"}), true),
        (json!({"allowed_uri_sans": "https://*"}), false),
        (json!({"allowed_organizational_units": "eng"}), true),
        (json!({"allowed_organizational_units": "e*"}), true),
        (json!({"allowed_organizational_units": "ops"}), false),
        (json!({"required_extensions": "1.2.3.4:abc"}), true),
        (json!({"required_extensions": "1.2.3.4:a*,1.2.3.5:*"}), true),
        (
            json!({"required_extensions": "1.2.3.4:abc,1.2.3.6:*"}),
            false,
        ),
        (json!({"required_extensions": "1.2.3.4:b"}), false),
        (
            json!({"required_extensions": "hex:1.2.3.4:0C03616263"}),
            true,
        ),
        (json!({"required_extensions": "hex:1.2.3.5:0201*"}), true),
        (json!({"required_extensions": "hex:1.2.3.5:0202"}), false),
        (
            json!({"allowed_common_names": "alice", "allowed_uri_sans": "https://*"}),
            false,
        ),
    ] {
        let mount = trusting(&root.pem, entry.clone());
        let told = login(&mount, &[&leaf]).map(|grant| grant.alias);
        let wanted = match expected {
            true => Ok("alice".to_owned()),
            false => Err(NOT_ALLOWED.to_owned()),
        };
        assert_eq!(told, wanted, "{entry}");
    }
}

#[test]
fn what_a_login_gives() {
    let root = authority("CA").self_signed();
    let leaf = alice(&root);
    let entry = json!({
        "display_name": "DD", "token_policies": "a", "token_ttl": 60,
        "allowed_metadata_extensions": "1.2.3.4,1.2.3.5,1.2.3.9",
    });
    let mount = trusting(&root.pem, entry);
    let grant = login(&mount, &[&leaf]).unwrap();
    assert_eq!(
        (grant.alias.as_str(), grant.display_name.as_str()),
        ("alice", "DD")
    );
    assert_eq!(
        (&grant.policies[..], grant.terms.ttl),
        (&["a".to_owned()][..], Duration::from_secs(60))
    );
    let metadata: std::collections::BTreeMap<String, String> = grant.metadata.into_iter().collect();
    assert_eq!(metadata["cert_name"], "c");
    assert_eq!(metadata["common_name"], "alice");
    assert_eq!(metadata["serial_number"], "78187493520");
    assert_eq!(
        (metadata["1-2-3-4"].as_str(), metadata["1-2-3-5"].as_str()),
        ("abc", "")
    );
    assert!(!metadata.contains_key("1-2-3-9"));
    assert_eq!(metadata["authority_key_id"].len(), 59);
    assert!(grant.alias_metadata.is_empty());
    mount
        .update("config", json!({"enable_identity_alias_metadata": true}))
        .unwrap();
    let grant = login(&mount, &[&leaf]).unwrap();
    assert_eq!(grant.alias_metadata, grant.metadata);
}

#[test]
fn which_entry_is_taken() {
    let root = authority("CA").self_signed();
    let leaf = alice(&root);
    let mount = trusting(&root.pem, json!({"token_policies": "c"}));
    trust(&mount, "d", &root.pem, json!({"token_policies": "d"}));
    mount.with_certificates(vec![leaf.der.clone()]);
    let policies = |name: &str| {
        let grant = mount.login("login", json!({ "name": name }));
        grant
            .map(|grant| grant.policies)
            .map_err(|failure| failure.message)
    };
    assert_eq!(policies(""), Ok(vec!["c".into()]), "the first by name");
    assert_eq!(policies("D"), Ok(vec!["d".into()]));
    assert_eq!(policies("zz"), Err(NOT_TRUSTED.into()));
    trust(&mount, "c", &root.pem, json!({"allowed_names": "zz"}));
    assert_eq!(policies(""), Ok(vec!["d".into()]));
    assert_eq!(policies("c"), Err(NOT_ALLOWED.into()));
    trust(
        &mount,
        "d",
        &root.pem,
        json!({"token_bound_cidrs": "10.0.0.0/8"}),
    );
    mount.from_address("192.0.2.1".parse().unwrap());
    let failure = mount.login("login", json!({"name": "d"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
}

#[test]
fn entries_that_are_refused() {
    let root = authority("CA").self_signed();
    let server = recipe("s").for_servers().self_signed();
    let mount = mount();
    let with = |more: Json| {
        let mut entry = json!({ "certificate": root.pem });
        for (name, value) in more.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry
    };
    let unread = "failed to parse certificate";
    let cut = root.pem.replace("\nMII", "\nMIJ");
    for (entry, message) in [
        (json!({}), unread),
        (json!({"certificate": ""}), unread),
        (json!({"certificate": "abc"}), unread),
        (
            json!({"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}),
            unread,
        ),
        (json!({"certificate": cut}), unread),
        (json!({"certificate": root.key.serialize_pem()}), unread),
        (
            json!({"certificate": format!("{}-----BEGIN CERTIFICATE-----\n", root.pem)}),
            unread,
        ),
        (
            json!({"certificate": server.pem}),
            "nonCA certificates should have TLS client authentication set as an extended key usage",
        ),
        (
            with(json!({"token_ttl": 100, "token_max_ttl": 50})),
            "'token_ttl' cannot be greater than 'token_max_ttl'",
        ),
        (with(json!({"ocsp_enabled": true})), "OCSP is not supported"),
        (
            with(json!({"ocsp_servers_override": "https://ocsp"})),
            "OCSP is not supported",
        ),
        (
            with(json!({"ocsp_ca_certificates": "x"})),
            "OCSP is not supported",
        ),
        (
            with(json!({"required_extensions": "abc"})),
            "required extension \"abc\" is neither oid:value nor hex:oid:value",
        ),
    ] {
        let failure = mount.update("certs/x", entry.clone()).unwrap_err();
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (FailureKind::Invalid, message),
            "{entry}"
        );
        assert!(mount.stored().is_empty());
    }
}

#[test]
fn an_entry_is_shown_as_it_was_written() {
    let root = authority("CA").self_signed();
    let mount = mount();
    let start = json!({
        "allowed_common_names": null, "allowed_dns_sans": null, "allowed_email_sans": null,
        "allowed_metadata_extensions": null, "allowed_names": null,
        "allowed_organizational_units": null, "allowed_uri_sans": null, "certificate": root.pem,
        "display_name": "x", "ocsp_ca_certificates": "", "ocsp_enabled": false,
        "ocsp_fail_open": false, "ocsp_query_all_servers": false, "ocsp_servers_override": null,
        "required_extensions": null, "token_bound_cidrs": [], "token_explicit_max_ttl": 0,
        "token_max_ttl": 0, "token_no_default_policy": false, "token_num_uses": 0,
        "token_period": 0, "token_policies": [], "token_strictly_bind_ip": false, "token_ttl": 0,
        "token_type": "default",
    });
    mount
        .update("certs/X", json!({ "certificate": root.pem }))
        .unwrap();
    assert_eq!(mount.read("certs/x").unwrap().to_value(), start);
    mount
        .update(
            "certs/x",
            json!({
                "display_name": "dd", "allowed_names": "a,b*", "required_extensions": "1.2.3:x",
                "policies": "P1", "ttl": 60, "lease": 5, "max_ttl": 90, "bound_cidrs": "1.2.3.4/32",
            }),
        )
        .unwrap();
    let shown = mount.read("certs/x").unwrap().to_value();
    for (name, value) in [
        ("display_name", json!("dd")),
        ("allowed_names", json!(["a", "b*"])),
        ("policies", json!(["p1"])),
        ("token_policies", json!(["p1"])),
        ("ttl", json!(60)),
        ("token_ttl", json!(60)),
        ("bound_cidrs", json!(["1.2.3.4"])),
        ("certificate", json!(root.pem)),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    assert_eq!(mount.list("certs"), Ok(Reply::Keys(vec!["x".into()])));
    assert_eq!(mount.delete("certs/x"), Ok(Reply::Empty));
    assert_eq!(mount.delete("certs/x"), Ok(Reply::Empty));
    assert_eq!(
        mount.read("certs/x").unwrap_err().kind,
        FailureKind::NotFound
    );
}

#[test]
fn settings() {
    let mount = mount();
    let shown = |mount: &sdk::testing::TestMount| mount.read("config").unwrap().to_value();
    let start = json!({"disable_binding": false, "enable_identity_alias_metadata": false, "ocsp_cache_size": 0});
    assert_eq!(shown(&mount), start);
    mount
        .update("config", json!({"disable_binding": true}))
        .unwrap();
    assert_eq!(shown(&mount)["disable_binding"], true);
    mount
        .update("config", json!({"enable_identity_alias_metadata": true}))
        .unwrap();
    assert_eq!(
        shown(&mount)["disable_binding"],
        true,
        "what is left out stays"
    );
    for (size, message) in [
        (1, "invalid cache size, must be >= 2 and <= 100000"),
        (-1, "invalid cache size, must be >= 2 and <= 100000"),
        (5, "OCSP is not supported"),
    ] {
        let failure = mount
            .update("config", json!({ "ocsp_cache_size": size }))
            .unwrap_err();
        assert_eq!(failure.message, message);
    }
}
