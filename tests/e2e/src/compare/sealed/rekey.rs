//! `sys/rekey`, by holders of shares who have no token.

use super::differences::{CONVERSIONS, SHARE_LENGTH, STATUSES};
use crate::compare::{Script, Step, delete, get, put};

const fn refused_with_400(body: &'static str, text: &'static str) -> Step {
    put("sys/rekey/init", body).but(&STATUSES, 400, text)
}

/// What is none.
pub(super) const REFUSED: Script = Script {
    name: "refused rekeys",
    steps: &[
        get("sys/rekey/init"),
        get("sys/rekey/verify"),
        get("sys/rekey/backup").by("root"),
        get("sys/rekey/recovery-key-backup").by("root"),
        get("sys/rekey-recovery-key/init"),
        put("sys/rekey/update", r#"{"key":"${share0}","nonce":"x"}"#),
        put("sys/rekey/verify", r#"{"key":"${share0}","nonce":"x"}"#),
        delete("sys/rekey/init"),
        delete("sys/rekey/verify"),
        refused_with_400(
            "{}",
            r#"{"errors":["invalid rekey seal configuration: shares must be at least one"]}"#,
        ),
        refused_with_400(
            r#"{"secret_shares":3,"secret_threshold":4}"#,
            r#"{"errors":["invalid rekey seal configuration: threshold cannot be larger than shares"]}"#,
        ),
        refused_with_400(
            r#"{"secret_shares":3,"secret_threshold":1}"#,
            r#"{"errors":["invalid rekey seal configuration: threshold must be greater than one for multiple shares"]}"#,
        ),
        refused_with_400(
            r#"{"secret_shares":256,"secret_threshold":2}"#,
            r#"{"errors":["invalid rekey seal configuration: shares must be less than 256"]}"#,
        ),
        put("sys/rekey/init", r#"{"secret_shares":"x"}"#).but(
            &CONVERSIONS,
            400,
            r#"{"errors":["error converting input for field \"secret_shares\""]}"#,
        ),
        put(
            "sys/rekey/init",
            r#"{"secret_shares":3,"secret_threshold":2,"backup":true}"#,
        ),
        put(
            "sys/rekey/init",
            r#"{"secret_shares":3,"secret_threshold":2,"pgp_keys":["x"]}"#,
        ),
        put("sys/rekey/init", r#"{"a"#),
    ],
};

/// With a verification, which goes wrong first.
pub(super) const VERIFIED: Script = Script {
    name: "rekey with verification",
    steps: &[
        put(
            "sys/rekey/init",
            r#"{"secret_shares":5,"secret_threshold":3,"require_verification":true}"#,
        )
        .saves("nonce", "/nonce"),
        get("sys/rekey/init"),
        put("sys/rekey/init", r#"{"secret_shares":5,"secret_threshold":3}"#),
        put("sys/rekey/update", "{}"),
        put("sys/rekey/update", r#"{"key":"${share0}"}"#),
        put("sys/rekey/update", r#"{"nonce":"${nonce}"}"#),
        put("sys/rekey/update", r#"{"key":"${share0}","nonce":"x"}"#),
        put("sys/rekey/update", r#"{"key":"zz!","nonce":"${nonce}"}"#),
        put("sys/rekey/update", r#"{"key":"AAAA","nonce":"${nonce}"}"#).but(
            &SHARE_LENGTH,
            400,
            r#"{"errors":["invalid key: key is shorter than minimum 33 bytes"]}"#,
        ),
        put("sys/rekey/update", r#"{"key":"${share0}","nonce":"${nonce}"}"#),
        get("sys/rekey/init"),
        put("sys/rekey/update", r#"{"key":"${share0}","nonce":"${nonce}"}"#),
        put("sys/rekey/update", wrong_share!(r#","nonce":"${nonce}""#)).but(
            &STATUSES,
            400,
            r#"{"errors":["failed to read root key: invalid key: failed to decrypt keys from storage: cipher: message authentication failed"]}"#,
        ),
        get("sys/rekey/init"),
        delete("sys/rekey/init?nonce=${nonce}"),
        get("sys/rekey/init"),
        put(
            "sys/rekey/init",
            r#"{"secret_shares":3,"secret_threshold":2,"require_verification":true}"#,
        )
        .saves("nonce", "/nonce"),
        put("sys/rekey/update", r#"{"key":"${share0}","nonce":"${nonce}"}"#),
        put("sys/rekey/update", r#"{"key":"${share2}","nonce":"${nonce}"}"#)
            .saves("new0", "/keys/0")
            .saves("new1", "/keys_base64/1")
            .saves("new2", "/keys_base64/2")
            .saves("verification", "/verification_nonce")
            .forms(&["keys", "keys_base64"]),
        get("sys/rekey/init"),
        get("sys/rekey/verify"),
        put("sys/rekey/verify", "{}"),
        put("sys/rekey/verify", r#"{"key":"${new0}","nonce":"x"}"#),
        put("sys/rekey/verify", r#"{"key":"zz!","nonce":"${verification}"}"#),
        put("sys/rekey/verify", r#"{"key":"${new0}","nonce":"${verification}"}"#),
        put("sys/rekey/verify", r#"{"key":"${new0}","nonce":"${verification}"}"#),
        get("sys/rekey/verify"),
        put("sys/rekey/verify", wrong_share!(r#","nonce":"${verification}""#)),
        get("sys/rekey/verify").saves("verification", "/nonce"),
        delete("sys/rekey/verify?nonce=${verification}").saves("verification", "/nonce"),
        get("sys/rekey/verify"),
        put("sys/rekey/verify", r#"{"key":"${new0}","nonce":"${verification}"}"#),
        put("sys/rekey/verify", r#"{"key":"${new1}","nonce":"${verification}"}"#),
        get("sys/rekey/verify"),
        get("sys/rekey/init"),
    ],
};

/// Without one: from the shares of the rekey before to the next ones.
pub(super) const AT_ONCE: Script = Script {
    name: "rekey at once",
    steps: &[
        put("sys/rekey/init", r#"{"secret_shares":3,"secret_threshold":2}"#)
            .saves("nonce", "/nonce"),
        put("sys/rekey/update", r#"{"key":"${new2}","nonce":"${nonce}"}"#),
        put("sys/rekey/update", r#"{"key":"${new0}","nonce":"${nonce}"}"#)
            .saves("share0", "/keys/0")
            .saves("share1", "/keys_base64/1")
            .saves("share2", "/keys_base64/2")
            .forms(&["keys", "keys_base64"]),
        get("sys/rekey/init"),
        get("sys/rekey/verify"),
        // Those of before count no more.
        put("sys/rekey/init", r#"{"secret_shares":1,"secret_threshold":1}"#)
            .saves("nonce", "/nonce"),
        put("sys/rekey/update", r#"{"key":"${new2}","nonce":"${nonce}"}"#),
        put("sys/rekey/update", r#"{"key":"${new0}","nonce":"${nonce}"}"#).but(
            &STATUSES,
            400,
            r#"{"errors":["failed to read root key: invalid key: failed to decrypt keys from storage: cipher: message authentication failed"]}"#,
        ),
        delete("sys/rekey/init?nonce=${nonce}"),
    ],
};
