//! Roles: what is kept of them, whole and in parts.

use crate::{make, read, refused, with_role, write};
use sdk::testing::TestMount;
use sdk::{Json, Operation, Reply, invalid, json, not_found};
use std::time::Duration;

#[test]
fn a_new_role_has_every_member() {
    let mount = TestMount::new(approle::method());
    write(&mount, "role/New", json!({}));
    let expected = json!({
        "bind_secret_id": true, "local_secret_ids": false, "secret_id_bound_cidrs": null,
        "secret_id_num_uses": 0, "secret_id_ttl": 0, "token_bound_cidrs": [],
        "token_explicit_max_ttl": 0, "token_max_ttl": 0, "token_no_default_policy": false,
        "token_num_uses": 0, "token_period": 0, "token_policies": [],
        "token_strictly_bind_ip": false, "token_ttl": 0, "token_type": "default",
    });
    assert_eq!(read(&mount, "role/new"), expected);
    let role_id = read(&mount, "role/new/role-id")["role_id"].clone();
    assert_eq!(role_id.as_str().unwrap().len(), 36);
    assert_eq!(mount.list("role"), Ok(Reply::Keys(vec!["new".into()])));
    let exists = |path: &str| mount.exists(Operation::Update, path, json!({}));
    assert_eq!(exists("role/NEW"), Ok(Some(true)));
    assert_eq!(exists("role/other"), Ok(Some(false)));
}

#[test]
fn what_no_role_can_be_is_refused_and_changes_nothing() {
    let mount = with_role(json!({}));
    write(&mount, "role/other", json!({ "role_id": "taken" }));
    let before = mount.stored();
    for (role, text) in [
        (json!({ "role_id": "taken" }), "role_id already in use"),
        (
            json!({ "role_id": "" }),
            "invalid role_id supplied, or failed to generate a role_id",
        ),
        (
            json!({ "bind_secret_id": false }),
            "at least one constraint should be enabled on the role",
        ),
        (
            json!({ "local_secret_ids": true }),
            "local_secret_ids can only be modified during role creation",
        ),
        (
            json!({ "secret_id_num_uses": -1 }),
            "secret_id_num_uses cannot be negative",
        ),
        (
            json!({ "secret_id_bound_cidrs": "127.0.0.1" }),
            "failed to validate CIDR blocks: invalid CIDR address: 127.0.0.1",
        ),
        (
            json!({ "token_ttl": 2, "token_max_ttl": 1 }),
            "'token_ttl' cannot be greater than 'token_max_ttl'",
        ),
    ] {
        assert_eq!(mount.update("role/r", role), Err(invalid(text)));
        assert_eq!(mount.stored(), before);
    }
}

#[test]
fn each_part_is_read_changed_and_set_back() {
    let mount = with_role(json!({}));
    let networks = json!(["10.0.0.0/8"]);
    for (part, name, given, start) in [
        (
            "bind-secret-id",
            "bind_secret_id",
            json!(false),
            json!(true),
        ),
        (
            "secret-id-bound-cidrs",
            "secret_id_bound_cidrs",
            networks.clone(),
            Json::Null,
        ),
        (
            "secret-id-num-uses",
            "secret_id_num_uses",
            json!(6),
            json!(0),
        ),
        ("secret-id-ttl", "secret_id_ttl", json!(3600), json!(0)),
        ("policies", "token_policies", json!(["b", "c"]), json!([])),
        ("period", "token_period", json!(11), json!(0)),
        ("token-ttl", "token_ttl", json!(7), json!(0)),
        ("token-max-ttl", "token_max_ttl", json!(20), json!(0)),
        ("token-num-uses", "token_num_uses", json!(8), json!(0)),
        (
            "token-bound-cidrs",
            "token_bound_cidrs",
            networks,
            Json::Null,
        ),
    ] {
        if part == "bind-secret-id" {
            // Something must bind the role.
            write(
                &mount,
                "role/r",
                json!({ "secret_id_bound_cidrs": "10.0.0.0/8" }),
            );
        }
        let path = format!("role/r/{part}");
        write(&mount, &path, json!({ name: given.clone() }));
        assert_eq!(read(&mount, &path), json!({ name: given }));
        assert_eq!(read(&mount, "role/r")[name], given);
        mount.delete(&path).unwrap();
        assert_eq!(read(&mount, &path), json!({ name: start }));

        let unknown = format!("role/none/{part}");
        assert_eq!(mount.read(&unknown), Err(not_found()));
        assert_eq!(mount.delete(&unknown), Ok(Reply::Empty));
        let failure = mount.update(&unknown, json!({ name: given })).unwrap_err();
        assert_eq!(
            failure.message,
            "1 error occurred:\n\t* unsupported path\n\n"
        );
    }
}

#[test]
fn parts_refuse_what_roles_refuse() {
    let mount = with_role(json!({ "token_ttl": 5, "token_max_ttl": 10 }));
    for (part, body, text) in [
        (
            "secret-id-num-uses",
            json!({}),
            "missing secret_id_num_uses",
        ),
        ("secret-id-ttl", json!({}), "missing secret_id_ttl"),
        ("policies", json!({}), "missing token_policies"),
        ("period", json!({}), "missing period"),
        ("token-ttl", json!({}), "missing token_ttl"),
        ("token-max-ttl", json!({}), "missing token_max_ttl"),
        ("token-num-uses", json!({}), "missing token_num_uses"),
        ("bind-secret-id", json!({}), "missing bind_secret_id"),
        ("role-id", json!({}), "missing role_id"),
        (
            "bind-secret-id",
            json!({ "bind_secret_id": false }),
            "at least one constraint should be enabled on the role",
        ),
        (
            "token-ttl",
            json!({ "token_ttl": 11 }),
            "token_ttl should not be greater than token_max_ttl",
        ),
        (
            "token-max-ttl",
            json!({ "token_max_ttl": 4 }),
            "token_max_ttl should be greater than or equal to token_ttl",
        ),
        (
            "token-num-uses",
            json!({ "token_num_uses": -1 }),
            "'token_num_uses' cannot be negative",
        ),
        (
            "token-bound-cidrs",
            json!({ "token_bound_cidrs": "zz" }),
            "failed to parse token_bound_cidrs: error parsing address \"zz\": Unable to convert \"zz\" to an IPv4 or IPv6 address, or a UNIX Socket",
        ),
        (
            "bound-cidr-list",
            json!({ "bound_cidr_list": "zz" }),
            "failed to validate CIDR blocks: invalid CIDR address: zz",
        ),
    ] {
        let path = format!("role/r/{part}");
        assert_eq!(mount.update(&path, body), Err(invalid(text)), "{part}");
    }
}

#[test]
fn older_names_are_shown_where_they_were_used() {
    let mount = with_role(json!({ "policies": "B,a", "period": 30 }));
    let role = read(&mount, "role/r");
    assert_eq!(
        (&role["policies"], &role["period"]),
        (&json!(["a", "b"]), &json!(30))
    );
    let policies = json!({ "policies": ["a", "b"], "token_policies": ["a", "b"] });
    assert_eq!(read(&mount, "role/r/policies"), policies);
    write(&mount, "role/r/period", json!({ "token_period": 31 }));
    assert_eq!(read(&mount, "role/r/period"), json!({ "token_period": 31 }));
    mount.delete("role/r/policies").unwrap();
    assert_eq!(
        read(&mount, "role/r/policies"),
        json!({ "token_policies": [] })
    );
    write(
        &mount,
        "role/r/bound-cidr-list",
        json!({ "bound_cidr_list": "10.0.0.0/8" }),
    );
    assert_eq!(
        read(&mount, "role/r")["secret_id_bound_cidrs"],
        json!(["10.0.0.0/8"])
    );
    assert_eq!(
        read(&mount, "role/r/bound-cidr-list"),
        json!({ "bound_cidr_list": null })
    );
    assert_eq!(mount.warnings().len(), 1);
}

#[test]
fn a_role_without_secret_ids_is_bound_by_networks() {
    let mount =
        with_role(json!({ "bind_secret_id": false, "secret_id_bound_cidrs": "10.0.0.0/8" }));
    let login = || mount.login("login", json!({ "role_id": "rid" }));
    let text = "source address \"192.0.2.1\" unauthorized by CIDR restrictions on the role";
    assert_eq!(login(), Err(invalid(text)));
    mount.from_address("10.1.2.3".parse().unwrap());
    assert_eq!(login().unwrap().alias, "rid");
    let text = "bind_secret_id is not set on the role";
    assert_eq!(
        mount.update("role/r/secret-id", json!({})),
        Err(invalid(text))
    );
}

#[test]
fn a_changed_role_id_is_the_only_one() {
    let mount = with_role(json!({}));
    let (secret_id, _) = make(&mount, json!({}));
    write(&mount, "role/r/role-id", json!({ "role_id": "new" }));
    let login = |role_id: &str| {
        mount.login(
            "login",
            json!({ "role_id": role_id, "secret_id": secret_id }),
        )
    };
    assert_eq!(login("rid"), Err(refused()));
    assert!(login("new").is_ok());
    // The old one is free.
    write(&mount, "role/other", json!({ "role_id": "rid" }));
    assert_eq!(login("rid"), Err(refused()));
}

#[test]
fn a_role_made_anew_has_none_of_the_old_secret_ids() {
    let mount = with_role(json!({}));
    let (secret_id, _) = make(&mount, json!({}));
    mount.delete("role/r").unwrap();
    assert_eq!(mount.delete("role/r"), Ok(Reply::Empty));
    assert_eq!(crate::login(&mount, &secret_id), Err(refused()));
    write(&mount, "role/r", json!({ "role_id": "rid" }));
    assert_eq!(crate::login(&mount, &secret_id), Err(refused()));
    assert_eq!(mount.list("role/r/secret-id"), Err(not_found()));
}

#[test]
fn a_token_is_renewed_by_the_role_as_it_stands() {
    let mount = with_role(json!({ "token_ttl": 60 }));
    let (secret_id, _) = make(&mount, json!({}));
    let grant = crate::login(&mount, &secret_id).unwrap();
    let renew = || mount.renew_grant(grant.clone(), Duration::ZERO);
    write(
        &mount,
        "role/r",
        json!({ "token_ttl": 30, "token_policies": "other" }),
    );
    assert_eq!(renew().unwrap().terms.ttl, Duration::from_secs(30));
    mount.delete("role/r").unwrap();
    let text = "role \"r\" does not exist during renewal";
    assert_eq!(renew(), Err(invalid(text)));
}

#[test]
fn which_role_an_id_is_of() {
    let mount = TestMount::new(approle::method());
    mount.update("role/R", json!({})).unwrap();
    let id = json!({ "role_id": "chosen" });
    mount.update("role/R/role-id", id.clone()).unwrap();
    let told = mount.update("resolve-role", id).unwrap();
    assert_eq!(told, Reply::data(&json!({ "role": "r" })).unwrap());
    let nobody = mount.update("resolve-role", json!({ "role_id": "x" }));
    assert_eq!(nobody, Err(not_found()));
    assert!(mount.update("resolve-role", json!({})).is_err());
}
