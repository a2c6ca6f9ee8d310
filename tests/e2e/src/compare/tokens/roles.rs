//! `auth/token/roles` and `auth/token/create/:role`.

use super::{NO_DEFAULT, itself};
use crate::compare::{CLIENT_TOKEN, Script, delete, get, list, post};

pub(super) const ROLES: Script = Script {
    name: "roles of tokens",
    steps: &[
        list("auth/token/roles"),
        get("auth/token/roles/r"),
        post("auth/token/roles/r", "{}"),
        get("auth/token/roles/r"),
        post(
            "auth/token/roles/full",
            r#"{"allowed_policies":"a,b","disallowed_policies":["c"],"allowed_policies_glob":"d*","disallowed_policies_glob":"e*",
                "orphan":true,"renewable":false,"path_suffix":"some","token_period":"1h","token_explicit_max_ttl":"2h",
                "token_bound_cidrs":["10.0.0.0/8"],"token_num_uses":5,"token_type":"service","token_no_default_policy":true,
                "allowed_entity_aliases":["ann","B*"]}"#,
        ),
        get("auth/token/roles/full"),
        post("auth/token/roles/full", r#"{"allowed_policies":"x"}"#),
        get("auth/token/roles/full"),
        list("auth/token/roles"),
        post("auth/token/roles/bad", r#"{"path_suffix":"-a"}"#),
        post("auth/token/roles/bad", r#"{"token_type":"x"}"#),
        post("auth/token/roles/bad", r#"{"token_period":"x"}"#),
        delete("auth/token/roles/full"),
        delete("auth/token/roles/full"),
        get("auth/token/roles/full"),
    ],
};

pub(super) const CREATE: Script = Script {
    name: "tokens of roles",
    steps: &[
        post("auth/token/create/none", "{}"),
        post("auth/token/roles/t", r#"{"allowed_policies":"default,a","token_explicit_max_ttl":"2h","path_suffix":"suffix"}"#)
            .only_prepares(),
        post("auth/token/create/t", r#"{"ttl":"1h"}"#).saves("t", CLIENT_TOKEN),
        itself("t"),
        post("auth/token/create/t", r#"{"policies":["a"],"ttl":"5h"}"#),
        post("auth/token/create/t", r#"{"policies":["b"]}"#),
        post("auth/token/roles/p", r#"{"token_period":"30m","orphan":true}"#).only_prepares(),
        post("auth/token/create/p", r#"{"policies":["default"]}"#).saves("p", CLIENT_TOKEN),
        itself("p"),
        post("auth/token/renew-self", r#"{"increment":"10m"}"#).by("p"),
        post("auth/token/roles/d", r#"{"disallowed_policies":"secret"}"#).only_prepares(),
        post("auth/token/create/d", r#"{"policies":["secret"]}"#),
        post("auth/token/roles/batch", r#"{"token_type":"batch","allowed_policies":"default"}"#).only_prepares(),
        post("auth/token/create/batch", "{}").saves("b", CLIENT_TOKEN),
        post("auth/token/roles/bare", r#"{"token_no_default_policy":true}"#).only_prepares(),
        post("auth/token/create/bare", r#"{"policies":["a"]}"#).but(
            &NO_DEFAULT,
            200,
            r#"{"auth":{"accessor":"<accessor>","client_token":"<client_token>","entity_id":"<entity_id>",
                "lease_duration":2764800,"metadata":null,"mfa_requirement":null,"num_uses":0,"orphan":false,
                "policies":["a"],"renewable":true,"token_policies":["a"],"token_type":"service"},
                "warnings":["Policy \"a\" does not exist"]}"#,
        ),
        itself("b"),
    ],
};

pub(super) const ALIASES: Script = Script {
    name: "tokens that stand for an alias",
    steps: &[
        post(
            "auth/token/roles/al",
            r#"{"allowed_entity_aliases":["ann","b*"],"allowed_policies":"default"}"#,
        )
        .only_prepares(),
        post("auth/token/create/al", r#"{"entity_alias":"ann"}"#).saves("ann", "/auth/entity_id"),
        post("auth/token/create/al", r#"{"entity_alias":"ANN"}"#),
        post(
            "auth/token/create/al",
            r#"{"entity_alias":"bob","type":"batch"}"#,
        ),
        post("auth/token/create/al", r#"{"entity_alias":"carl"}"#),
        post("auth/token/create/al", r#"{"entity_alias":""}"#),
        post("identity/entity/id/${ann}", r#"{"policies":["extra"]}"#).only_prepares(),
        post("auth/token/create/al", r#"{"entity_alias":"ann"}"#).saves("t", CLIENT_TOKEN),
        itself("t"),
        post("identity/entity/id/${ann}", r#"{"disabled":true}"#).only_prepares(),
        post("auth/token/create/al", r#"{"entity_alias":"ann"}"#),
        post("auth/token/roles/no-alias", "{}").only_prepares(),
        post("auth/token/create/no-alias", r#"{"entity_alias":"ann"}"#),
    ],
};
