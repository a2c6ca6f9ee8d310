//! Secret ids: made, used, looked up, destroyed, ended.

use crate::{login, look_up, make, read, refused, with_role, write};
use sdk::{FailureKind, Json, Operation, Reply, invalid, json, not_found};
use std::time::Duration;

#[test]
fn a_login_says_what_the_role_and_the_secret_id_say() {
    let mount = with_role(json!({ "token_policies": "b,a", "token_ttl": 60, "token_num_uses": 4 }));
    let (secret_id, _) = make(
        &mount,
        json!({ "metadata": r#"{"k":"v","role_name":"x"}"# }),
    );
    let grant = login(&mount, &secret_id).unwrap();
    assert_eq!(grant.alias, "rid");
    assert_eq!(grant.display_name, "");
    assert_eq!(grant.policies, ["a", "b"]);
    let pairs = [("k".into(), "v".into()), ("role_name".into(), "r".into())];
    assert_eq!(grant.metadata, pairs);
    assert_eq!(grant.terms.ttl, Duration::from_secs(60));
    assert_eq!(grant.token.uses, 4);
}

#[test]
fn whatever_is_wrong_is_refused_in_the_same_words() {
    let mount = with_role(json!({}));
    let (secret_id, accessor) = make(&mount, json!({}));
    let try_login = |body: Json| mount.login("login", body).unwrap_err();
    for body in [
        json!({ "role_id": "rid", "secret_id": "x" }),
        json!({ "role_id": "rid", "secret_id": accessor }),
        json!({ "role_id": "other", "secret_id": secret_id }),
        json!({ "role_id": "other" }),
    ] {
        assert_eq!(try_login(body), refused());
    }
    assert_eq!(try_login(json!({})), invalid("missing role_id"));
    assert_eq!(
        try_login(json!({ "role_id": "rid" })),
        invalid("missing secret_id")
    );
    let claimed = mount.identify("login", json!({ "role_id": "any" }));
    assert_eq!(claimed, Ok(Some("any".into())));
}

#[test]
fn no_secret_id_is_stored() {
    let mount = with_role(json!({ "secret_id_ttl": 60 }));
    let (secret_id, _) = make(&mount, json!({}));
    let custom = "a-secret-of-my-own";
    write(
        &mount,
        "role/r/custom-secret-id",
        json!({ "secret_id": custom }),
    );
    for (key, value) in mount.stored() {
        let text = String::from_utf8_lossy(&value).into_owned() + &key;
        assert!(
            !text.contains(&secret_id) && !text.contains(custom),
            "{text}"
        );
    }
    assert!(login(&mount, custom).is_ok());
}

#[test]
fn wishes_stay_within_the_role() {
    let mount = with_role(json!({
        "secret_id_num_uses": 3, "secret_id_ttl": 60, "secret_id_bound_cidrs": "10.0.0.0/8",
        "token_bound_cidrs": "10.0.0.0/8",
    }));
    let beyond = "failed to verify subset relationship between CIDR blocks on the role [\"10.0.0.0/8\"] and CIDR blocks on the secret ID [\"11.0.0.0/8\"]";
    let too_often = "num_uses cannot be higher than the role's secret_id_num_uses";
    let too_long = "ttl cannot be longer than the role's secret_id_ttl";
    for (wishes, text) in [
        (json!({ "num_uses": 4 }), too_often),
        (json!({ "num_uses": 0 }), too_often),
        (json!({ "num_uses": -1 }), "num_uses cannot be negative"),
        (json!({ "ttl": 61 }), too_long),
        (json!({ "ttl": 0 }), too_long),
        (json!({ "cidr_list": "11.0.0.0/8" }), beyond),
        (json!({ "token_bound_cidrs": "11.0.0.0/8" }), beyond),
        (
            json!({ "cidr_list": "x" }),
            "failed to validate CIDR blocks: invalid CIDR address: x",
        ),
        (
            json!({ "token_bound_cidrs": "10.0.0.1" }),
            "failed to validate token CIDR blocks: invalid CIDR address: 10.0.0.1",
        ),
        (
            json!({ "metadata": "x" }),
            "failed to parse metadata: failed to parse the input: invalid <key,value> format",
        ),
    ] {
        assert_eq!(mount.update("role/r/secret-id", wishes), Err(invalid(text)));
    }
    let wishes = json!({ "num_uses": 2, "ttl": 30, "cidr_list": "10.1.0.0/16" });
    let made = mount.update("role/r/secret-id", wishes).unwrap().to_value();
    assert_eq!(made["secret_id_num_uses"], 2);
    assert_eq!(made["secret_id_ttl"], 30);
}

#[test]
fn a_secret_id_lives_no_longer_than_the_mount_allows() {
    let mount = with_role(json!({ "secret_id_ttl": "1000h" }));
    mount.with_ttl(Duration::from_secs(5), Duration::from_secs(10));
    let made = mount.update("role/r/secret-id", json!({})).unwrap();
    assert_eq!(made.to_value()["secret_id_ttl"], 10);
}

#[test]
fn networks_of_a_secret_id_hold_as_the_role_stands_now() {
    let mount = with_role(json!({}));
    let (secret_id, _) = make(&mount, json!({ "cidr_list": "10.1.0.0/16" }));
    let text =
        "source address \"192.0.2.1\" unauthorized through CIDR restrictions on the secret ID";
    assert_eq!(login(&mount, &secret_id), Err(invalid(text)));
    mount.from_address("10.1.2.3".parse().unwrap());
    assert!(login(&mount, &secret_id).is_ok());
    write(
        &mount,
        "role/r",
        json!({ "secret_id_bound_cidrs": "10.2.0.0/16" }),
    );
    let failure = login(&mount, &secret_id).unwrap_err();
    assert!(failure.message.contains("subset relationship"), "{failure}");
}

#[test]
fn tokens_are_bound_to_the_networks_of_the_secret_id() {
    let mount = with_role(json!({ "token_bound_cidrs": "192.0.0.0/8" }));
    let (secret_id, _) = make(&mount, json!({ "token_bound_cidrs": "192.0.2.0/24" }));
    let grant = login(&mount, &secret_id).unwrap();
    assert_eq!(grant.token.bound_cidrs, ["192.0.2.0/24"]);
    let (secret_id, _) = make(&mount, json!({}));
    let grant = login(&mount, &secret_id).unwrap();
    assert_eq!(grant.token.bound_cidrs, ["192.0.0.0/8"]);
    mount.from_address("10.0.0.1".parse().unwrap());
    let denied = login(&mount, &secret_id).unwrap_err();
    assert_eq!(denied.kind, FailureKind::Denied);
}

#[test]
fn a_refused_login_takes_no_use() {
    let mount = with_role(json!({ "secret_id_num_uses": 1, "token_bound_cidrs": "10.0.0.0/8" }));
    let (secret_id, _) = make(&mount, json!({}));
    assert!(login(&mount, &secret_id).is_err());
    mount.from_address("10.0.0.1".parse().unwrap());
    assert!(login(&mount, &secret_id).is_ok());
    assert_eq!(login(&mount, &secret_id), Err(refused()));
}

#[test]
fn it_is_looked_up_by_itself_and_by_its_accessor() {
    let mount = with_role(json!({ "secret_id_num_uses": 3, "secret_id_ttl": 3600 }));
    mount.at_time(1_795_410_895_374);
    let (secret_id, accessor) = make(&mount, json!({ "metadata": "a=b" }));
    mount.after(Duration::from_secs(1));
    login(&mount, &secret_id).unwrap();
    let expected = json!({
        "cidr_list": [], "creation_time": "2026-11-23T05:14:55.374Z",
        "expiration_time": "2026-11-23T06:14:55.374Z",
        "last_updated_time": "2026-11-23T05:14:56.374Z", "metadata": { "a": "b" },
        "secret_id_accessor": accessor, "secret_id_num_uses": 2, "secret_id_ttl": 3600,
        "token_bound_cidrs": [],
    });
    assert_eq!(look_up(&mount, &secret_id).unwrap().to_value(), expected);
    let by_accessor = |accessor: &str| {
        let body = json!({ "secret_id_accessor": accessor });
        mount
            .update("role/r/secret-id-accessor/lookup", body)
            .unwrap()
    };
    assert_eq!(by_accessor(&accessor).to_value(), expected);
    for unknown in ["x", "../r", "a/b", "00000000-0000-0000-0000-000000000000"] {
        let text = format!("failed to find accessor entry for secret_id_accessor: {unknown:?}");
        let missing = Reply::missing(&json!({ "error": text })).unwrap();
        assert_eq!(by_accessor(unknown), missing);
    }
    assert_eq!(look_up(&mount, "x"), Ok(Reply::Empty));
    let list = |range: Json| mount.call(Operation::List, "role/r/secret-id/", range);
    assert_eq!(list(json!({})), Ok(Reply::Keys(vec![accessor.clone()])));
    assert_eq!(list(json!({ "after": accessor })), Err(not_found()));
}

#[test]
fn a_secret_id_without_an_end_says_so() {
    let mount = with_role(json!({}));
    let (secret_id, _) = make(&mount, json!({}));
    let found = look_up(&mount, &secret_id).unwrap().to_value();
    assert_eq!(found["expiration_time"], "0001-01-01T00:00:00Z");
    mount.after(Duration::from_secs(1 << 40));
    assert!(login(&mount, &secret_id).is_ok());
}

#[test]
fn it_is_destroyed_by_itself_and_by_its_accessor() {
    let mount = with_role(json!({ "secret_id_ttl": 60 }));
    let before = mount.stored();
    for operation in [Operation::Update, Operation::Delete] {
        let (one, _) = make(&mount, json!({}));
        let (other, accessor) = make(&mount, json!({}));
        let body = json!({ "secret_id": one });
        mount
            .call(operation, "role/r/secret-id/destroy", body)
            .unwrap();
        assert_eq!(login(&mount, &one), Err(refused()));
        assert!(login(&mount, &other).is_ok());
        let body = json!({ "secret_id_accessor": accessor });
        let path = "role/r/secret-id-accessor/destroy";
        mount.call(operation, path, body.clone()).unwrap();
        assert_eq!(login(&mount, &other), Err(refused()));
        let text = format!("failed to find accessor entry for secret_id_accessor: {accessor:?}");
        assert_eq!(mount.call(operation, path, body), Err(invalid(text)));
        // Nothing is left of either.
        assert_eq!(mount.stored(), before);
    }
}

#[test]
fn a_role_sees_none_of_another_ones() {
    let mount = with_role(json!({}));
    write(&mount, "role/other", json!({ "role_id": "other" }));
    let (secret_id, accessor) = make(&mount, json!({}));
    let body = json!({ "secret_id": secret_id });
    assert_eq!(
        mount.update("role/other/secret-id/lookup", body.clone()),
        Ok(Reply::Empty)
    );
    mount.update("role/other/secret-id/destroy", body).unwrap();
    let body = json!({ "secret_id_accessor": accessor });
    assert!(
        mount
            .update("role/other/secret-id-accessor/destroy", body)
            .is_err()
    );
    let body = json!({ "role_id": "other", "secret_id": secret_id });
    assert_eq!(mount.login("login", body), Err(refused()));
    assert!(login(&mount, &secret_id).is_ok());
}

#[test]
fn a_custom_secret_id_is_one_of_a_kind_while_it_lives() {
    let mount = with_role(json!({ "secret_id_ttl": 60 }));
    let add = || mount.update("role/r/custom-secret-id", json!({ "secret_id": "mine" }));
    let made = add().unwrap().to_value();
    assert_eq!(made["secret_id"], "mine");
    let text = "failed to store secret_id: SecretID is already registered";
    assert_eq!(add(), Err(invalid(text)));
    mount.after(Duration::from_secs(60));
    assert_eq!(login(&mount, "mine"), Err(refused()));
    add().unwrap();
    assert!(login(&mount, "mine").is_ok());
    let accessors = mount.list("role/r/secret-id").unwrap().to_value();
    assert_eq!(accessors["keys"].as_array().unwrap().len(), 1);
    let missing = Err(invalid("missing secret_id"));
    assert_eq!(mount.update("role/r/custom-secret-id", json!({})), missing);
}

#[test]
fn without_a_role_there_is_nothing() {
    let mount = with_role(json!({}));
    let text = "role \"none\" does not exist";
    let made = mount.update("role/none/secret-id", json!({})).unwrap_err();
    assert_eq!((made.kind, &*made.message), (FailureKind::NotFound, text));
    for path in ["secret-id/lookup", "secret-id/destroy"] {
        let path = format!("role/none/{path}");
        let result = mount.update(&path, json!({ "secret_id": "x" }));
        assert_eq!(result, Err(invalid(text)));
    }
    assert_eq!(mount.list("role/none/secret-id"), Err(invalid(text)));
}

#[test]
fn a_tick_removes_what_has_ended_and_nothing_else() {
    let mount = with_role(json!({}));
    let before = mount.stored().len();
    let (short, _) = make(&mount, json!({ "ttl": 10 }));
    let (long, _) = make(&mount, json!({ "ttl": 100 }));
    let (endless, _) = make(&mount, json!({}));
    mount.after(Duration::from_secs(10));
    mount.tick().unwrap();
    assert_eq!(look_up(&mount, &short), Ok(Reply::Empty));
    for living in [&long, &endless] {
        assert!(login(&mount, living).is_ok());
    }
    // Of one with an end there are three entries, of one without two.
    assert_eq!(mount.stored().len(), before + 3 + 2);
    mount.after(Duration::from_secs(1000));
    mount.tick().unwrap();
    assert_eq!(mount.stored().len(), before + 2);
}

#[test]
fn tidying_is_accepted_and_done_by_the_next_tick() {
    let mount = with_role(json!({}));
    let Ok(Reply::Page(page)) = mount.update("tidy/secret-id", json!({})) else {
        panic!("not accepted");
    };
    assert_eq!(page.status, 202);
    let body: Json = serde_json::from_slice(&page.body).unwrap();
    assert_eq!(body["data"], Json::Null);
    assert_eq!(body["warnings"].as_array().unwrap().len(), 1);
    assert!(mount.stored().contains_key("tidy/requested"));
    mount.tick().unwrap();
    assert!(!mount.stored().contains_key("tidy/requested"));
    assert_eq!(read(&mount, "role/r/role-id"), json!({ "role_id": "rid" }));
}

#[test]
fn a_role_with_many_secret_ids_is_deleted_at_once_and_tidied_later() {
    let mount = with_role(json!({}));
    for _ in 0..1100 {
        make(&mount, json!({}));
    }
    mount.delete("role/r").unwrap();
    assert_eq!(mount.list("role"), Err(not_found()));
    for _ in 0..2 {
        assert!(!mount.stored().is_empty());
        mount.tick().unwrap();
    }
    let left: Vec<String> = mount.stored().into_keys().collect();
    assert_eq!(left, Vec::<String>::new());
}
