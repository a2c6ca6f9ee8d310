//! Requests to the AppRole method.

use super::{Difference, Script, Step, delete, differences, get, list, post, send};

/// All scripts; each makes a mount of its own.
pub const SCRIPTS: &[Script] = &[
    ROLES,
    REFUSALS,
    PARTS,
    PART_REFUSALS,
    WITHOUT_ROLE,
    SECRET_IDS,
    WISHES,
    NETWORKS,
    LOCAL,
    LOGINS,
    TIDY,
];

const MOUNT: &str = r#"{"type":"approle"}"#;

/// Where OpenBao says the same with 500.
const fn fault(step: Step, body: &'static str) -> Step {
    step.but(&differences::CALLERS_FAULT, 400, body)
}

const fn differs(step: Step, difference: &'static Difference, body: &'static str) -> Step {
    step.but(difference, 400, body)
}

/// What a role is.
const ROLES: Script = Script {
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
const REFUSALS: Script = Script {
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
const PARTS: Script = Script {
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
const PART_REFUSALS: Script = Script {
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
const WITHOUT_ROLE: Script = Script {
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

/// Made, looked up, destroyed.
const SECRET_IDS: Script = Script {
    name: "secret ids",
    steps: &[
        post("sys/auth/ids", MOUNT),
        post("auth/ids/role/s", r#"{"secret_id_num_uses":3,"secret_id_ttl":"1h","role_id":"ids"}"#),
        list("auth/ids/role/s/secret-id"),
        post("auth/ids/role/s/secret-id", "{}").saves("id", "/data/secret_id"),
        post("auth/ids/role/s/custom-secret-id", r#"{"secret_id":"mine","metadata":"a=b,c=d"}"#)
            .saves("accessor", "/data/secret_id_accessor"),
        fault(
            post("auth/ids/role/s/custom-secret-id", r#"{"secret_id":"mine"}"#),
            r#"{"errors":["failed to store secret_id: SecretID is already registered"]}"#,
        ),
        post("auth/ids/role/s/custom-secret-id", "{}"),
        post("auth/ids/role/s/custom-secret-id", r#"{"secret_id":""}"#),
        post("auth/ids/role/s/secret-id/lookup", r#"{"secret_id":"${id}"}"#),
        post("auth/ids/role/s/secret-id/lookup", r#"{"secret_id":"mine"}"#),
        post("auth/ids/role/s/secret-id-accessor/lookup", r#"{"secret_id_accessor":"${accessor}"}"#),
        post("auth/ids/login", r#"{"role_id":"ids","secret_id":"${id}"}"#),
        post("auth/ids/role/s/secret-id/lookup", r#"{"secret_id":"${id}"}"#),
        post("auth/ids/role/s/secret-id/lookup", r#"{"secret_id":"x"}"#),
        post("auth/ids/role/s/secret-id/lookup", "{}"),
        post("auth/ids/role/s/secret-id-accessor/lookup", r#"{"secret_id_accessor":"x"}"#),
        post("auth/ids/role/s/secret-id-accessor/lookup", "{}"),
        post("auth/ids/login", r#"{"role_id":"ids","secret_id":"${id}"}"#),
        post("auth/ids/login", r#"{"role_id":"ids","secret_id":"${id}"}"#),
        post("auth/ids/login", r#"{"role_id":"ids","secret_id":"${id}"}"#),
        post("auth/ids/role/s/secret-id/lookup", r#"{"secret_id":"${id}"}"#),
        list("auth/ids/role/s/secret-id"),
        post("auth/ids/role/s/secret-id-accessor/destroy", r#"{"secret_id_accessor":"${accessor}"}"#),
        list("auth/ids/role/s/secret-id"),
        fault(
            post("auth/ids/role/s/secret-id-accessor/destroy", r#"{"secret_id_accessor":"x"}"#),
            r#"{"errors":["failed to find accessor entry for secret_id_accessor: \"x\""]}"#,
        ),
        post("auth/ids/role/s/secret-id-accessor/destroy", "{}"),
        post("auth/ids/role/s/custom-secret-id", r#"{"secret_id":"d"}"#),
        delete("auth/ids/role/s/secret-id/destroy"),
        delete("auth/ids/role/s/secret-id/destroy?secret_id=d"),
        post("auth/ids/role/s/secret-id/destroy", r#"{"secret_id":"d"}"#),
        post("auth/ids/role/s/secret-id/lookup", r#"{"secret_id":"d"}"#),
        post("auth/ids/role/s/custom-secret-id", r#"{"secret_id":"short","ttl":1}"#),
        post("auth/ids/role/s/secret-id/lookup", r#"{"secret_id":"short"}"#).until(204),
        fault(
            post("auth/ids/role/s/custom-secret-id", r#"{"secret_id":"short"}"#),
            "",
        )
        .but(
            &differences::ENDED_SECRET_IDS,
            200,
            r#"{"data":{"secret_id":"short","secret_id_accessor":"<uuid>","secret_id_num_uses":3,"secret_id_ttl":3600}}"#,
        ),
        send("GET", "auth/ids/role/s/secret-id"),
    ],
};

/// Within what the role allows.
const WISHES: Script = Script {
    name: "wishes",
    steps: &[
        post("sys/auth/wishes", MOUNT),
        post(
            "auth/wishes/role/s",
            r#"{"secret_id_num_uses":3,"secret_id_ttl":"1h"}"#,
        ),
        post("auth/wishes/role/s/secret-id", r#"{"num_uses":4}"#),
        post("auth/wishes/role/s/secret-id", r#"{"num_uses":0}"#),
        post("auth/wishes/role/s/secret-id", r#"{"num_uses":-1}"#),
        post("auth/wishes/role/s/secret-id", r#"{"ttl":7200}"#),
        post("auth/wishes/role/s/secret-id", r#"{"ttl":0}"#),
        post("auth/wishes/role/s/secret-id", r#"{"ttl":-1}"#),
        post("auth/wishes/role/s/secret-id", r#"{"metadata":"x"}"#),
        post(
            "auth/wishes/role/s/secret-id",
            r#"{"metadata":"{\"a\":1}"}"#,
        ),
        post("auth/wishes/role/s/secret-id", r#"{"metadata":{"a":"b"}}"#),
        post(
            "auth/wishes/role/s/secret-id",
            r#"{"num_uses":2,"ttl":"5m","metadata":"eyJhIjoiYiJ9"}"#,
        )
        .saves("accessor", "/data/secret_id_accessor"),
        post(
            "auth/wishes/role/s/secret-id-accessor/lookup",
            r#"{"secret_id_accessor":"${accessor}"}"#,
        ),
        post("auth/wishes/role/long", r#"{"secret_id_ttl":"9999h"}"#),
        post("auth/wishes/role/long/secret-id", "{}"),
        post(
            "auth/wishes/role/n",
            r#"{"bind_secret_id":false,"token_bound_cidrs":"127.0.0.1"}"#,
        ),
        post("auth/wishes/role/n/secret-id", "{}"),
        post(
            "auth/wishes/role/n/custom-secret-id",
            r#"{"secret_id":"kk"}"#,
        ),
    ],
};

/// From where.
const NETWORKS: Script = Script {
    name: "networks",
    steps: &[
        post("sys/auth/nets", MOUNT),
        post(
            "auth/nets/role/c",
            r#"{"role_id":"nets","secret_id_bound_cidrs":"10.0.0.0/8","token_bound_cidrs":"10.0.0.0/8"}"#,
        ),
        fault(
            post("auth/nets/role/c/secret-id", r#"{"cidr_list":"x"}"#),
            r#"{"errors":["failed to validate CIDR blocks: invalid CIDR address: x"]}"#,
        ),
        fault(
            post(
                "auth/nets/role/c/secret-id",
                r#"{"token_bound_cidrs":"10.0.0.1"}"#,
            ),
            r#"{"errors":["failed to validate token CIDR blocks: invalid CIDR address: 10.0.0.1"]}"#,
        ),
        differs(
            post(
                "auth/nets/role/c/secret-id",
                r#"{"cidr_list":"11.0.0.0/8"}"#,
            ),
            &differences::GO_FORMATTING,
            r#"{"errors":["failed to verify subset relationship between CIDR blocks on the role [\"10.0.0.0/8\"] and CIDR blocks on the secret ID [\"11.0.0.0/8\"]"]}"#,
        ),
        post(
            "auth/nets/role/c/secret-id",
            r#"{"cidr_list":"10.1.0.0/16","token_bound_cidrs":"10.2.0.0/16"}"#,
        )
        .saves("accessor", "/data/secret_id_accessor"),
        post(
            "auth/nets/role/c/secret-id-accessor/lookup",
            r#"{"secret_id_accessor":"${accessor}"}"#,
        ),
        post("auth/nets/role/c/custom-secret-id", r#"{"secret_id":"kk"}"#),
        differs(
            post("auth/nets/login", r#"{"role_id":"nets","secret_id":"kk"}"#),
            &differences::GO_FORMATTING,
            r#"{"errors":["source address \"127.0.0.1\" unauthorized by CIDR restrictions on the role"]}"#,
        ),
        post(
            "auth/nets/role/c/custom-secret-id",
            r#"{"secret_id":"k2","cidr_list":"10.1.1.1/32"}"#,
        ),
        post("auth/nets/login", r#"{"role_id":"nets","secret_id":"k2"}"#),
        post("auth/nets/role/c", r#"{"secret_id_bound_cidrs":""}"#),
        post("auth/nets/login", r#"{"role_id":"nets","secret_id":"k2"}"#),
        post("auth/nets/login", r#"{"role_id":"nets","secret_id":"kk"}"#).but(
            &differences::APPROLE_NETWORKS,
            403,
            r#"{"errors":["permission denied"]}"#,
        ),
        post("auth/nets/role/c", r#"{"token_bound_cidrs":"127.0.0.1"}"#),
        post("auth/nets/login", r#"{"role_id":"nets","secret_id":"kk"}"#),
        post(
            "auth/nets/role/n",
            r#"{"bind_secret_id":false,"token_bound_cidrs":"127.0.0.1","role_id":"nn"}"#,
        ),
        post("auth/nets/login", r#"{"role_id":"nn"}"#),
        fault(
            delete("auth/nets/role/n/token-bound-cidrs"),
            r#"{"errors":["at least one constraint should be enabled on the role"]}"#,
        ),
    ],
};

/// Secret ids that stay in their cluster.
const LOCAL: Script = Script {
    name: "local secret ids",
    steps: &[
        post("sys/auth/here", MOUNT),
        post(
            "auth/here/role/l",
            r#"{"local_secret_ids":true,"role_id":"here","secret_id_num_uses":1}"#,
        ),
        post("auth/here/role/l/secret-id", "{}").saves("id", "/data/secret_id"),
        post(
            "auth/here/role/l/secret-id/lookup",
            r#"{"secret_id":"${id}"}"#,
        ),
        list("auth/here/role/l/secret-id"),
        post(
            "auth/here/login",
            r#"{"role_id":"here","secret_id":"${id}"}"#,
        ),
        post(
            "auth/here/login",
            r#"{"role_id":"here","secret_id":"${id}"}"#,
        ),
        list("auth/here/role/l/secret-id"),
    ],
};

/// Who it is.
const LOGINS: Script = Script {
    name: "approle logins",
    steps: &[
        post("sys/auth/machines", MOUNT),
        post(
            "auth/machines/role/x",
            r#"{"role_id":"xx","token_ttl":60,"token_max_ttl":3600,"token_policies":"p,q"}"#,
        ),
        post(
            "auth/machines/role/x/custom-secret-id",
            r#"{"secret_id":"kx","metadata":"{\"m\":\"1\",\"role_name\":\"z\"}"}"#,
        ),
        fault(
            post("auth/machines/login", "{}"),
            r#"{"errors":["missing role_id"]}"#,
        ),
        post("auth/machines/login", r#"{"role_id":"xx"}"#),
        post(
            "auth/machines/login",
            r#"{"role_id":"no","secret_id":"kx"}"#,
        ),
        post(
            "auth/machines/login",
            r#"{"role_id":"xx","secret_id":"no"}"#,
        ),
        post(
            "auth/machines/login",
            r#"{"role_id":"xx","secret_id":"kx"}"#,
        )
        .saves_token("x"),
        get("auth/machines/login").but(
            &differences::GET_LOGIN,
            405,
            r#"{"errors":["1 error occurred:\n\t* unsupported operation\n\n"]}"#,
        ),
        post("auth/token/renew-self", "{}").by("x"),
        post("auth/machines/role/x", r#"{"token_policies":"root"}"#),
        post(
            "auth/machines/login",
            r#"{"role_id":"xx","secret_id":"kx"}"#,
        ),
        post(
            "auth/machines/role/x",
            r#"{"token_policies":"other","token_ttl":30}"#,
        ),
        post("auth/token/renew-self", "{}").by("x"),
        delete("auth/machines/role/x"),
        fault(
            post("auth/token/renew-self", "{}").by("x"),
            r#"{"errors":["role \"x\" does not exist during renewal"]}"#,
        ),
        post(
            "auth/machines/login",
            r#"{"role_id":"xx","secret_id":"kx"}"#,
        ),
        post("auth/machines/role/x", r#"{"role_id":"xx"}"#),
        post(
            "auth/machines/login",
            r#"{"role_id":"xx","secret_id":"kx"}"#,
        ),
        list("auth/machines/role/x/secret-id"),
    ],
};

/// What has ended, out of storage.
const TIDY: Script = Script {
    name: "tidy",
    steps: &[
        post("sys/auth/tidy", MOUNT),
        post("auth/tidy/tidy/secret-id", "{}").but(
            &differences::OWN_NAME,
            202,
            r#"{"warnings":["Tidy operation successfully started. Any information from the operation will be printed to the server's logs."]}"#,
        ),
        get("auth/tidy/tidy/secret-id"),
    ],
};
