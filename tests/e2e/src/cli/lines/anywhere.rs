//! `read`, `write`, `list`, `patch`, `delete` and `scan` on any path.

use crate::cli::{Script, differences, line};

/// Secrets of a store without versions, and paths that are not there.
pub(super) const READ_AND_WRITE: Script = Script {
    name: "read and write",
    lines: &[
        line("secrets enable -path=one -version=1 kv").once(),
        line("write one/a x=1 y=two z="),
        line("write one/twice x=1 x=2"),
        line("write one/b -")
            .input(r#"{"n":1.50,"list":[1,"a",null],"map":{"k":"v"},"t":true,"e":""}"#),
        line("write one/text value=-").input("a\nb\n"),
        line("write one/none"),
        line("write one/none nonsense"),
        line("write one/none -").input("no json"),
        line("write one/none x=@{home}/missing"),
        line("write one/none x=\\@text"),
        line("read one/a").fields(&[
            "x",
            "z",
            "data",
            "missing",
            "lease_duration",
            "refresh_interval",
        ]),
        line("read one/b")
            .formats(&["table", "json"])
            .fields(&["n", "list", "map", "t", "e"]),
        line("read one/b")
            .formats(&["yaml"])
            .differs(&differences::EXACT_NUMBERS),
        line("read one/twice").fields(&["x"]),
        line("read one/text").fields(&["value"]),
        line("read /one/a/"),
        line("read one/missing"),
        line("read -field=x one/missing"),
        line("read nowhere/a"),
        line("read one/a").formats(&["raw", "JSON", "nonsense"]),
        line("read one/a")
            .formats(&["pretty"])
            .differs(&differences::PRETTY),
        line("read -format=json one/a"),
        line("read -format json one/a"),
        line("read --format=yaml one/a"),
        line("read one/a -format=json").differs(&differences::FLAGS_BEHIND),
        line("read -field=x -format=json one/a"),
        line("read -field=x -format=yaml one/a"),
        line("read -field=data -format=json one/b"),
        line("read -field=list -format=yaml one/b"),
        line("read sys/mounts/one/tune").fields(&["default_lease_ttl"]),
        line("read sys/health"),
        line("read sys/seal-status").fields(&["sealed"]),
        line("read auth/token/lookup-self").fields(&["policies", "ttl", "meta"]),
        line("delete one/a"),
        line("delete one/a"),
        line("delete nowhere/a"),
        line("patch one/b x=1"),
        line("patch one/b"),
        line("patch sys/mounts/one x=1"),
        line("write -f sys/rotate"),
        line("write -force one/forced"),
        line("write sys/policy/made policy=-").input("path \"a\" { capabilities = [\"read\"] }"),
        line("read sys/policy/made").fields(&["rules", "name"]),
        line("write auth/token/create policies=default ttl=1h").fields(&[
            "token",
            "token_duration",
            "policies",
            "lease_duration",
            "missing",
        ]),
    ],
};

/// Lists.
pub(super) const LISTS: Script = Script {
    name: "lists",
    lines: &[
        line("secrets enable -path=one -version=1 kv").once(),
        line("secrets enable -path=two -version=2 kv").once(),
        line("list one"),
        line("write one/a x=1").once(),
        line("write one/b x=1").once(),
        line("write one/deep/c x=1").once(),
        line("kv put two/a x=1").once(),
        line("kv put two/deep/c x=1").once(),
        line("list one"),
        line("list one/"),
        line("list -field=keys one"),
        line("list one/deep"),
        line("list one/missing"),
        line("list -detailed one").formats(&["table", "json"]),
        line("list two/metadata"),
        line("list two"),
        line("list -detailed two/detailed-metadata").formats(&["table", "json"]),
        line("list -detailed two/detailed-metadata")
            .formats(&["yaml"])
            .differs(&differences::DETAILS_IN_YAML),
        line("list -limit=1 two/metadata"),
        line("list -after=a -limit=5 two/metadata"),
        line("list nowhere"),
        line("list sys/policies/acl"),
        line("list sys/nowhere"),
        line("scan one"),
        line("scan two/metadata"),
        line("scan -detailed two/detailed-metadata").formats(&["table", "json"]),
        line("scan one/missing"),
        line("kv list one"),
        line("kv list two/deep/"),
        line("kv list two/missing"),
        line("kv scan two"),
        line("kv scan -mount=one deep"),
        line("kv list nowhere"),
    ],
};
