//! Looking up, renewing and revoking.

use super::{RENEWAL_BY_ACCESSOR, accessor, itself, make, prepare, tidies};
use crate::compare::{CLIENT_TOKEN, Script, delete, get, list, post, put};

pub(super) const ACCESSORS: Script = Script {
    name: "accessors",
    steps: &[
        get("auth/token/lookup-self")
            .saves("root-accessor", "/data/accessor")
            .only_prepares(),
        list("auth/token/accessors"),
        prepare("one", r#"{"policies":["default"],"ttl":"1h"}"#),
        accessor("one", "one-accessor"),
        post(
            "auth/token/lookup-accessor",
            r#"{"accessor":"${one-accessor}"}"#,
        ),
        post(
            "auth/token/renew-accessor",
            r#"{"accessor":"${one-accessor}"}"#,
        ),
        post(
            "auth/token/renew-accessor",
            r#"{"accessor":"${one-accessor}","increment":"2h"}"#,
        ),
        post(
            "auth/token/revoke-accessor",
            r#"{"accessor":"${one-accessor}"}"#,
        ),
        itself("one"),
        post(
            "auth/token/lookup-accessor",
            r#"{"accessor":"${one-accessor}"}"#,
        ),
        post(
            "auth/token/revoke-accessor",
            r#"{"accessor":"${one-accessor}"}"#,
        ),
        list("auth/token/accessors"),
        post("auth/token/lookup-accessor", "{}"),
        post("auth/token/renew-accessor", "{}"),
        post("auth/token/revoke-accessor", "{}"),
        prepare("fixed", r#"{"policies":["default"],"renewable":false}"#),
        accessor("fixed", "fixed-accessor"),
        post(
            "auth/token/renew-accessor",
            r#"{"accessor":"${fixed-accessor}"}"#,
        )
        .but(
            &RENEWAL_BY_ACCESSOR,
            400,
            r#"{"errors":["lease is not renewable"]}"#,
        ),
        post("auth/token/revoke-self", "{}")
            .by("fixed")
            .only_prepares(),
        post("auth/token/lookup-accessor", r#"{"accessor":"none"}"#),
        prepare("weak", r#"{"policies":["default"]}"#),
        list("auth/token/accessors").by("weak"),
        post("auth/token/revoke-self", "{}")
            .by("weak")
            .only_prepares(),
    ],
};

pub(super) const RENEW: Script = Script {
    name: "renewals",
    steps: &[
        prepare("r", r#"{"policies":["default"],"ttl":"1h"}"#),
        post("auth/token/renew-self", "{}").by("r"),
        post("auth/token/renew-self", r#"{"increment":"2h"}"#).by("r"),
        post("auth/token/renew-self", r#"{"increment":10}"#).by("r"),
        itself("r"),
        post("auth/token/renew", r#"{"token":"${r}","increment":"1h"}"#),
        post("auth/token/renew", r#"{"token":"none"}"#),
        post("auth/token/renew", "{}"),
        prepare(
            "fixed",
            r#"{"policies":["default"],"ttl":"1h","renewable":false}"#,
        ),
        post("auth/token/renew-self", "{}").by("fixed"),
        post("auth/token/renew", r#"{"token":"${fixed}"}"#),
        prepare(
            "capped",
            r#"{"policies":["default"],"ttl":"1h","explicit_max_ttl":"2h"}"#,
        ),
        post("auth/token/renew-self", r#"{"increment":"1h30m"}"#).by("capped"),
        prepare("period", r#"{"policies":["default"],"period":"1h"}"#),
        post("auth/token/renew-self", r#"{"increment":"10h"}"#).by("period"),
        post("auth/token/renew-self", "{}"),
        get("auth/token/renew-self"),
    ],
};

pub(super) const REVOKE: Script = Script {
    name: "revocations",
    steps: &[
        prepare("parent", r#"{"policies":["root"]}"#),
        post("auth/token/create", r#"{"policies":["root"]}"#)
            .by("parent")
            .saves("child", CLIENT_TOKEN)
            .only_prepares(),
        post("auth/token/create", r#"{"policies":["default"]}"#)
            .by("child")
            .saves("grandchild", CLIENT_TOKEN)
            .only_prepares(),
        post("auth/token/revoke-orphan", r#"{"token":"${child}"}"#),
        itself("child"),
        itself("grandchild"),
        itself("parent"),
        post("auth/token/create", r#"{"policies":["default"]}"#)
            .by("parent")
            .saves("other", CLIENT_TOKEN)
            .only_prepares(),
        post("auth/token/revoke", r#"{"token":"${parent}"}"#),
        itself("parent"),
        itself("other"),
        itself("grandchild"),
        post("auth/token/revoke", r#"{"token":"${parent}"}"#),
        post("auth/token/revoke", r#"{"token":"none"}"#),
        post("auth/token/revoke", "{}"),
        post("auth/token/revoke-orphan", r#"{"token":"none"}"#),
        post("auth/token/revoke-orphan", "{}"),
        prepare("weak", r#"{"policies":["default"]}"#),
        post("auth/token/revoke-orphan", r#"{"token":"${weak}"}"#).by("weak"),
        post("auth/token/revoke", r#"{"token":"${grandchild}"}"#).by("weak"),
        post("auth/token/revoke-self", "{}").by("weak"),
        post("auth/token/revoke-self", "{}").by("weak"),
        put("auth/token/revoke-self", "{}").by("weak"),
    ],
};

pub(super) const USES: Script = Script {
    name: "counted uses",
    steps: &[
        prepare("three", r#"{"policies":["default"],"num_uses":3}"#),
        itself("three"),
        post("auth/token/lookup", r#"{"token":"${three}"}"#),
        itself("three"),
        get("sys/mounts").by("three"),
        itself("three"),
        post("auth/token/lookup", r#"{"token":"${three}"}"#),
    ],
};

pub(super) const LOOKUP: Script = Script {
    name: "look-ups of tokens",
    steps: &[
        make(
            "l",
            r#"{"policies":["default"],"ttl":"1h","meta":{"a":"b"},"display_name":"named"}"#,
        ),
        post("auth/token/lookup", r#"{"token":"${l}"}"#),
        post("auth/token/lookup", r#"{"token":"${l}"}"#).by("l"),
        get("auth/token/lookup").by("l"),
        post("auth/token/lookup", r#"{"token":"none"}"#),
        post("auth/token/lookup-self", "{}").by("l"),
        post("auth/token/renew-self", "{}").by("l").only_prepares(),
        itself("l"),
    ],
};

pub(super) const TIDY: Script = Script {
    name: "tidying",
    steps: &[
        tidies("auth/token/tidy"),
        get("auth/token/tidy"),
        prepare("weak", r#"{"policies":["default"]}"#),
        post("auth/token/tidy", "{}").by("weak"),
    ],
};

/// Tokens that are good from where their login came from, and from nowhere else.
pub(super) const BOUND: Script = Script {
    name: "tokens bound to an address",
    steps: &[
        post("sys/auth/bound", r#"{"type":"userpass"}"#),
        post(
            "auth/bound/users/u",
            r#"{"password":"p","token_strictly_bind_ip":true}"#,
        ),
        get("auth/bound/users/u"),
        post("auth/bound/login/u", r#"{"password":"p"}"#).saves("bound", CLIENT_TOKEN),
        itself("bound"),
        // Its children are bound as it is.
        post("auth/token/create", "{}").by("bound"),
        post("auth/bound/users/u", r#"{"token_bound_cidrs":"127.0.0.1"}"#),
        post(
            "auth/bound/users/u",
            r#"{"token_strictly_bind_ip":false,"token_bound_cidrs":"192.0.2.0/24"}"#,
        ),
        post("auth/bound/login/u", r#"{"password":"p"}"#),
        itself("bound"),
        delete("sys/auth/bound"),
    ],
};
