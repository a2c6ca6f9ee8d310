//! What a key of a component does and refuses.

use crate::world::{Lcg, World, key as physical};
use barrier::keys::{
    Hash, Key, KeyError, KeyKind, KeyOptions, Message, PasswordHash, SaltLength, SignatureScheme,
    equal, hash_password, verify_password,
};
use barrier::{BarrierError, View, ViewError, WriteFence};
use base::{MountId, NamespaceId, Secret};
use locality::{Class, Locality, MountLocality, Rule, StorageRules};
use proptest::prelude::*;
use std::sync::Arc;

const CIPHERS: [KeyKind; 4] = [
    KeyKind::Aes128Gcm96,
    KeyKind::Aes256Gcm96,
    KeyKind::ChaCha20Poly1305,
    KeyKind::XChaCha20Poly1305,
];

const fn options(kind: KeyKind) -> KeyOptions {
    KeyOptions {
        kind,
        exportable: false,
        bytes: 0,
    }
}

const fn exportable(kind: KeyKind) -> KeyOptions {
    KeyOptions {
        exportable: true,
        ..options(kind)
    }
}

fn make(kind: KeyKind) -> Key {
    Key::make(options(kind), &Lcg::new(5)).unwrap()
}

fn view(world: &World) -> View {
    let rule = |prefix: &str, locality| Rule {
        prefix: prefix.into(),
        locality,
        seal_wrap: prefix == "keys/",
    };
    let rules = vec![
        rule("keys/", Locality::Replicated),
        rule("keys/local/", Locality::Local),
    ];
    let rules = Arc::new(StorageRules::new(rules).unwrap());
    let mount = MountId::new(1);
    View::new(
        world.begin(),
        NamespaceId::ROOT,
        mount,
        MountLocality::Shared,
        rules,
    )
}

#[test]
fn names_and_kinds() {
    for kind in KeyKind::ALL {
        assert_eq!(KeyKind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(KeyKind::from_name("rot13"), None);
}

#[test]
fn are_stored_below_the_view_and_are_no_entries() {
    let mut world = World::new();
    let entropy = Lcg::new(1);
    let mut first = view(&world);
    let made = first
        .make_key("keys/a", options(KeyKind::Aes256Gcm96), &entropy)
        .unwrap();
    first
        .make_key("keys/local/b", options(KeyKind::Hmac), &entropy)
        .unwrap();
    first.put("keys/entry", b"entry".to_vec()).unwrap();
    let sealed = made.seal(b"text", b"ad", &entropy).unwrap();
    let commit = first.into_transaction().unwrap().finish().unwrap();
    assert!(
        commit
            .batch
            .ops
            .iter()
            .all(|op| op.seal_wrap == (op.key.class() == Class::Replicated))
    );
    world.apply(&commit);
    assert_eq!(
        world.keys(),
        [
            physical(Class::Local, 1, "\u{1}key/keys/local/b"),
            physical(Class::Replicated, 1, "\u{1}key/keys/a"),
            physical(Class::Replicated, 1, "keys/entry"),
        ]
    );

    let mut second = view(&world);
    let opened = second.open_key("keys/a").unwrap().unwrap();
    assert_eq!(opened.open(&sealed, b"ad").unwrap().expose(), b"text");
    assert!(second.open_key("keys/entry").unwrap().is_none());
    assert_eq!(
        second.list_keys("keys/", None, 0).unwrap().names,
        ["a", "local/"]
    );
    // Entries see nothing of it.
    assert!(second.get("keys/a").unwrap().is_none());
    assert_eq!(second.list("keys/", None, 0).unwrap().names, ["entry"]);
    assert_eq!(second.list("", None, 0).unwrap().names, ["keys/"]);
    assert_eq!(second.scan("", None, 0).unwrap().names, ["keys/entry"]);
    for name in ["\u{1}key/keys/a", "key/keys/a"] {
        assert!(second.get(name).is_err() && second.put(name, vec![]).is_err());
    }
    // An entry of a key's name does not touch it, and the reverse.
    second.put("keys/a", b"forged".to_vec()).unwrap();
    assert!(second.open_key("keys/a").unwrap().is_some());
    second.delete_key("keys/entry").unwrap();
    assert!(second.get("keys/entry").unwrap().is_some());
    second.delete_key("keys/a").unwrap();
    assert!(second.open_key("keys/a").unwrap().is_none());
}

#[test]
fn obey_the_rules_and_the_fence_as_entries_do() {
    let world = World::new();
    let entropy = Lcg::new(1);
    let aes = options(KeyKind::Aes256Gcm96);
    let mut first = view(&world);
    let undeclared = first.make_key("other", aes, &entropy).unwrap_err();
    assert!(matches!(
        undeclared,
        KeyError::View(ViewError::Undeclared(_))
    ));
    assert!(matches!(
        first.open_key("../a"),
        Err(KeyError::View(ViewError::InvalidKey(_)))
    ));
    first.make_key("keys/a", aes, &entropy).unwrap();
    assert!(matches!(
        first.make_key("keys/a", aes, &entropy),
        Err(KeyError::Exists)
    ));
    let material = Secret::new(vec![1; 32]);
    assert!(matches!(
        first.import_key("keys/a", aes, material),
        Err(KeyError::Exists)
    ));

    let mut fenced = view(&world).with_fence(WriteFence::LocalOnly);
    fenced.make_key("keys/local/a", aes, &entropy).unwrap();
    let error = fenced.make_key("keys/a", aes, &entropy).unwrap_err();
    assert!(matches!(error, KeyError::View(ViewError::WrongPlace)));
    assert!(fenced.into_transaction().is_err());

    let mut looking = view(&world).with_fence(WriteFence::ReadOnly);
    let error = looking.make_key("keys/local/a", aes, &entropy).unwrap_err();
    assert!(matches!(error, KeyError::View(ViewError::ReadOnly)));
    assert!(looking.into_transaction().is_ok());
}

#[test]
fn a_record_that_is_none_ends_the_call() {
    let mut world = World::new();
    let at = physical(Class::Replicated, 1, "\u{1}key/keys/a");
    for record in [
        vec![],
        vec![1, 2],
        vec![2, 2, 0, 1],
        vec![1, 99, 0, 1],
        vec![1, 2, 7, 1],
    ] {
        world.write(|t| t.put(&at, record));
        let mut view = view(&world);
        let error = view.open_key("keys/a").unwrap_err();
        assert!(matches!(
            error,
            KeyError::View(ViewError::Barrier(BarrierError::KeyRecord))
        ));
        assert!(view.into_transaction().is_err());
    }
}

#[test]
fn every_kind_survives_its_record_and_its_export() {
    let world = World::new();
    let entropy = Lcg::new(3);
    for kind in KeyKind::ALL {
        // Making these takes seconds, and RSA is RSA.
        if matches!(kind, KeyKind::Rsa3072 | KeyKind::Rsa4096) {
            continue;
        }
        let mut view = view(&world);
        let made = view.make_key("keys/a", exportable(kind), &entropy).unwrap();
        let opened = view.open_key("keys/a").unwrap().unwrap();
        assert_eq!((opened.kind(), opened.is_exportable()), (kind, true));
        assert_eq!(opened.public().unwrap(), made.public().unwrap());
        let bytes = opened.export().unwrap();
        assert_eq!(bytes.expose(), made.export().unwrap().expose());
        let imported = view.import_key("keys/b", options(kind), bytes).unwrap();
        assert_eq!(imported.public().unwrap(), made.public().unwrap());
        assert!(matches!(imported.export(), Err(KeyError::NotExportable)));
        let opened = view.open_key("keys/b").unwrap().unwrap();
        assert!(matches!(opened.export(), Err(KeyError::NotExportable)));
        let by = make(KeyKind::Aes256Gcm96);
        let wrapped = opened.wrap(&by, Hash::Sha2_256, &entropy);
        assert!(matches!(wrapped, Err(KeyError::NotExportable)));
    }
}

#[test]
fn import_refuses_what_is_not_of_the_kind() {
    let ed25519 = Key::make(exportable(KeyKind::Ed25519), &Lcg::new(1))
        .unwrap()
        .export()
        .unwrap();
    let p256 = Key::make(exportable(KeyKind::EcdsaP256), &Lcg::new(1))
        .unwrap()
        .export()
        .unwrap();
    let mut materials = vec![vec![], vec![0; 31], vec![0x30; 48], vec![0; 5000]];
    materials.push(ed25519.expose().clone());
    materials.push(p256.expose().clone());
    for kind in KeyKind::ALL {
        for material in &materials {
            let is_it = (kind == KeyKind::Ed25519 && material == ed25519.expose())
                || (kind == KeyKind::EcdsaP256 && material == p256.expose())
                || (kind == KeyKind::Hmac && (16..=512).contains(&material.len()));
            let imported = Key::import(options(kind), Secret::new(material.clone()));
            assert_eq!(
                imported.is_ok(),
                is_it,
                "{} {}",
                kind.name(),
                material.len()
            );
        }
    }
    for bytes in [1, 15, 513, u32::MAX] {
        let options = KeyOptions {
            bytes,
            ..options(KeyKind::Hmac)
        };
        assert!(Key::make(options, &Lcg::new(1)).is_err());
    }
    for bytes in [16, 512] {
        let options = KeyOptions {
            bytes,
            ..exportable(KeyKind::Hmac)
        };
        let length = Key::make(options, &Lcg::new(1))
            .unwrap()
            .export()
            .unwrap()
            .expose()
            .len();
        assert_eq!(length, usize::try_from(bytes).unwrap());
    }
}

#[test]
fn a_kind_does_what_it_is_for_and_nothing_else() {
    let entropy = Lcg::new(1);
    let message = Message::Whole(b"m");
    for kind in KeyKind::ALL {
        if matches!(kind, KeyKind::Rsa3072 | KeyKind::Rsa4096) {
            continue;
        }
        let key = make(kind);
        let rsa = kind == KeyKind::Rsa2048;
        let ecdsa = kind.name().starts_with("ecdsa");
        let cipher = CIPHERS.contains(&kind);
        let check = |done: Result<(), KeyError>, expected: bool| match done {
            Ok(()) => assert!(expected, "{}", kind.name()),
            Err(KeyError::WrongKind { .. }) => assert!(!expected, "{}", kind.name()),
            Err(other) => panic!("{}: {other}", kind.name()),
        };
        let sign = |scheme| key.sign(message, scheme).map(drop);
        check(key.seal(b"p", b"", &entropy).map(drop), cipher);
        check(key.seal_convergent(b"p", b"").map(drop), cipher);
        check(
            key.mac(b"p", Hash::Sha2_256).map(drop),
            kind == KeyKind::Hmac,
        );
        check(key.encrypt_asymmetric(b"p", Hash::Sha2_256).map(drop), rsa);
        check(sign(SignatureScheme::Native), kind == KeyKind::Ed25519);
        check(sign(SignatureScheme::EcdsaDer(Hash::Sha2_256)), ecdsa);
        check(sign(SignatureScheme::EcdsaFixed(Hash::Sha2_256)), ecdsa);
        check(sign(SignatureScheme::RsaPkcs1V15(Hash::Sha2_256)), rsa);
        check(
            sign(SignatureScheme::RsaPss(
                Hash::Sha2_256,
                SaltLength::Automatic,
            )),
            rsa,
        );
        check(key.derive(b"c").map(drop), !rsa && !ecdsa);
        assert_eq!(
            key.public().unwrap().is_some(),
            rsa || ecdsa || kind == KeyKind::Ed25519
        );
    }
}

#[test]
fn a_public_key_verifies_and_nothing_else() {
    let entropy = Lcg::new(1);
    for kind in [KeyKind::Ed25519, KeyKind::EcdsaP384, KeyKind::Rsa2048] {
        let spki = make(kind).public().unwrap().unwrap().to_vec();
        let public = Key::from_public(&spki).unwrap();
        assert_eq!(public.public().unwrap().unwrap(), spki);
        let by = make(KeyKind::Aes256Gcm96);
        assert!(public.export().is_err());
        assert!(public.wrap(&by, Hash::Sha2_256, &entropy).is_err());
        assert!(
            public
                .decrypt_asymmetric(&[0; 256], Hash::Sha2_256)
                .is_err()
        );
        assert!(public.derive(b"c").is_err());
        let scheme = match kind {
            KeyKind::Ed25519 => SignatureScheme::Native,
            KeyKind::EcdsaP384 => SignatureScheme::EcdsaDer(Hash::Sha2_384),
            _ => SignatureScheme::RsaPkcs1V15(Hash::Sha2_256),
        };
        assert!(public.sign(Message::Whole(b"m"), scheme).is_err());
        assert!(
            !public
                .verify(Message::Whole(b"m"), scheme, b"no signature")
                .unwrap()
        );
        for cut in 0..spki.len() {
            assert!(Key::from_public(&spki[..cut]).is_err(), "{cut}");
        }
        let longer = [spki, vec![0]].concat();
        assert!(Key::from_public(&longer).is_err());
    }
}

#[test]
fn says_what_it_does_not_have() {
    let unsupported = |done: Result<Vec<u8>, KeyError>| {
        assert!(matches!(done, Err(KeyError::Unsupported(_))), "{done:?}");
    };
    let rsa = make(KeyKind::Rsa2048);
    let message = Message::Whole(b"m");
    let as_hash = SaltLength::AsHash;
    for hash in [Hash::Sha1, Hash::Sha2_224, Hash::Sha3_256] {
        unsupported(rsa.sign(message, SignatureScheme::RsaPkcs1V15(hash)));
        unsupported(rsa.sign(message, SignatureScheme::RsaPss(hash, as_hash)));
    }
    unsupported(rsa.sign(message, SignatureScheme::RsaPkcs1V15Unnamed));
    let salt = SaltLength::Bytes(100_000);
    unsupported(rsa.sign(message, SignatureScheme::RsaPss(Hash::Sha2_256, salt)));
    unsupported(rsa.encrypt_asymmetric(b"p", Hash::Sha3_256));
    let ed25519 = make(KeyKind::Ed25519);
    unsupported(ed25519.sign(Message::Hashed(&[0; 64]), SignatureScheme::Native));

    let salt = SaltLength::Bytes(400);
    let error = rsa
        .sign(message, SignatureScheme::RsaPss(Hash::Sha2_256, salt))
        .unwrap_err();
    assert!(matches!(error, KeyError::Malformed(_)));
    let short = Message::Hashed(&[0; 31]);
    let error = rsa
        .sign(short, SignatureScheme::RsaPkcs1V15(Hash::Sha2_256))
        .unwrap_err();
    assert_eq!(error.to_string(), "a sha2-256 digest has 32 bytes, not 31");
    let error = rsa
        .encrypt_asymmetric(&[0; 300], Hash::Sha2_256)
        .unwrap_err();
    assert!(matches!(error, KeyError::TooLarge(190)));
    let error = rsa
        .decrypt_asymmetric(&[1; 256], Hash::Sha2_256)
        .unwrap_err();
    assert!(matches!(error, KeyError::NotAuthentic));
}

#[test]
fn derives_one_key_for_one_context() {
    let key = Key::make(exportable(KeyKind::Hmac), &Lcg::new(1)).unwrap();
    let mac = |key: &Key| key.mac(b"m", Hash::Sha2_256).unwrap();
    let (a, b) = (key.derive(b"a").unwrap(), key.derive(b"b").unwrap());
    assert_eq!(mac(&a), mac(&key.derive(b"a").unwrap()));
    assert_ne!(mac(&a), mac(&b));
    assert_ne!(mac(&a), mac(&key));
    assert!(matches!(a.export(), Err(KeyError::NotExportable)));
    let signer = make(KeyKind::Ed25519);
    let derived = signer.derive(b"a").unwrap();
    assert_eq!(
        derived.public().unwrap(),
        signer.derive(b"a").unwrap().public().unwrap()
    );
    assert_ne!(derived.public().unwrap(), signer.public().unwrap());
}

#[test]
fn passwords() {
    let entropy = Lcg::new(1);
    for algorithm in [PasswordHash::Argon2id, PasswordHash::Bcrypt] {
        let hash = hash_password(algorithm, "pass phrase", &entropy).unwrap();
        assert_ne!(
            hash,
            hash_password(algorithm, "pass phrase", &entropy).unwrap()
        );
        assert!(verify_password(Some(&hash), "pass phrase").unwrap());
        assert!(!verify_password(Some(&hash), "pass phrasE").unwrap());
        assert!(!verify_password(Some(&hash), "").unwrap());
        assert!(!verify_password(Some(&hash), &"x".repeat(5000)).unwrap());
    }
    assert!(!verify_password(None, "pass phrase").unwrap());
    assert!(!verify_password(None, &"x".repeat(5000)).unwrap());
    let long = "x".repeat(73);
    let error = hash_password(PasswordHash::Bcrypt, &long, &entropy).unwrap_err();
    assert!(matches!(error, KeyError::TooLarge(72)));
}

/// None of these may take long or need much memory; that the test ends is a part of it.
#[test]
fn hostile_password_hashes_are_refused() {
    let salt = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for costs in [
        "m=4294967295,t=1,p=1",
        "m=262145,t=1,p=1",
        "m=19456,t=4294967295,p=1",
        "m=65536,t=17,p=1",
        "m=65536,t=1,p=17",
    ] {
        let hash = format!("$argon2id$v=19${costs}${salt}");
        let error = verify_password(Some(&hash), "p").unwrap_err();
        assert!(matches!(error, KeyError::Unsupported(_)), "{hash}: {error}");
    }
    let bcrypt = "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    assert!(matches!(
        verify_password(Some(bcrypt), "p"),
        Err(KeyError::Unsupported(_))
    ));
    let mut longest = String::from("$argon2id$");
    longest.push_str(&"a".repeat(10_000));
    for hash in [
        "",
        "$",
        "$2",
        "$2b$10$",
        "$2b$xx$",
        "plain",
        "$argon2id$v=19$",
        "$2b$1é$",
        &longest,
    ] {
        let error = verify_password(Some(hash), "p").unwrap_err();
        assert!(matches!(error, KeyError::Malformed(_)), "{hash}: {error}");
    }
}

#[test]
fn compares() {
    assert!(equal(b"", b"") && equal(b"ab", b"ab"));
    assert!(!equal(b"ab", b"ac") && !equal(b"ab", b"abc"));
}

#[test]
fn two_sides_agree_and_nobody_else() {
    for kind in [KeyKind::EcdsaP256, KeyKind::EcdsaP384, KeyKind::EcdsaP521] {
        let (one, other) = (make(kind), make(kind));
        let public = |key: &Key| Key::from_public(key.public().unwrap().unwrap()).unwrap();
        for symmetric in CIPHERS.into_iter().chain([KeyKind::Hmac]) {
            let agree =
                |own: &Key, peer: &Key| Key::agree(exportable(symmetric), own, &public(peer));
            let bytes =
                |key: Result<Key, KeyError>| key.unwrap().export().unwrap().expose().clone();
            let agreed = bytes(agree(&one, &other));
            assert_eq!(agreed, bytes(agree(&other, &one)));
            assert_ne!(agreed, bytes(agree(&make(kind), &other)));
        }
    }
}

#[test]
fn agreement_wants_two_keys_on_one_curve_and_a_private_half() {
    let check = |how: KeyKind, own: &Key, peer: &Key| {
        let refused = Key::agree(options(how), own, peer).unwrap_err();
        let mistake = matches!(refused, KeyError::WrongKind { .. } | KeyError::Malformed(_));
        assert!(mistake, "{refused}");
    };
    let (p256, p384) = (make(KeyKind::EcdsaP256), make(KeyKind::EcdsaP384));
    let public = Key::from_public(p256.public().unwrap().unwrap()).unwrap();
    check(KeyKind::Aes256Gcm96, &p256, &p384);
    check(KeyKind::Aes256Gcm96, &public, &p256);
    check(
        KeyKind::Aes256Gcm96,
        &make(KeyKind::Ed25519),
        &make(KeyKind::Ed25519),
    );
    check(KeyKind::Aes256Gcm96, &make(KeyKind::Aes256Gcm96), &p256);
    check(KeyKind::Ed25519, &p256, &p256);
    check(KeyKind::Rsa2048, &p256, &p256);
    let long = KeyOptions {
        bytes: u32::MAX,
        ..options(KeyKind::Hmac)
    };
    assert!(Key::agree(long, &p256, &p256).is_err());
}

proptest! {
    #[test]
    fn ciphers_open_what_they_sealed_and_nothing_else(
        kind in prop::sample::select(CIPHERS.to_vec()), seed: u64,
        plaintext in prop::collection::vec(any::<u8>(), 0..80),
        associated in prop::collection::vec(any::<u8>(), 0..20),
        place: usize, flip in 1_u8..=255, convergent: bool,
    ) {
        let entropy = Lcg::new(seed);
        let key = Key::make(options(kind), &entropy).unwrap();
        let sealed = if convergent {
            key.seal_convergent(&plaintext, &associated).unwrap()
        } else {
            key.seal(&plaintext, &associated, &entropy).unwrap()
        };
        let opened = key.open(&sealed, &associated).unwrap();
        prop_assert_eq!(opened.expose(), &plaintext);

        let place = place % sealed.len();
        let mut forged = sealed.clone();
        forged[place] ^= flip;
        let mut other = associated.clone();
        other.push(flip);
        let another = Key::make(options(kind), &entropy).unwrap();
        let wrong = [
            key.open(&forged, &associated),
            key.open(&sealed[..place], &associated),
            key.open(&sealed, &other),
            another.open(&sealed, &associated),
        ];
        for opened in wrong {
            prop_assert!(matches!(opened, Err(KeyError::NotAuthentic)));
        }
    }

    #[test]
    fn convergent_is_equal_for_equal_input_only(
        kind in prop::sample::select(CIPHERS.to_vec()),
        one in ("[ab]{0,3}", "[ab]{0,3}"), two in ("[ab]{0,3}", "[ab]{0,3}"),
    ) {
        let key = make(kind);
        let seal = |(text, ad): &(String, String)| {
            key.seal_convergent(text.as_bytes(), ad.as_bytes()).unwrap()
        };
        prop_assert_eq!(seal(&one) == seal(&two), one == two);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let ciphers = CIPHERS.map(make);
        for key in &ciphers {
            prop_assert!(key.open(&bytes, b"").is_err());
        }
        prop_assert!(Key::from_public(&bytes).is_err());
        let unwrapped = Key::import_wrapped(options(KeyKind::Aes256Gcm96), &bytes, &ciphers[1], Hash::Sha2_256);
        prop_assert!(unwrapped.is_err());
    }

    #[test]
    fn no_hash_text_panics(hash in "\\$(argon2id|argon2|2b|2)\\$[a-z0-9=,$/.]{0,40}") {
        prop_assert!(!matches!(verify_password(Some(&hash), "p"), Ok(true)));
    }
}
