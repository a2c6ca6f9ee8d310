//! Secret ids and logins with them.

use super::{MOUNT, differs, fault};
use crate::compare::{CLIENT_TOKEN, Script, delete, differences, get, list, post, send};

/// Made, looked up, destroyed.
pub(super) const SECRET_IDS: Script = Script {
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
pub(super) const WISHES: Script = Script {
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
pub(super) const NETWORKS: Script = Script {
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
pub(super) const LOCAL: Script = Script {
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
pub(super) const LOGINS: Script = Script {
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
        .saves("x", CLIENT_TOKEN),
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
pub(super) const TIDY: Script = Script {
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
