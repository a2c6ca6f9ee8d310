//! What OpenBao's own server has.

use crate::cli::{Script, differences, keep, line};

/// Logging in by a method.
pub(super) const LOGIN: Script = Script {
    name: "login by a method",
    lines: &[
        line("auth enable -path=users -description=people userpass"),
        line("auth enable -token-type=batch -path=batch-{form} approle"),
        line("auth list"),
        line("auth list -detailed"),
        line("auth help token").differs(&differences::AUTH_HELP),
        line("auth help userpass").differs(&differences::AUTH_HELP),
        line("auth help users/").differs(&differences::AUTH_HELP),
        line("auth help missing/"),
        line("auth help nonsense"),
        line("auth help"),
        line("auth enable userpass").once(),
        line("write auth/users/users/me password=p policies=default").once(),
        line("write auth/userpass/users/me password=p policies=default ttl=1h").once(),
        line("login -method=userpass -path=users -no-store username=me password=p")
            .formats(&["json"])
            .with(&[("BAO_TOKEN", "")])
            .fields(&["token", "policies", "token_meta_username"]),
        line("login -method=userpass -no-store username=me password=p")
            .with(&[("BAO_TOKEN", "")])
            .formats(&["json", "yaml"]),
        line("login -method=userpass -no-store username=me password=p mount=users")
            .with(&[("BAO_TOKEN", "")])
            .formats(&["json", "yaml"]),
        line("login -method=userpass -no-store username=me password=wrong")
            .with(&[("BAO_TOKEN", "")])
            .formats(&["json", "yaml"]),
        line("login -method=userpass -no-store username=me password=-")
            .input("p")
            .with(&[("BAO_TOKEN", "")])
            .formats(&["json", "yaml"]),
        line("login -method=userpass -no-store username=me")
            .with(&[("BAO_TOKEN", "")])
            .formats(&["json", "yaml"]),
        line("login -method=userpass -no-store password=p")
            .with(&[("BAO_TOKEN", "")])
            .formats(&["json", "yaml"]),
        line("login -method=userpass -no-store -wrap-ttl=1m username=me password=p")
            .with(&[("BAO_TOKEN", "")])
            .formats(&["json", "yaml"]),
        line("login -method=approle -no-store role_id=x")
            .with(&[("BAO_TOKEN", "")])
            .differs(&differences::METHODS),
        line("login -method=ldap -no-store username=x password=y")
            .with(&[("BAO_TOKEN", "")])
            .differs(&differences::METHODS),
        line("auth tune -default-lease-ttl=1h -max-lease-ttl=2h -token-type=service users"),
        line("auth tune -user-lockout-threshold=3 -user-lockout-duration=5m users"),
        line("auth tune -user-lockout-disable users"),
        line("read sys/auth/users/tune"),
        line("auth move auth/users auth/people").once(),
        line("auth move auth/people auth/users").once(),
        line("auth disable users"),
        line("auth disable userpass"),
        line("login -method=userpass -no-store username=me password=p")
            .with(&[("BAO_TOKEN", "")])
            .formats(&["json", "yaml"]),
    ],
};

/// Leases.
pub(super) const LEASES: Script = Script {
    name: "leases",
    lines: &[
        line("auth enable userpass").once(),
        line("write auth/userpass/users/me password=p").once(),
        line("login -method=userpass -no-print username=me password=p")
            .once()
            .with(&[("BAO_TOKEN", "")]),
        line("lease lookup auth/userpass/login/me/missing"),
        line("lease renew auth/userpass/login/me/missing"),
        line("lease renew -increment=1h missing"),
        line("lease renew -increment=x missing"),
        line("lease revoke auth/userpass/login/me/missing"),
        line("lease revoke -sync auth/userpass/login/me/missing"),
        line("lease revoke -prefix auth/userpass"),
        line("lease revoke -prefix -sync auth/userpass/"),
        line("lease revoke -prefix -force auth/userpass"),
        line("read sys/leases/count"),
    ],
};

/// Wrapping.
pub(super) const WRAPPING: Script = Script {
    name: "wrapping",
    lines: &[
        line("secrets enable -path=one kv").once(),
        line("write one/a x=1").once(),
        line("read -wrap-ttl=5m one/a").fields(&[
            "wrapping_token",
            "wrapping_token_ttl",
            "wrapping_accessor",
            "wrapping_token_creation_path",
            "ttl",
            "missing",
        ]),
        line("read -wrap-ttl=90 one/a"),
        line("kv get -wrap-ttl=5m one/a"),
        line("list -wrap-ttl=5m one"),
        line("token create -wrap-ttl=5m -policy=default"),
        line("read one/a").with(&[("BAO_WRAP_TTL", "1h")]),
        keep("ONE", "read -wrap-ttl=5m -field=wrapping_token one/a"),
        line("write sys/wrapping/lookup token={ONE}"),
        line("unwrap {ONE}").once(),
        line("unwrap {ONE}"),
        keep("TWO", "read -wrap-ttl=5m -field=wrapping_token one/a"),
        line("unwrap {TWO}").once().with(&[("BAO_TOKEN", "")]),
        keep("THREE", "read -wrap-ttl=5m -field=wrapping_token one/a"),
        line("unwrap")
            .formats(&["json"])
            .with(&[("BAO_TOKEN", "{THREE}")]),
        keep("FOUR", "read -wrap-ttl=5m -field=wrapping_token one/a"),
        line("unwrap -field=x {FOUR}").once(),
        keep(
            "FIVE",
            "token create -wrap-ttl=5m -policy=default -field=wrapping_token",
        ),
        line("unwrap {FIVE}").once(),
        line("unwrap nonsense"),
        line("unwrap").with(&[("BAO_TOKEN", "")]),
        line("write sys/wrapping/wrap a=b"),
    ],
};

/// Namespaces.
pub(super) const NAMESPACES: Script = Script {
    name: "namespaces",
    lines: &[
        line("namespace list"),
        line("namespace create ns-{form}").fields(&["path"]),
        line("namespace create -custom-metadata=a=b -custom-metadata=c=d meta-{form}"),
        line("namespace create ns-table"),
        line("namespace create -namespace=ns-table child-{form}"),
        line("namespace create"),
        line("namespace create a b"),
        line("namespace create a/b/c"),
        line("namespace list").unordered(),
        line("namespace list -detailed").formats(&["json", "yaml"]),
        line("namespace list -ns=ns-table").unordered(),
        line("namespace scan").unordered(),
        line("namespace scan -detailed").formats(&["json", "yaml"]),
        line("namespace lookup ns-table"),
        line("namespace lookup -field=path ns-table")
            .once()
            .differs(&differences::FIELD),
        line("namespace lookup missing"),
        line("namespace lookup"),
        line("namespace patch -custom-metadata=x=y ns-table"),
        line("namespace patch -remove-custom-metadata=x ns-table"),
        line("namespace patch ns-table"),
        line("namespace patch -custom-metadata=x=y missing"),
        line("secrets list -namespace=ns-table"),
        line("secrets enable -ns=ns-table -path={form} kv"),
        line("write -ns=ns-table table/a x=1"),
        line("kv get -ns=ns-table table/a"),
        line("kv get ns-table/table/a"),
        line("read ns-table/table/a"),
        line("read -ns=missing table/a"),
        line("token create -ns=ns-table -policy=default"),
        line("namespace lock ns-json"),
        line("namespace lock"),
        line("read -ns=ns-json table/a"),
        line("namespace unlock ns-json"),
        line("namespace unlock -unlock-key=nonsense ns-json"),
        line("namespace unlock missing"),
        // Each once: how long one that is deleted is still there differs from run to run.
        line("namespace delete meta-{form}"),
        line("namespace delete missing"),
        line("namespace delete"),
    ],
};

/// Keys of the barrier.
pub(super) const KEYS: Script = Script {
    name: "keys",
    lines: &[
        line("operator generate-root -status"),
        line("operator generate-root -init -otp=AAAAAAAAAAAAAAAAAAAAAAAAAA").once(),
        line("operator generate-root -init -otp=AAAAAAAAAAAAAAAAAAAAAAAAAA"),
        line("operator generate-root -init -otp=short"),
        line("operator generate-root -status"),
        line("operator generate-root -nonce=nonsense nonsense"),
        line("operator generate-root -cancel"),
        line("operator generate-root -cancel"),
        line("operator generate-root -init").formats(&["json"]),
        line("operator generate-root -cancel").once(),
        line("operator generate-root -decode=Ak1TMgYBHTMbARsEHx8 -otp=qGPRDzLuwKpgiSRJAUXlLYmmOi"),
        line("operator generate-root -decode=Ak1TMgYBHTMbARsEHx8"),
        line("operator rekey -status"),
        line("operator rekey -init -key-shares=3 -key-threshold=2").once(),
        line("operator rekey -init -key-shares=3 -key-threshold=2"),
        line("operator rekey -status"),
        line("operator rekey -nonce=nonsense nonsense"),
        line("operator rekey -cancel"),
        line("operator rekey -status -target=recovery"),
        line("operator rekey -status -target=nonsense"),
        line("operator rekey -status -verify"),
        line("operator rekey -backup-retrieve"),
        line("operator rekey -backup-delete"),
        line("operator rotate-keys -status"),
        line("operator rotate-keys -init -key-shares=3 -key-threshold=2")
            .once()
            .in_other_words(),
        line("operator rotate-keys -status"),
        line("operator rotate-keys -cancel"),
        line("operator key-status"),
        line("operator rotate"),
    ],
};

/// Plugins.
pub(super) const PLUGINS: Script = Script {
    name: "plugins",
    lines: &[
        line("plugin list"),
        line("plugin list secret"),
        line("plugin list -detailed"),
        line("plugin list nonsense"),
        line("plugin list a b").in_other_words(),
        line("plugin info secret kv").fields(&["builtin", "missing"]),
        line("plugin info secret missing"),
        line("plugin info nonsense kv"),
        line("plugin info -version=v9 secret kv"),
        line("plugin deregister secret missing"),
        line("plugin deregister -version=v1 secret missing"),
        line("plugin deregister").in_other_words(),
        line("plugin register secret mine").differs(&differences::PLUGIN_BY_FILE),
        line("plugin register -sha256=aa -command=c secret mine"),
        line("plugin reload -plugin=kv"),
        line("plugin reload -mounts=secret/"),
        line("plugin reload").in_other_words(),
        line("plugin reload -plugin=a -mounts=b").in_other_words(),
        line("plugin reload -plugin=missing"),
        line("plugin reload -plugin=kv -scope=global"),
        line("plugin reload-status missing"),
        line("plugin reload-status"),
    ],
};

/// The cluster.
pub(super) const CLUSTER: Script = Script {
    name: "cluster",
    lines: &[
        line("operator step-down"),
        line("operator members"),
        line("operator raft list-peers"),
        line("operator raft join"),
        line("operator raft join http://127.0.0.1:1"),
        line("operator raft remove-peer a"),
        line("operator raft remove-peer").in_other_words(),
        line("operator raft promote a"),
        line("operator raft demote a").in_other_words(),
        line("operator raft snapshot save {home}/snap"),
        line("operator raft snapshot restore {home}/missing"),
        line("operator raft autopilot state"),
        line("operator raft autopilot get-config"),
        line("operator raft autopilot set-config -max-trailing-logs=500"),
        line("version-history")
            .formats(&["table", "json"])
            .differs(&differences::HISTORY_NOTE),
    ],
};
