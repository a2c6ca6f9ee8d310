//! What there is in a namespace, and what others see of it.

use super::differences::{CHILDREN, OTHERS};
use super::within;
use crate::compare::{CLIENT_TOKEN, Script, delete, get, list, post, send};

const INSIDE: &[(&str, &str)] = &[("X-Vault-Namespace", "inside")];
const CHILD: &[(&str, &str)] = &[("X-Vault-Namespace", "inside/child")];
const BESIDE: &[(&str, &str)] = &[("X-Vault-Namespace", "beside-it")];
const WRAP: &[(&str, &str)] = &[("X-Vault-Namespace", "inside"), ("X-Vault-Wrap-TTL", "60")];

pub(super) const ENGINES: Script = Script {
    name: "engines",
    steps: &[
        send("POST", "sys/namespaces/inside"),
        send("POST", "sys/namespaces/beside-it"),
        within(send("POST", "sys/namespaces/child"), INSIDE),
        within(post("sys/mounts/kv", r#"{"type":"kv"}"#), INSIDE),
        within(post("sys/mounts/kv", r#"{"type":"kv"}"#), INSIDE),
        within(post("sys/mounts/kv", r#"{"type":"kv"}"#), CHILD),
        within(post("kv/x", r#"{"a":"b"}"#), INSIDE),
        within(get("kv/x"), INSIDE),
        within(get("kv/x"), CHILD),
        within(get("kv/x"), BESIDE),
        get("kv/x"),
        get("inside/kv/x"),
        within(get("sys/internal/ui/mounts/kv/x"), INSIDE)
            .hides(&["running_plugin_version", "running_sha256"])
            .only_prepares(),
        within(get("sys/internal/ui/mounts/none"), INSIDE),
        within(list("sys/policies/acl"), INSIDE),
        within(delete("sys/policies/acl/default"), INSIDE),
        within(
            post(
                "sys/policies/acl/own",
                r#"{"policy":"path \"kv/*\" { capabilities = [\"read\"] } path \"child/kv/*\" { capabilities = [\"read\"] } path \"sys/leases/*\" { capabilities = [\"update\"] }"}"#,
            ),
            INSIDE,
        ),
        within(get("sys/policies/acl/own"), BESIDE),
        get("sys/policies/acl/own"),
        within(delete("sys/mounts/kv"), CHILD),
    ],
};

pub(super) const TOKENS: Script = Script {
    name: "tokens",
    steps: &[
        within(post("auth/token/create", r#"{"policies":"own"}"#), INSIDE)
            .saves("own", CLIENT_TOKEN),
        within(get("auth/token/lookup-self"), INSIDE)
            .by("own")
            .hides(&["id"])
            .only_prepares(),
        within(get("kv/x"), INSIDE).by("own"),
        get("inside/kv/x").by("own"),
        get("kv/x").by("own"),
        get("sys/mounts").by("own"),
        within(get("kv/x"), BESIDE).by("own"),
        within(get("kv/x"), CHILD).by("own"),
        within(get("sys/mounts"), CHILD).by("own"),
        send("POST", "auth/token/renew-self")
            .by("own")
            .only_prepares(),
        within(post("auth/token/create", "{}"), CHILD).by("own"),
        within(post("auth/token/create", r#"{"policies":"root"}"#), INSIDE),
        within(
            post("auth/token/create-orphan", r#"{"policies":"root"}"#),
            INSIDE,
        ),
        within(post("auth/token/create", "{}"), INSIDE),
        within(
            post("auth/token/roles/r", r#"{"allowed_policies":"own"}"#),
            INSIDE,
        ),
        within(list("auth/token/roles"), INSIDE),
        list("auth/token/roles"),
        within(post("auth/token/create/r", "{}"), INSIDE),
        post("auth/token/create/r", "{}"),
        within(
            post(
                "sys/capabilities",
                r#"{"token":"${own}","paths":["kv/x","child/kv/x"]}"#,
            ),
            INSIDE,
        ),
        within(
            post(
                "sys/capabilities",
                r#"{"token":"${own}","paths":["kv/x","child/kv/x"]}"#,
            ),
            CHILD,
        ),
        within(
            post("sys/capabilities", r#"{"token":"${own}","paths":["kv/x"]}"#),
            BESIDE,
        ),
        post(
            "sys/capabilities",
            r#"{"token":"${own}","paths":["kv/x","inside/kv/x"]}"#,
        ),
        within(
            post("sys/capabilities-self", r#"{"paths":["kv/x"]}"#),
            INSIDE,
        )
        .by("own"),
        post("sys/capabilities-self", r#"{"paths":["kv/x"]}"#).by("own"),
        within(get("sys/internal/ui/namespaces"), INSIDE).by("own"),
        get("sys/internal/ui/namespaces").by("own"),
        within(get("sys/internal/ui/namespaces"), BESIDE).by("own"),
        within(post("cubbyhole/x", r#"{"a":"b"}"#), INSIDE),
        get("cubbyhole/x"),
        within(get("cubbyhole/x"), INSIDE),
    ],
};

pub(super) const ACCESSORS: Script = Script {
    name: "accessors",
    steps: &[
        within(post("auth/token/create", "{}"), BESIDE)
            .saves("accessor", "/auth/accessor")
            .only_prepares(),
        within(list("auth/token/accessors"), BESIDE),
        within(list("auth/token/accessors"), CHILD),
        within(post("auth/token/lookup-accessor", r#"{"accessor":"${accessor}"}"#), INSIDE).but(
            &OTHERS,
            400,
            r#"{"errors":["1 error occurred:\n\t* cannot lookup token in different namespace\n\n"]}"#,
        ),
        post("auth/token/revoke-accessor", r#"{"accessor":"${accessor}"}"#).but(
            &OTHERS,
            400,
            r#"{"errors":["1 error occurred:\n\t* cannot lookup token in different namespace\n\n"]}"#,
        ),
        post("sys/capabilities-accessor", r#"{"accessor":"${accessor}","paths":["x"]}"#).but(
            &OTHERS,
            400,
            r#"{"errors":["1 error occurred:\n\t* cannot lookup token in different namespace\n\n"]}"#,
        ),
        within(post("sys/capabilities-accessor", r#"{"accessor":"${accessor}","paths":["x"]}"#), BESIDE),
        within(post("auth/token/revoke-accessor", r#"{"accessor":"${accessor}"}"#), BESIDE),
    ],
};

pub(super) const LEASES: Script = Script {
    name: "leases",
    steps: &[
        within(post("sys/auth/up", r#"{"type":"userpass"}"#), INSIDE),
        within(post("auth/up/users/bob", r#"{"password":"pw"}"#), INSIDE),
        within(post("auth/up/login/bob", r#"{"password":"pw"}"#), INSIDE),
        post("inside/auth/up/login/bob", r#"{"password":"pw"}"#).only_prepares(),
        post("auth/up/login/bob", r#"{"password":"pw"}"#),
        within(list("sys/leases/lookup/auth/up/login"), INSIDE),
        list("sys/leases/lookup/auth/up/login"),
        within(list("sys/leases/lookup/auth/up/login"), BESIDE),
        within(
            send("POST", "sys/leases/revoke-prefix/auth/up/login/bob"),
            INSIDE,
        ),
        within(list("sys/leases/lookup/auth/up/login/bob"), INSIDE).until(404),
        within(get("sys/leases?type=irrevocable"), INSIDE),
        within(get("sys/leases/count?type=irrevocable"), INSIDE),
    ],
};

pub(super) const WRAPPING: Script = Script {
    name: "wrapping",
    steps: &[
        within(get("kv/x"), WRAP)
            .saves("wrapped", "/wrap_info/token")
            .only_prepares(),
        post("sys/wrapping/lookup", r#"{"token":"${wrapped}"}"#),
        within(
            post("sys/wrapping/lookup", r#"{"token":"${wrapped}"}"#),
            BESIDE,
        ),
        within(
            post("sys/wrapping/unwrap", r#"{"token":"${wrapped}"}"#),
            BESIDE,
        ),
        within(send("POST", "sys/wrapping/unwrap"), INSIDE).by("wrapped"),
        within(get("kv/x"), WRAP)
            .saves("again", "/wrap_info/token")
            .only_prepares(),
        send("POST", "sys/wrapping/unwrap").by("again"),
        send("POST", "sys/wrapping/unwrap").by("again"),
    ],
};

pub(super) const PEOPLE: Script = Script {
    name: "people",
    steps: &[
        post("identity/entity", r#"{"name":"of-root"}"#)
            .saves("above", "/data/id")
            .only_prepares(),
        within(post("identity/entity", r#"{"name":"of-inside"}"#), INSIDE)
            .saves("within", "/data/id")
            .only_prepares(),
        within(get("identity/entity/id/${within}"), INSIDE)
            .hides(&["namespace_id"])
            .only_prepares(),
        within(get("identity/entity/id/${above}"), INSIDE),
        get("identity/entity/id/${within}"),
        within(get("identity/entity/id/${within}"), BESIDE),
        get("identity/entity/name/of-inside"),
        post("identity/lookup/entity", r#"{"id":"${within}"}"#),
        within(
            post("identity/lookup/entity", r#"{"name":"of-root"}"#),
            INSIDE,
        ),
        within(
            post(
                "identity/group",
                r#"{"name":"g","member_entity_ids":["${within}"]}"#,
            ),
            INSIDE,
        )
        .only_prepares(),
        within(list("identity/group/name"), INSIDE)
            .hides(&["key_info"])
            .only_prepares(),
        list("identity/group/name"),
        post(
            "identity/group",
            r#"{"name":"g","member_entity_ids":["${within}"]}"#,
        )
        .but(
            &CHILDREN,
            400,
            r#"{"errors":["invalid entity ID \"${within}\""]}"#,
        ),
        within(
            post(
                "identity/group",
                r#"{"name":"g","member_entity_ids":["${within}"]}"#,
            ),
            BESIDE,
        )
        .but(
            &CHILDREN,
            400,
            r#"{"errors":["invalid entity ID \"${within}\""]}"#,
        ),
    ],
};

pub(super) const MOVES: Script = Script {
    name: "moves",
    steps: &[
        within(post("sys/mounts/mv", r#"{"type":"kv"}"#), INSIDE),
        within(post("mv/k", r#"{"a":"b"}"#), INSIDE),
        within(post("sys/remount", r#"{"from":"mv","to":"mv2"}"#), INSIDE).only_prepares(),
        within(get("mv2/k"), INSIDE).until(200),
        post(
            "sys/remount",
            r#"{"from":"inside/mv2","to":"beside-it/mv3"}"#,
        )
        .saves("move", "/data/migration_id")
        .only_prepares(),
        within(get("mv3/k"), BESIDE).until(200),
        within(get("mv2/k"), INSIDE),
        get("sys/remount/status/${move}"),
        within(get("sys/remount/status/${move}"), BESIDE),
        post(
            "sys/remount",
            r#"{"from":"inside/none","to":"beside-it/x"}"#,
        ),
        post("sys/remount", r#"{"from":"inside/sys","to":"beside-it/x"}"#),
        post(
            "sys/remount",
            r#"{"from":"beside-it/mv3","to":"inside/cubbyhole"}"#,
        ),
        post(
            "sys/remount",
            r#"{"from":"beside-it/mv3","to":"inside/auth/x"}"#,
        ),
        within(
            post("sys/remount", r#"{"from":"mv3","to":"inside/x"}"#),
            BESIDE,
        )
        .only_prepares(),
        within(
            post("sys/remount", r#"{"from":"inside/kv","to":"x"}"#),
            BESIDE,
        ),
        post("sys/remount", r#"{"from":"none/mv3","to":"inside/x"}"#),
        within(
            post("sys/remount", r#"{"from":"kv","to":"child/moved"}"#),
            INSIDE,
        )
        .only_prepares(),
        within(get("moved/x"), CHILD).until(200),
    ],
};
