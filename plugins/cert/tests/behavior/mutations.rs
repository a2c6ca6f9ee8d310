//! Whatever one does to a certificate, it logs nobody in, and does no harm.

use super::world::*;
use proptest::prelude::*;
use sdk::json;
use sdk::testing::TestMount;
use std::sync::LazyLock;

struct Setting {
    root: Made,
    middle: Made,
    leaf: Made,
}

static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let root = authority("CA").self_signed();
    let middle = authority("I").signed_by(&root);
    let leaf = recipe("alice").signed_by(&middle);
    Setting { root, middle, leaf }
});

fn may(mount: &TestMount, sent: Vec<Vec<u8>>) -> bool {
    mount.with_certificates(sent);
    mount.login("login", json!({})).is_ok()
}

#[test]
fn a_tag_of_another_class_is_no_certificate() {
    let Setting { root, middle, leaf } = &*SETTING;
    let mount = trusting(&root.pem, json!({}));
    for at in 0..middle.der.len() {
        for class in [0x40, 0x80, 0xc0] {
            let mut mutated = middle.der.clone();
            mutated[at] ^= class;
            assert!(!may(&mount, vec![leaf.der.clone(), mutated]), "byte {at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_mutated_certificate(at in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..4, which in any::<bool>()) {
        let Setting { root, middle, leaf } = &*SETTING;
        let mount = trusting(&root.pem, json!({}));
        prop_assert!(may(&mount, vec![leaf.der.clone(), middle.der.clone()]));
        let good = if which { &leaf.der } else { &middle.der };
        let at = at.index(good.len());
        let mut mutated = good.clone();
        match how {
            0 => mutated[at] = byte,
            1 => mutated.insert(at, byte),
            2 => { mutated.remove(at); }
            _ => mutated.truncate(at),
        }
        if mutated != *good {
            let sent = match which {
                true => vec![mutated, middle.der.clone()],
                false => vec![leaf.der.clone(), mutated],
            };
            prop_assert!(!may(&mount, sent));
        }
    }

    #[test]
    fn no_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mount = trusting(&SETTING.root.pem, json!({}));
        prop_assert!(!may(&mount, vec![bytes.clone()]));
        let list = sdk::to_base64(&bytes);
        let body = json!({"crl": format!("-----BEGIN X509 CRL-----\n{list}\n-----END X509 CRL-----")});
        prop_assert!(mount.update("crls/x", body).is_err());
    }
}
