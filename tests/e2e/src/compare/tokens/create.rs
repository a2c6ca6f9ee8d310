//! `auth/token/create` and `auth/token/create-orphan`.

use super::{CHOSEN_IDS, itself, make, prepare};
use crate::compare::{CLIENT_TOKEN, Script, post, put};

pub(super) const CREATE: Script = Script {
    name: "made tokens",
    steps: &[
        make("plain", "{}"),
        itself("plain"),
        make(
            "shaped",
            r#"{"policies":["default","some"],"ttl":"1h","display_name":"a b","meta":{"k":"v"}}"#,
        ),
        itself("shaped"),
        make("bare", r#"{"policies":"some","no_default_policy":true}"#),
        itself("bare"),
        make("period", r#"{"policies":["default"],"period":"30m"}"#),
        itself("period"),
        make(
            "capped",
            r#"{"policies":["default"],"ttl":"1h","explicit_max_ttl":"2h"}"#,
        ),
        itself("capped"),
        make(
            "beyond",
            r#"{"policies":["default"],"ttl":"3h","explicit_max_ttl":"2h"}"#,
        ),
        itself("beyond"),
        make("long", r#"{"policies":["default"],"ttl":"10000h"}"#),
        make("fixed", r#"{"policies":["default"],"renewable":false}"#),
        itself("fixed"),
        make("counted", r#"{"policies":["default"],"num_uses":5}"#),
        itself("counted"),
        make("lease", r#"{"policies":["default"],"lease":"1h"}"#),
        put("auth/token/create", r#"{"policies":["default"],"ttl":60}"#),
        post("auth/token/create-orphan", r#"{"policies":["default"]}"#)
            .saves("orphan", CLIENT_TOKEN),
        itself("orphan"),
        make("parentless", r#"{"policies":["default"],"no_parent":true}"#),
        itself("parentless"),
        make("upper", r#"{"policies":["Default","SOME"," some "]}"#),
        post("auth/token/create", r#"{"other":1}"#),
        post("auth/token/create", r#"{"type":"service"}"#),
    ],
};

pub(super) const REFUSALS: Script = Script {
    name: "tokens that are not made",
    steps: &[
        post("auth/token/create", r#"{"ttl":"x"}"#),
        post("auth/token/create", r#"{"period":"x"}"#),
        post("auth/token/create", r#"{"explicit_max_ttl":"-1h"}"#),
        post("auth/token/create", r#"{"type":"x"}"#),
        post("auth/token/create", r#"{"num_uses":-1}"#),
        post("auth/token/create", r#"{"id":"has.dot"}"#),
        post("auth/token/create", r#"{"id":"s.abc"}"#),
        post("auth/token/create", r#"{"entity_alias":"x"}"#),
        post("auth/token/create", r#"{"policies":["response-wrapping"]}"#),
        post("auth/token/create", r#"{"policies":["root","default"],"ttl":"1h"}"#),
        prepare("weak", r#"{"policies":["default"]}"#),
        post("auth/token/create", "{}").by("weak"),
        put("sys/policies/acl/maker", r#"{"policy":"path \"auth/token/create\" { capabilities = [\"update\"] }\npath \"auth/token/create-orphan\" { capabilities = [\"update\"] }"}"#)
            .only_prepares(),
        prepare("maker", r#"{"policies":["maker","default"]}"#),
        post("auth/token/create", "{}").by("maker"),
        post("auth/token/create", r#"{"policies":["root"]}"#).by("maker"),
        post("auth/token/create", r#"{"policies":["other"]}"#).by("maker"),
        post("auth/token/create", r#"{"policies":["maker"]}"#).by("maker"),
        post("auth/token/create", r#"{"id":"chosen"}"#).by("maker"),
        post("auth/token/create", r#"{"no_parent":true}"#).by("maker"),
        post("auth/token/create", r#"{"period":"1h"}"#).by("maker"),
        post("auth/token/create-orphan", "{}").by("maker"),
        prepare("once", r#"{"policies":["maker"],"num_uses":2}"#),
        post("auth/token/create", "{}").by("once"),
    ],
};

pub(super) const CHILDREN: Script = Script {
    name: "children",
    steps: &[
        prepare("top", r#"{"policies":["root"]}"#),
        post("auth/token/create", r#"{"policies":["default"]}"#)
            .by("top")
            .saves("child", CLIENT_TOKEN),
        itself("child"),
        post(
            "auth/token/create",
            r#"{"policies":["default"],"no_parent":true}"#,
        )
        .by("top")
        .saves("alone", CLIENT_TOKEN),
        itself("alone"),
        post("auth/token/revoke-self", "{}").by("top"),
        itself("top"),
        itself("child"),
        itself("alone"),
    ],
};

pub(super) const BATCH: Script = Script {
    name: "batch tokens",
    steps: &[
        post(
            "auth/token/create",
            r#"{"type":"batch","policies":["default"],"ttl":"1h"}"#,
        )
        .saves("batch", CLIENT_TOKEN),
        itself("batch"),
        post("auth/token/lookup", r#"{"token":"${batch}"}"#),
        post("auth/token/renew-self", "{}").by("batch"),
        post("auth/token/renew", r#"{"token":"${batch}"}"#),
        post("auth/token/revoke-self", "{}").by("batch"),
        post("auth/token/revoke", r#"{"token":"${batch}"}"#),
        put("cubbyhole/a", r#"{"k":"v"}"#).by("batch"),
        post(
            "auth/token/create",
            r#"{"type":"batch","policies":["root"]}"#,
        ),
        post(
            "auth/token/create",
            r#"{"type":"batch","policies":["default"],"num_uses":3}"#,
        ),
        post(
            "auth/token/create",
            r#"{"type":"batch","policies":["default"],"period":"1h"}"#,
        ),
        post(
            "auth/token/create",
            r#"{"type":"batch","policies":["default"],"explicit_max_ttl":"1h"}"#,
        ),
        post(
            "auth/token/create",
            r#"{"type":"batch","policies":["default"],"id":"chosen"}"#,
        )
        .but(
            &CHOSEN_IDS,
            200,
            r#"{"auth":{"accessor":"<accessor>","client_token":"<client_token>","entity_id":"<entity_id>",
                "lease_duration":2764800,"metadata":null,"mfa_requirement":null,"num_uses":0,"orphan":false,
                "policies":["default"],"renewable":false,"token_policies":["default"],"token_type":"batch"}}"#,
        ),
    ],
};
