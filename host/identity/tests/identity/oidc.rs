//! Identity tokens: rotation, templates, and what is believed.

use crate::world::{World, inside, named};
use base::Timestamp;
use identity::oidc::{
    Algorithm, Claims, DEFAULT_KEY, Fresh, KeyChange, OidcError, RoleChange, Template, Unverified,
    jwk,
};
use identity::{EntityChange, Metadata};
use serde_json::json;

fn fresh(world: &World, algorithm: Algorithm) -> Fresh {
    Fresh::make(algorithm, world.entropy().as_ref()).unwrap()
}

fn made(world: &mut World, name: &str, algorithm: Algorithm) {
    let keys = [fresh(world, algorithm), fresh(world, algorithm)];
    let change = KeyChange {
        algorithm: Some(algorithm),
        rotation_period: Some(100),
        verification_ttl: Some(300),
        allowed_client_ids: Some(vec![String::from("*")]),
    };
    let mut directory = world.directory();
    assert_eq!(
        directory.keys_to_write(name, &change).unwrap(),
        (algorithm, 2)
    );
    directory.write_oidc_key(name, &change, &keys).unwrap();
}

/// A token of a key, and the ids of the keys that are published.
fn signed(world: &mut World, name: &str, ends: u64) -> (String, Vec<String>) {
    let now = Timestamp::from_millis(world.now);
    let mut directory = world.directory();
    let key = directory.oidc_key(name).unwrap().unwrap();
    let claims = json!({ "iss": "me", "exp": ends, "sub": "x" });
    let serde_json::Value::Object(claims) = claims else {
        panic!("an object")
    };
    let token = directory.sign_claims(&key, &claims).unwrap();
    let ring = key.ring.unwrap();
    let published = ring.published(now).map(|key| key.id.clone()).collect();
    (token, published)
}

fn verified(world: &mut World, name: &str, token: &str) -> Result<Claims, OidcError> {
    let now = Timestamp::from_millis(world.now);
    let key = world.directory().oidc_key(name).unwrap().unwrap();
    let token = Unverified::parse(token)?;
    let ring = key.ring.unwrap();
    let mut published = ring.published(now);
    let Some(public) = published.find(|key| key.id == token.key_id) else {
        return Err(OidcError::NotValid(String::from("no key")));
    };
    token.verify(public, "me", now)
}

#[test]
fn every_algorithm_signs_what_its_public_key_believes() {
    for algorithm in Algorithm::ALL {
        let mut world = World::new();
        made(&mut world, "k", algorithm);
        let (token, published) = signed(&mut world, "k", 1000);
        assert_eq!(
            published.len(),
            2,
            "the next key is published before it signs"
        );
        verified(&mut world, "k", &token).unwrap();
        let (head, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = head.split_once('.').unwrap();
        let other = signed(&mut world, "k", 2000).0;
        let claims = other.split('.').nth(1).unwrap();
        let forged = format!("{header}.{claims}.{signature}");
        assert!(verified(&mut world, "k", &forged).is_err(), "{algorithm:?}");
    }
}

#[test]
fn keys_turn_by_time_and_old_ones_are_published_until_their_tokens_end() {
    let mut world = World::new();
    made(&mut world, "k", Algorithm::EdDsa);
    let (token, first) = signed(&mut world, "k", 100_000);
    assert!(world.directory().oidc_keys_due().unwrap().is_empty());
    world.now += 100_000;
    let due = world.directory().oidc_keys_due().unwrap();
    assert_eq!(due, [(String::from("k"), Algorithm::EdDsa)]);
    let next = fresh(&world, Algorithm::EdDsa);
    world
        .directory()
        .rotate_oidc_key_if_due("k", &next)
        .unwrap();
    // Once is enough: another node that thought the same turns nothing.
    let other = fresh(&world, Algorithm::EdDsa);
    world
        .directory()
        .rotate_oidc_key_if_due("k", &other)
        .unwrap();
    let (newer, second) = signed(&mut world, "k", 100_000);
    assert_eq!(second.len(), 3);
    assert_eq!(Unverified::parse(&newer).unwrap().key_id, first[1]);
    verified(&mut world, "k", &token).unwrap();
    world.now += 300_000;
    assert!(verified(&mut world, "k", &token).is_err());
    verified(&mut world, "k", &newer).unwrap();
    // Of what was made, only what signs or will sign is stored.
    let secrets = world.paths();
    let secrets = secrets.iter().filter(|path| path.contains("/secret/"));
    assert_eq!(secrets.count(), 2);
}

#[test]
fn another_algorithm_means_other_keys() {
    let mut world = World::new();
    made(&mut world, "k", Algorithm::Es256);
    let (token, _) = signed(&mut world, "k", 1000);
    made(&mut world, "k", Algorithm::EdDsa);
    verified(&mut world, "k", &token).unwrap();
    let (newer, published) = signed(&mut world, "k", 1000);
    assert_eq!(published.len(), 3, "the key that never signed is gone");
    verified(&mut world, "k", &newer).unwrap();
    assert!(!published.is_empty());
    world.directory().delete_oidc_key("k").unwrap();
    assert_eq!(world.paths(), Vec::<String>::new());
}

#[test]
fn times_must_go_together() {
    let mut world = World::new();
    let check = |world: &mut World, period: u64, ttl: u64, fine: bool| {
        let keys = [
            fresh(world, Algorithm::EdDsa),
            fresh(world, Algorithm::EdDsa),
        ];
        let change = KeyChange {
            algorithm: Some(Algorithm::EdDsa),
            rotation_period: Some(period),
            verification_ttl: Some(ttl),
            ..KeyChange::default()
        };
        let written = world.directory().write_oidc_key("k", &change, &keys);
        assert_eq!(written.is_ok(), fine, "{period} {ttl}");
    };
    check(&mut world, 59, 59, false);
    check(&mut world, 60, 601, false);
    check(&mut world, 60, 600, true);
    let role = RoleChange {
        key: Some(String::from("k")),
        ttl: Some(601),
        ..RoleChange::default()
    };
    let refused = world.directory().write_oidc_role("r", role.clone());
    assert!(refused.is_err());
    let role = RoleChange {
        ttl: Some(600),
        ..role
    };
    world.directory().write_oidc_role("r", role).unwrap();
    check(&mut world, 60, 599, false);
    assert!(world.directory().delete_oidc_key("k").is_err());
    assert!(world.directory().delete_oidc_key(DEFAULT_KEY).is_err());
    world.directory().delete_oidc_role("r");
    world.directory().delete_oidc_key("k").unwrap();
}

#[test]
fn templates_are_filled_as_json() {
    let mut world = World::new();
    let change = EntityChange {
        metadata: Some(Metadata::from([(
            String::from("team"),
            String::from("a\", \"admin\": true, \"b\":\""),
        )])),
        ..EntityChange::default()
    };
    let written = world.directory().write_entity(named("ann"), change);
    let entity = inside(written.unwrap());
    world.alias(&entity.id, "m1", "a").unwrap();
    let person = world.directory().person(&entity.id).unwrap().unwrap();
    let now = Timestamp::from_millis(10_000);
    let fill = |text: &str| Template::parse(text).and_then(|one| one.fill(Some(&person), now));
    let claims = fill(
        r#"{"n": {{identity.entity.name}}, "t": {{ identity.entity.metadata.team }},
            "none": {{identity.entity.metadata.none}}, "g": {{identity.entity.groups.names}},
            "a": {{identity.entity.aliases.m1.name}}, "b": {{identity.entity.aliases.m2.name}},
            "m": {{identity.entity.aliases.m1.custom_metadata}},
            "now": {{time.now}}, "later": {{time.now.plus.1m}}, "before": {{time.now.minus.1s}}}"#,
    );
    let claims = claims.unwrap();
    assert_eq!(claims["n"], "ann");
    assert_eq!(claims["t"], "a\", \"admin\": true, \"b\":\"");
    assert!(!claims.contains_key("admin"));
    assert_eq!((&claims["none"], &claims["b"]), (&json!(""), &json!("")));
    assert_eq!((&claims["g"], &claims["m"]), (&json!(null), &json!({})));
    assert_eq!(claims["a"], "a");
    assert_eq!(
        (&claims["now"], &claims["later"], &claims["before"]),
        (&json!(10), &json!(70), &json!(9))
    );
    for wrong in [
        "{bad",
        "[1]",
        r#"{"sub": "root"}"#,
        r#"{"a": {{identity.entity.name}"#,
        r#"{"a": {{identity.nothing}}}"#,
        r#"{"a": {{time.now.plus.x}}}"#,
    ] {
        assert!(fill(wrong).is_err(), "{wrong}");
    }
    assert!(fill("").unwrap().is_empty());
    assert_eq!(Template::decoded(String::from("e30=")), "{}");
}

#[test]
fn what_is_no_token_is_no_token() {
    for text in ["", "a", "a.b", "a.b.c", "e30.e30.%", "e30.e30.e30.e30"] {
        assert!(Unverified::parse(text).is_err(), "{text}");
    }
}

#[test]
fn published_keys_have_the_numbers_of_their_kind() {
    let check = |algorithm: Algorithm, members: &[(&str, usize)]| {
        let mut world = World::new();
        made(&mut world, "k", algorithm);
        let key = world.directory().oidc_key("k").unwrap().unwrap();
        let shown = jwk(&key.ring.unwrap().public[0]).unwrap();
        for (name, length) in members {
            assert_eq!(shown[name].as_str().unwrap().len(), *length, "{shown}");
        }
    };
    check(Algorithm::Rs256, &[("n", 342), ("e", 4)]);
    check(Algorithm::Es256, &[("x", 43), ("y", 43)]);
    check(Algorithm::Es512, &[("x", 88), ("y", 88)]);
    check(Algorithm::EdDsa, &[("x", 43)]);
}
