//! `secrets …`, `auth …`, `policy …` and `audit …`.

use crate::cli::{Script, differences, line};

/// Secrets engines.
pub(super) const SECRETS: Script = Script {
    name: "secrets",
    lines: &[
        line("secrets list"),
        line("secrets list -detailed"),
        line("secrets enable -path=a-{form} kv"),
        line(
            "secrets enable -path=b-{form} -version=2 -description='for {form}, with a description so long that no single line of eighty columns can hold all of it: it is broken' kv",
        ),
        line(
            "secrets enable -path=c-{form} -default-lease-ttl=1h -max-lease-ttl=24h -options=version=2 kv-v2",
        ),
        line("secrets enable -path=d-{form}/deep -local -seal-wrap -force-no-cache kv"),
        line("secrets enable -path=a-{form} kv"),
        line("secrets enable nonsense"),
        line("secrets enable -path=sys kv"),
        line("secrets enable"),
        line("secrets enable kv extra"),
        line("secrets enable -default-lease-ttl=x kv"),
        line(
            "secrets enable -path=h-{form} -audit-non-hmac-request-keys=a -audit-non-hmac-request-keys=b -audit-non-hmac-response-keys=c -passthrough-request-headers=X-A -allowed-response-headers=X-B -listing-visibility=unauth kv",
        ),
        line("secrets list"),
        line("secrets list -detailed"),
        line("secrets tune -description=tuned a-table"),
        line("secrets tune -default-lease-ttl=1h -max-lease-ttl=2h a-table"),
        line(
            "secrets tune -listing-visibility=unauth -audit-non-hmac-request-keys=x -passthrough-request-headers=X-Y a-table/",
        ),
        line("secrets tune -options=version=2 a-json"),
        line("secrets tune a-table"),
        line("secrets tune missing"),
        line("secrets tune"),
        line("read sys/mounts/a-table/tune"),
        line("read sys/mounts/a-json/tune").fields(&["options"]),
        line("secrets move a-{form} moved-{form}"),
        line("secrets move missing other"),
        line("secrets move missing"),
        line("secrets disable moved-{form}"),
        line("secrets disable moved-{form}/"),
        line("secrets disable"),
        line("secrets disable sys"),
    ],
};

/// Auth methods.
pub(super) const AUTH: Script = Script {
    name: "auth",
    lines: &[
        line("auth list"),
        line("auth list -detailed"),
        line("auth enable nonsense"),
        line("auth enable"),
        line("auth tune -description=tokens token"),
        line("auth tune -default-lease-ttl=1h token/"),
        line("auth tune -listing-visibility=unauth missing"),
        line("auth tune -token-type=batch token"),
        line("auth move auth/missing auth/other"),
        line("auth move missing other").differs(&differences::AUTH_MOVE),
        line("auth move auth/token auth/other"),
        line("auth disable missing"),
        line("auth disable token"),
        line("auth disable"),
        line("auth list"),
    ],
};

/// Policies.
pub(super) const POLICIES: Script = Script {
    name: "policies",
    lines: &[
        line("policy list"),
        line("policy read default"),
        line("policy read missing"),
        line("policy read root"),
        line("policy write mine-{form} -")
            .input("path \"a/*\" {\n  capabilities = [\"read\"]\n}\n"),
        line("policy write MINE -").input("path \"b\" { capabilities = [\"list\"] }"),
        line("policy write bad -").input("path {"),
        line("policy write bad -").input(""),
        line("policy write bad {home}/missing.hcl"),
        line("policy write bad"),
        line("policy write root -").input("path \"a\" { capabilities = [\"read\"] }"),
        line("policy read mine-table"),
        line("policy read MINE"),
        line("policy list"),
        line("policy delete mine-{form}"),
        line("policy delete mine-{form}"),
        line("policy delete root"),
        line("policy delete"),
        line("policy fmt {home}/missing.hcl"),
        line("policy list extra"),
    ],
};

/// Audit devices.
pub(super) const AUDIT: Script = Script {
    name: "audit",
    lines: &[
        line("audit list"),
        line("audit list -detailed"),
        line("audit enable -path=missing-kind nonsense"),
        line("audit enable"),
        line("audit enable file"),
        line("audit disable missing"),
        line("audit disable"),
    ],
};
