//! `sys/rotate`: the same with a token, and the keys of the barrier.

use super::differences::{GO_FORMATTING, OPEN_BACKUP, RECOVERY as RECOVERY_KEYS, REPEATED};
use crate::compare::{Script, Step, delete, get, put};

const INIT: &str = "sys/rotate/root/init";
const UPDATE: &str = "sys/rotate/root/update";
const VERIFY: &str = "sys/rotate/root/verify";

const fn read(path: &'static str) -> Step {
    get(path).by("root")
}

const fn write(path: &'static str, body: &'static str) -> Step {
    put(path, body).by("root")
}

const fn remove(path: &'static str) -> Step {
    delete(path).by("root")
}

/// What is none.
pub(super) const REFUSED: Script = Script {
    name: "refused rotations",
    steps: &[
        read(INIT),
        read(VERIFY),
        read("sys/rotate/root/backup"),
        write(UPDATE, r#"{"key":"${share0}","nonce":"x"}"#),
        write(VERIFY, r#"{"key":"${share0}","nonce":"x"}"#),
        remove(INIT),
        remove(VERIFY),
        remove("sys/rotate/root/backup"),
        write(INIT, "{}").but(
            &GO_FORMATTING,
            400,
            r#"{"errors":["invalid rotate seal configuration: shares must be at least one"]}"#,
        ),
        write(INIT, r#"{"secret_shares":3,"secret_threshold":4}"#).but(
            &GO_FORMATTING,
            400,
            r#"{"errors":["invalid rotate seal configuration: threshold cannot be larger than shares"]}"#,
        ),
        write(INIT, r#"{"secret_shares":"x"}"#),
        write(
            INIT,
            r#"{"secret_shares":3,"secret_threshold":2,"backup":true}"#,
        )
        .but(
            &OPEN_BACKUP,
            400,
            r#"{"errors":["cannot request a backup of the new keys without providing PGP keys for encryption"]}"#,
        ),
        remove(INIT),
        put(INIT, r#"{"secret_shares":3,"secret_threshold":2}"#),
    ],
};

/// With a verification, which goes wrong first.
pub(super) const VERIFIED: Script = Script {
    name: "rotation with verification",
    steps: &[
        write(
            INIT,
            r#"{"secret_shares":3,"secret_threshold":2,"require_verification":true}"#,
        )
        .saves("nonce", "/data/nonce"),
        read(INIT),
        write(INIT, r#"{"secret_shares":5,"secret_threshold":3}"#),
        write(UPDATE, "{}"),
        write(UPDATE, r#"{"key":"${share0}"}"#),
        write(UPDATE, r#"{"nonce":"${nonce}"}"#),
        write(UPDATE, r#"{"key":"${share0}","nonce":"x"}"#),
        write(UPDATE, r#"{"key":"zz!","nonce":"${nonce}"}"#),
        write(UPDATE, r#"{"key":"${share0}","nonce":"${nonce}"}"#),
        read(INIT),
        write(UPDATE, r#"{"key":"${share0}","nonce":"${nonce}"}"#),
        write(UPDATE, wrong_share!(r#","nonce":"${nonce}""#)).but(
            &GO_FORMATTING,
            400,
            r#"{"errors":["failed to read root key: invalid key: failed to decrypt keys from storage: cipher: message authentication failed"]}"#,
        ),
        read(INIT),
        remove(INIT),
        read(INIT),
        write(
            INIT,
            r#"{"secret_shares":3,"secret_threshold":2,"require_verification":true}"#,
        )
        .saves("nonce", "/data/nonce"),
        write(UPDATE, r#"{"key":"${share1}","nonce":"${nonce}"}"#),
        write(UPDATE, r#"{"key":"${share2}","nonce":"${nonce}"}"#)
            .saves("new0", "/data/keys/0")
            .saves("new1", "/data/keys_base64/1")
            .saves("new2", "/data/keys_base64/2")
            .saves("verification", "/data/verification_nonce")
            .forms(&["keys", "keys_base64"]),
        read(INIT),
        read(VERIFY),
        write(VERIFY, "{}"),
        write(VERIFY, r#"{"key":"${new0}"}"#),
        write(VERIFY, r#"{"key":"${new0}","nonce":"x"}"#),
        write(VERIFY, r#"{"key":"zz!","nonce":"${verification}"}"#),
        write(VERIFY, r#"{"key":"${new0}","nonce":"${verification}"}"#),
        write(VERIFY, wrong_share!(r#","nonce":"${verification}""#)),
        read(VERIFY).saves("verification", "/data/nonce"),
        write(VERIFY, r#"{"key":"${new0}","nonce":"${verification}"}"#),
        write(VERIFY, r#"{"key":"${new0}","nonce":"${verification}"}"#).but(
            &REPEATED,
            400,
            r#"{"errors":["given key has already been provided during this verify operation"]}"#,
        ),
        remove(VERIFY).saves("verification", "/data/nonce"),
        read(VERIFY),
        write(VERIFY, r#"{"key":"${new1}","nonce":"${verification}"}"#),
        write(VERIFY, r#"{"key":"${new2}","nonce":"${verification}"}"#),
        read(VERIFY),
        read(INIT),
        // One more, by two of the new shares, for those that are used from here on.
        write(INIT, r#"{"secret_shares":3,"secret_threshold":2}"#).saves("nonce", "/data/nonce"),
        write(UPDATE, r#"{"key":"${new0}","nonce":"${nonce}"}"#),
        write(UPDATE, r#"{"key":"${new2}","nonce":"${nonce}"}"#)
            .saves("share0", "/data/keys/0")
            .saves("share1", "/data/keys_base64/1")
            .saves("share2", "/data/keys_base64/2")
            .forms(&["keys", "keys_base64"]),
    ],
};

const NO_RECOVERY: &str = r#"{"errors":["recovery keys not supported"]}"#;

/// Of keys that a Shamir seal has not.
pub(super) const RECOVERY: Script = Script {
    name: "rotations of recovery keys",
    steps: &[
        read("sys/rotate/recovery/init").but(&RECOVERY_KEYS, 400, NO_RECOVERY),
        write(
            "sys/rotate/recovery/init",
            r#"{"secret_shares":3,"secret_threshold":2}"#,
        ),
        write(
            "sys/rotate/recovery/update",
            r#"{"key":"${share0}","nonce":"x"}"#,
        )
        .but(&RECOVERY_KEYS, 400, NO_RECOVERY),
        write(
            "sys/rotate/recovery/verify",
            r#"{"key":"${share0}","nonce":"x"}"#,
        )
        .but(&RECOVERY_KEYS, 400, NO_RECOVERY),
        remove("sys/rotate/recovery/init").but(&RECOVERY_KEYS, 400, NO_RECOVERY),
        read("sys/rotate/recovery/backup"),
        remove("sys/rotate/recovery/backup"),
    ],
};

/// The keys that encrypt.
pub(super) const KEYRING: Script = Script {
    name: "rotation of the keyring",
    steps: &[
        write("sys/rotate/root", "{}"),
        read("sys/rotate/root"),
        write("sys/rotate", "{}"),
        write("sys/rotate/keyring", "{}"),
        read("sys/rotate/config"),
        read("sys/rotate/keyring/config"),
        read("sys/key-status").forms(&["encryptions"]),
    ],
};
