//! Every primitive against answers that others computed: RFCs, NIST, OpenSSL.

use crate::world::Lcg;
use barrier::keys::{
    Hash, Key, KeyError, KeyKind, KeyOptions, Message, SaltLength, SignatureScheme, digest,
    verify_password,
};
use base::Secret;

/// An answer of OpenSSL's.
fn vector(name: &str) -> Vec<u8> {
    let lines = include_str!("vectors/keys.txt").lines();
    let mut pairs = lines.filter_map(|line| line.split_once(' '));
    let (_, text) = pairs.find(|(found, _)| *found == name).expect(name);
    hex(text)
}

fn hex(text: &str) -> Vec<u8> {
    let text: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let text = String::from_utf8(text).unwrap();
    let byte = |i| u8::from_str_radix(&text[i..i + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

const fn options(kind: KeyKind) -> KeyOptions {
    KeyOptions {
        kind,
        exportable: true,
        bytes: 0,
    }
}

fn import(kind: KeyKind, material: Vec<u8>) -> Key {
    Key::import(options(kind), Secret::new(material)).unwrap()
}

#[test]
fn ciphers() {
    let check = |kind, key: &str, associated: &str, sealed: &str, plaintext: &[u8]| {
        let key = import(kind, hex(key));
        let opened = key.open(&hex(sealed), &hex(associated)).unwrap();
        assert_eq!(opened.expose(), plaintext);
    };
    // The specification of GCM, test cases 4 and 16.
    let plaintext = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
         1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    check(
        KeyKind::Aes128Gcm96,
        "feffe9928665731c6d6a8f9467308308",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "cafebabefacedbaddecaf888
         42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
         21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
         5bc94fbc3221a5db94fae95ae7121a47",
        &plaintext,
    );
    check(
        KeyKind::Aes256Gcm96,
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "cafebabefacedbaddecaf888
         522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
         8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
         76fc6ece0f4e1768cddf8853bb2d551b",
        &plaintext,
    );
    // RFC 8439, section 2.8.2, and its sister in the draft of XChaCha.
    let plaintext = b"Ladies and Gentlemen of the class of '99: If I could offer you only one \
                      tip for the future, sunscreen would be it.";
    let key = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
    check(
        KeyKind::ChaCha20Poly1305,
        key,
        "50515253c0c1c2c3c4c5c6c7",
        "070000004041424344454647
         d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6
         3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36
         92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
         3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd060
         0691",
        plaintext,
    );
    check(
        KeyKind::XChaCha20Poly1305,
        key,
        "50515253c0c1c2c3c4c5c6c7",
        "404142434445464748494a4b4c4d4e4f5051525354555657
         bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb
         731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452
         2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
         21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780a
         cf49",
        plaintext,
    );
}

#[test]
fn digests_and_macs() {
    for hash in Hash::ALL {
        let name = hash.name();
        assert_eq!(
            digest(hash, b"abc"),
            vector(&format!("digest-{name}")),
            "{name}"
        );
        assert_eq!(digest(hash, b"abc").len(), hash.output_bytes());
        // The short key is that of RFC 4231, test case 1; the long one is longer than a block.
        for (key, vectors) in [(vec![0x0b; 20], "hmac"), (vec![0xaa; 200], "hmac-long")] {
            let key = import(KeyKind::Hmac, key);
            let mac = key.mac(b"Hi There", hash).unwrap();
            assert_eq!(mac, vector(&format!("{vectors}-{name}")), "{name}");
            assert!(key.verify_mac(b"Hi There", hash, &mac).unwrap());
            assert!(!key.verify_mac(b"Hi There.", hash, &mac).unwrap());
            assert!(!key.verify_mac(b"Hi There", hash, &mac[1..]).unwrap());
        }
    }
}

/// RFC 8032, section 7.1, test 2.
#[test]
fn ed25519() {
    let signature = hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    assert_eq!(vector("ed25519-signature"), signature);
    let key = import(KeyKind::Ed25519, vector("ed25519-private"));
    let message = Message::Whole(&[0x72]);
    assert_eq!(
        key.sign(message, SignatureScheme::Native).unwrap(),
        signature
    );
    assert_eq!(key.public().unwrap().unwrap(), vector("ed25519-public"));
    assert_eq!(key.export().unwrap().expose(), &vector("ed25519-private"));
    let public = Key::from_public(&vector("ed25519-public")).unwrap();
    assert!(
        public
            .verify(message, SignatureScheme::Native, &signature)
            .unwrap()
    );
    assert!(
        !public
            .verify(Message::Whole(&[]), SignatureScheme::Native, &signature)
            .unwrap()
    );
}

/// Every hash with every curve: also those that the library has no name for.
#[test]
fn ecdsa() {
    for kind in [KeyKind::EcdsaP256, KeyKind::EcdsaP384, KeyKind::EcdsaP521] {
        let name = kind.name();
        let private = import(kind, vector(&format!("{name}-private")));
        let spki = vector(&format!("{name}-public"));
        assert_eq!(private.public().unwrap().unwrap(), spki);
        let public = Key::from_public(&spki).unwrap();
        assert_eq!(public.kind(), kind);
        for hash in Hash::ALL {
            let theirs = vector(&format!("{name}-{}", hash.name()));
            let scheme = SignatureScheme::EcdsaDer(hash);
            let message = Message::Whole(b"sample");
            assert!(
                public.verify(message, scheme, &theirs).unwrap(),
                "{name} {hash:?}"
            );
            assert!(
                !public
                    .verify(Message::Whole(b"other"), scheme, &theirs)
                    .unwrap()
            );

            let hashed = digest(hash, b"sample");
            for scheme in [scheme, SignatureScheme::EcdsaFixed(hash)] {
                let ours = private.sign(Message::Hashed(&hashed), scheme).unwrap();
                assert!(public.verify(message, scheme, &ours).unwrap());
                let mut forged = ours.clone();
                forged[ours.len() - 1] ^= 1;
                assert!(!public.verify(message, scheme, &forged).unwrap());
            }
        }
    }
}

/// RFC 6979, A.2.5: P-256 with hashes that are shorter and longer than the order of the curve.
#[test]
fn ecdsa_of_rfc_6979() {
    let mut spki = hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
    spki.extend(hex(
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
         7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    ));
    let key = Key::from_public(&spki).unwrap();
    let check = |hash, signature: &str| {
        let scheme = SignatureScheme::EcdsaFixed(hash);
        assert!(
            key.verify(Message::Whole(b"sample"), scheme, &hex(signature))
                .unwrap(),
            "{hash:?}"
        );
    };
    check(
        Hash::Sha1,
        "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32
         6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb",
    );
    check(
        Hash::Sha2_224,
        "53b2fff5d1752b2c689df257c04c40a587fababb3f6fc2702f1343af7ca9aa3f
         b9afb64fdc03dc1a131c7d2386d11e349f070aa432a4acc918bea988bf75c74c",
    );
    check(
        Hash::Sha2_256,
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
         f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    );
    check(
        Hash::Sha2_512,
        "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00
         2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe",
    );
}

#[test]
fn rsa() {
    let private = import(KeyKind::Rsa2048, vector("rsa-private"));
    let public = Key::from_public(&vector("rsa-public")).unwrap();
    assert_eq!(private.public().unwrap().unwrap(), vector("rsa-public"));
    let message = Message::Whole(b"sample");
    let verify = |scheme, signature: &[u8]| public.verify(message, scheme, signature).unwrap();
    for hash in [Hash::Sha1, Hash::Sha2_256, Hash::Sha2_384, Hash::Sha2_512] {
        let name = hash.name();
        let theirs = vector(&format!("pkcs1-{name}"));
        assert!(verify(SignatureScheme::RsaPkcs1V15(hash), &theirs));
        assert!(!verify(SignatureScheme::RsaPkcs1V15(hash), &theirs[1..]));
        let opened = private
            .decrypt_asymmetric(&vector(&format!("oaep-{name}")), hash)
            .unwrap();
        assert_eq!(opened.expose(), b"sample");
        let sealed = public.encrypt_asymmetric(b"ours", hash).unwrap();
        assert_eq!(
            private.decrypt_asymmetric(&sealed, hash).unwrap().expose(),
            b"ours"
        );
        if hash == Hash::Sha1 {
            continue;
        }
        // PKCS#1 v1.5 has one signature for one message.
        assert_eq!(
            private
                .sign(message, SignatureScheme::RsaPkcs1V15(hash))
                .unwrap(),
            theirs
        );
        for (salt, vectors) in [
            (SaltLength::AsHash, "as-hash"),
            (SaltLength::Automatic, "as-hash"),
            (SaltLength::Automatic, "longest"),
            (SaltLength::Bytes(20), "20"),
        ] {
            let theirs = vector(&format!("pss-{name}-{vectors}"));
            let scheme = SignatureScheme::RsaPss(hash, salt);
            assert!(verify(scheme, &theirs), "{name} {salt:?}");
            assert!(verify(scheme, &private.sign(message, scheme).unwrap()));
            let other = SignatureScheme::RsaPss(hash, SaltLength::Bytes(21));
            assert!(!verify(other, &theirs));
        }
    }
}

#[test]
fn keys_of_other_curves_and_sizes_are_refused() {
    for kind in KeyKind::ALL
        .into_iter()
        .filter(|kind| *kind != KeyKind::Hmac)
    {
        for name in ["other-curve", "rsa-1024"] {
            let imported = Key::import(options(kind), Secret::new(vector(name)));
            assert!(matches!(imported, Err(KeyError::Malformed(_))), "{name}");
        }
    }
    let larger = Key::import(
        options(KeyKind::Rsa3072),
        Secret::new(vector("rsa-private")),
    );
    assert!(matches!(larger, Err(KeyError::Malformed(_))));
    for name in ["other-curve-public", "rsa-1024-public", "rsa-private"] {
        assert!(Key::from_public(&vector(name)).is_err(), "{name}");
    }
}

#[test]
fn wrapped_keys() {
    let aes = import(KeyKind::Aes256Gcm96, (0..32).collect());
    let rsa = import(KeyKind::Rsa2048, vector("rsa-private"));
    let target: Vec<u8> = (100..132).collect();
    for (by, wrapped) in [(aes, "wrapped-by-aes"), (rsa, "wrapped-by-rsa")] {
        let (options, hash) = (options(KeyKind::ChaCha20Poly1305), Hash::Sha2_256);
        let key = Key::import_wrapped(options, &vector(wrapped), &by, hash).unwrap();
        assert_eq!(key.export().unwrap().expose(), &target);
        let again = key.wrap(&by, hash, &Lcg::new(1)).unwrap();
        let key = Key::import_wrapped(options, &again, &by, hash).unwrap();
        assert_eq!(key.export().unwrap().expose(), &target);
        for cut in [0, 8, again.len() - 1] {
            let error = Key::import_wrapped(options, &again[..cut], &by, hash).unwrap_err();
            assert!(matches!(error, KeyError::NotAuthentic));
        }
    }
}

#[test]
fn passwords() {
    let check = |hash, password, expected| {
        assert_eq!(
            verify_password(Some(hash), password).unwrap(),
            expected,
            "{hash}"
        );
    };
    // The reference implementations' own test vectors.
    let argon2 =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    check(argon2, "password", true);
    check(argon2, "Password", false);
    let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    check(bcrypt, "U*U", true);
    check(bcrypt, "U*V", false);
}

/// Against Python's cryptography: ECDH, then HKDF-SHA256 without salt and info.
#[test]
fn agreement() {
    let own = import(
        KeyKind::EcdsaP256,
        hex(
            "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02010104200000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1da14403420004396740f5ba4873f0c28a9d2eb8787dc129e909c93490f729daaab58298434d62e9848d420502886c19d51b45b089d48297e1ae2f6e62f24a87fb8219e88024cf",
        ),
    );
    let peer = Key::from_public(&hex(
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004db47d787a339b4c12f87e868356d4344932fd8123d54844bc83afa4037e201f5735c06dee65bcf0d58b6858437cf6075324e425f5ad8eed10a0cd1cf0dc68b0f",
    ));
    let agreed = Key::agree(
        KeyOptions {
            exportable: true,
            ..options(KeyKind::Aes256Gcm96)
        },
        &own,
        &peer.unwrap(),
    );
    assert_eq!(
        *agreed.unwrap().export().unwrap().expose(),
        hex("24b001a1f87ac2b8ef8a5968282e99d638e1c5eea1e8f516b17f36f8f209967b")
    );
}
