//! Roles, whole and in parts.

use super::{MOUNT, differs, fault};
use crate::compare::{Script, delete, differences, get, list, post};

/// What a role is.
pub(super) const ROLES: Script = Script {
    name: "roles",
    steps: &[
        post("sys/auth/roles", MOUNT),
        list("auth/roles/role"),
        get("auth/roles/role/r"),
        get("auth/roles/role/r/role-id"),
        post("auth/roles/role/r", "{}"),
        get("auth/roles/role/r"),
        get("auth/roles/role/r/role-id"),
        post(
            "auth/roles/role/R2",
            r#"{"role_id":"my-id","secret_id_bound_cidrs":"10.0.0.0/8,127.0.0.1/32","secret_id_num_uses":2,"secret_id_ttl":"10m","policies":"B,p,b","period":30,"token_num_uses":5,"extra":1}"#,
        ),
        get("auth/roles/role/r2"),
        get("auth/roles/role/R2/role-id"),
        post(
            "auth/roles/role/r2",
            r#"{"token_policies":["b","A"],"token_period":31}"#,
        ),
        get("auth/roles/role/r2"),
        post(
            "auth/roles/role/r3",
            r#"{"bound_cidr_list":"127.0.0.1/32","token_bound_cidrs":"127.0.0.1/32"}"#,
        ),
        get("auth/roles/role/r3"),
        post(
            "auth/roles/role/r3",
            r#"{"bind_secret_id":false,"bound_cidr_list":[]}"#,
        ),
        get("auth/roles/role/r3"),
        post("auth/roles/role/r4", r#"{"local_secret_ids":true}"#),
        get("auth/roles/role/r4"),
        get("auth/roles/role/r4/local-secret-ids"),
        post("auth/roles/role/a.b", "{}"),
        post("auth/roles/role/_a", "{}"),
        post("auth/roles/role/-a", "{}"),
        list("auth/roles/role"),
        list("auth/roles/role?after=a.b&limit=2"),
        delete("auth/roles/role/R2"),
        delete("auth/roles/role/none"),
        get("auth/roles/role/r2"),
        list("auth/roles/role"),
        post("auth/roles/role/r/role-id", r#"{"role_id":"my-id"}"#),
        get("auth/roles/role/r/role-id"),
        post("auth/roles/role", "{}"),
        post("auth/roles/foo", "{}"),
    ],
};

/// What a role cannot be.
pub(super) const REFUSALS: Script = Script {
    name: "refused roles",
    steps: &[
        post("sys/auth/refusals", MOUNT),
        post("auth/refusals/role/taken", r#"{"role_id":"taken"}"#),
        post("auth/refusals/role/r", "{}"),
        fault(
            post("auth/refusals/role/r", r#"{"role_id":"taken"}"#),
            r#"{"errors":["role_id already in use"]}"#,
        ),
        fault(
            post("auth/refusals/role/new", r#"{"bind_secret_id":false}"#),
            r#"{"errors":["at least one constraint should be enabled on the role"]}"#,
        ),
        get("auth/refusals/role/new"),
        post("auth/refusals/role/r", r#"{"local_secret_ids":true}"#),
        post("auth/refusals/role/r", r#"{"local_secret_ids":false}"#),
        post("auth/refusals/role/r", r#"{"role_id":""}"#),
        post("auth/refusals/role/r", r#"{"secret_id_num_uses":-1}"#),
        post("auth/refusals/role/r", r#"{"secret_id_ttl":-1}"#),
        post("auth/refusals/role/r", r#"{"bind_secret_id":"x"}"#),
        fault(
            post(
                "auth/refusals/role/r",
                r#"{"secret_id_bound_cidrs":"127.0.0.1"}"#,
            ),
            r#"{"errors":["failed to validate CIDR blocks: invalid CIDR address: 127.0.0.1"]}"#,
        ),
        post(
            "auth/refusals/role/r",
            r#"{"token_ttl":10,"token_max_ttl":5}"#,
        ),
        post(
            "auth/refusals/role/r",
            r#"{"token_type":"batch","token_num_uses":2}"#,
        ),
        post(
            "auth/refusals/role/r",
            r#"{"token_bound_cidrs":"::1","token_strictly_bind_ip":true}"#,
        ),
        get("auth/refusals/role/r"),
    ],
};

/// One setting at a time.
pub(super) const PARTS: Script = Script {
    name: "parts of roles",
    steps: &[
        post("sys/auth/parts", MOUNT),
        post("auth/parts/role/x", "{}"),
        post(
            "auth/parts/role/x/bound-cidr-list",
            r#"{"bound_cidr_list":"10.0.0.0/8"}"#,
        ),
        get("auth/parts/role/x/bound-cidr-list"),
        get("auth/parts/role/x"),
        post("auth/parts/role/x/period", r#"{"period":10}"#),
        get("auth/parts/role/x/period"),
        post("auth/parts/role/x/period", r#"{"token_period":11}"#),
        get("auth/parts/role/x/period"),
        post("auth/parts/role/x/policies", r#"{"policies":"a,b"}"#),
        get("auth/parts/role/x/policies"),
        post("auth/parts/role/x/policies", r#"{"token_policies":"C,b"}"#),
        get("auth/parts/role/x/policies"),
        post(
            "auth/parts/role/x/secret-id-bound-cidrs",
            r#"{"secret_id_bound_cidrs":["11.0.0.0/8","::1/128"]}"#,
        ),
        get("auth/parts/role/x/secret-id-bound-cidrs"),
        post(
            "auth/parts/role/x/secret-id-num-uses",
            r#"{"secret_id_num_uses":6}"#,
        ),
        get("auth/parts/role/x/secret-id-num-uses"),
        post(
            "auth/parts/role/x/secret-id-ttl",
            r#"{"secret_id_ttl":"1h"}"#,
        ),
        get("auth/parts/role/x/secret-id-ttl"),
        post(
            "auth/parts/role/x/token-bound-cidrs",
            r#"{"token_bound_cidrs":"10.0.0.0/8"}"#,
        ),
        get("auth/parts/role/x/token-bound-cidrs"),
        post("auth/parts/role/x/token-max-ttl", r#"{"token_max_ttl":20}"#),
        get("auth/parts/role/x/token-max-ttl"),
        post(
            "auth/parts/role/x/token-num-uses",
            r#"{"token_num_uses":8}"#,
        ),
        get("auth/parts/role/x/token-num-uses"),
        post("auth/parts/role/x/token-ttl", r#"{"token_ttl":7}"#),
        get("auth/parts/role/x/token-ttl"),
        get("auth/parts/role/x/local-secret-ids"),
        get("auth/parts/role/x"),
        delete("auth/parts/role/x/bound-cidr-list"),
        delete("auth/parts/role/x/period"),
        get("auth/parts/role/x/period"),
        delete("auth/parts/role/x/policies"),
        get("auth/parts/role/x/policies"),
        delete("auth/parts/role/x/secret-id-bound-cidrs"),
        get("auth/parts/role/x/secret-id-bound-cidrs"),
        delete("auth/parts/role/x/secret-id-num-uses"),
        delete("auth/parts/role/x/secret-id-ttl"),
        delete("auth/parts/role/x/token-bound-cidrs"),
        get("auth/parts/role/x/token-bound-cidrs"),
        delete("auth/parts/role/x/token-max-ttl"),
        delete("auth/parts/role/x/token-num-uses"),
        delete("auth/parts/role/x/token-ttl"),
        get("auth/parts/role/x"),
        get("auth/parts/role/x/bind-secret-id").but(
            &differences::BIND_SECRET_ID,
            200,
            r#"{"data":{"bind_secret_id":true}}"#,
        ),
        post("auth/parts/role/x/local-secret-ids", "{}"),
        delete("auth/parts/role/x/role-id"),
        get("auth/parts/role/x/token-period"),
    ],
};

/// What a setting cannot be.
pub(super) const PART_REFUSALS: Script = Script {
    name: "refused parts",
    steps: &[
        post("sys/auth/bad", MOUNT),
        post("auth/bad/role/x", r#"{"token_ttl":5,"token_max_ttl":10}"#),
        post("auth/bad/role/x/bound-cidr-list", "{}"),
        post(
            "auth/bad/role/x/bound-cidr-list",
            r#"{"bound_cidr_list":"10.0.0.1"}"#,
        ),
        post("auth/bad/role/x/period", "{}"),
        post("auth/bad/role/x/policies", "{}"),
        post("auth/bad/role/x/role-id", "{}"),
        post("auth/bad/role/x/role-id", r#"{"role_id":""}"#),
        post("auth/bad/role/x/secret-id-bound-cidrs", "{}"),
        post(
            "auth/bad/role/x/secret-id-bound-cidrs",
            r#"{"secret_id_bound_cidrs":"zz"}"#,
        ),
        post("auth/bad/role/x/secret-id-num-uses", "{}"),
        post(
            "auth/bad/role/x/secret-id-num-uses",
            r#"{"secret_id_num_uses":-1}"#,
        ),
        post("auth/bad/role/x/secret-id-ttl", "{}"),
        post("auth/bad/role/x/secret-id-ttl", r#"{"secret_id_ttl":-5}"#),
        post("auth/bad/role/x/token-bound-cidrs", "{}"),
        post(
            "auth/bad/role/x/token-bound-cidrs",
            r#"{"token_bound_cidrs":"zz"}"#,
        ),
        post("auth/bad/role/x/token-max-ttl", "{}"),
        post("auth/bad/role/x/token-max-ttl", r#"{"token_max_ttl":2}"#),
        post("auth/bad/role/x/token-num-uses", "{}"),
        differs(
            post("auth/bad/role/x/token-num-uses", r#"{"token_num_uses":-1}"#),
            &differences::NEGATIVE_USES,
            r#"{"errors":["'token_num_uses' cannot be negative"]}"#,
        ),
        post("auth/bad/role/x/token-ttl", "{}"),
        post("auth/bad/role/x/token-ttl", r#"{"token_ttl":700}"#),
        post("auth/bad/role/x/token-ttl", r#"{"token_ttl":-7}"#),
    ],
};

/// Where there is no role.
pub(super) const WITHOUT_ROLE: Script = Script {
    name: "no role",
    steps: &[
        post("sys/auth/none", MOUNT),
        get("auth/none/role/n/policies"),
        post("auth/none/role/n/policies", "{}"),
        delete("auth/none/role/n/policies"),
        get("auth/none/role/n/period"),
        post("auth/none/role/n/period", "{}"),
        delete("auth/none/role/n/period"),
        get("auth/none/role/n/bound-cidr-list"),
        delete("auth/none/role/n/bound-cidr-list"),
        get("auth/none/role/n/local-secret-ids"),
        post("auth/none/role/n/role-id", "{}"),
        post("auth/none/role/n/token-ttl", r#"{"token_ttl":1}"#),
        post("auth/none/role/n/secret-id", "{}"),
        post("auth/none/role/n/custom-secret-id", r#"{"secret_id":"x"}"#),
        list("auth/none/role/n/secret-id"),
        fault(
            post("auth/none/role/n/secret-id/lookup", r#"{"secret_id":"x"}"#),
            r#"{"errors":["role \"n\" does not exist"]}"#,
        ),
        fault(
            post("auth/none/role/n/secret-id/destroy", r#"{"secret_id":"x"}"#),
            r#"{"errors":["role \"n\" does not exist"]}"#,
        ),
        fault(
            post(
                "auth/none/role/n/secret-id-accessor/lookup",
                r#"{"secret_id_accessor":"x"}"#,
            ),
            r#"{"errors":["role \"n\" does not exist"]}"#,
        ),
        fault(
            post(
                "auth/none/role/n/secret-id-accessor/destroy",
                r#"{"secret_id_accessor":"x"}"#,
            ),
            r#"{"errors":["role \"n\" does not exist"]}"#,
        ),
    ],
};
