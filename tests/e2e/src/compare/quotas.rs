//! Requests about quotas. What they hold back is spelled out by bodies and statuses; what headers say is
//! tested where the response is at hand.

use super::{Script, delete, differences, get, list, post};

/// All scripts. Each takes its quotas away again: they hold for the whole server.
pub const SCRIPTS: &[Script] = &[CONFIG, RATE_LIMITS, PLACES, TURNED_AWAY, ROLES];

/// What holds for all.
const CONFIG: Script = Script {
    name: "config",
    steps: &[
        get("sys/quotas/config").but(
            &differences::ABSOLUTE_EXEMPT_PATHS,
            200,
            r#"{"lease_id":"","renewable":false,"lease_duration":0,"data":{"absolute_rate_limit_exempt_paths":[],"enable_rate_limit_audit_logging":false,"enable_rate_limit_response_headers":false,"rate_limit_exempt_paths":["sys/generate-recovery-token/attempt","sys/generate-recovery-token/update","sys/generate-root/attempt","sys/generate-root/update","sys/health","sys/seal-status","sys/unseal"]},"wrap_info":null,"warnings":null,"auth":null}"#,
        ),
        post(
            "sys/quotas/config",
            r#"{"enable_rate_limit_response_headers":true,"enable_rate_limit_audit_logging":"true","rate_limit_exempt_paths":"sys/a,b"}"#,
        ),
        get("sys/quotas/config").but(
            &differences::ABSOLUTE_EXEMPT_PATHS,
            200,
            r#"{"lease_id":"","renewable":false,"lease_duration":0,"data":{"absolute_rate_limit_exempt_paths":[],"enable_rate_limit_audit_logging":true,"enable_rate_limit_response_headers":true,"rate_limit_exempt_paths":["sys/a","b"]},"wrap_info":null,"warnings":null,"auth":null}"#,
        ),
        post("sys/quotas/config", "{}"),
        get("sys/quotas/config").but(
            &differences::ABSOLUTE_EXEMPT_PATHS,
            200,
            r#"{"lease_id":"","renewable":false,"lease_duration":0,"data":{"absolute_rate_limit_exempt_paths":[],"enable_rate_limit_audit_logging":false,"enable_rate_limit_response_headers":false,"rate_limit_exempt_paths":[]},"wrap_info":null,"warnings":null,"auth":null}"#,
        ),
    ],
};

/// Their definitions.
const RATE_LIMITS: Script = Script {
    name: "rate limits",
    steps: &[
        list("sys/quotas/rate-limit"),
        get("sys/quotas/rate-limit/none"),
        delete("sys/quotas/rate-limit/none"),
        post("sys/quotas/rate-limit/a", "{}"),
        post("sys/quotas/rate-limit/a", r#"{"rate":0}"#),
        post("sys/quotas/rate-limit/a", r#"{"rate":-1}"#),
        post("sys/quotas/rate-limit/a$b", r#"{"rate":5}"#),
        post("sys/quotas/rate-limit/all", r#"{"rate":5000}"#),
        get("sys/quotas/rate-limit/all"),
        list("sys/quotas/rate-limit"),
        post("sys/quotas/rate-limit/other", r#"{"rate":5000}"#),
        post("sys/quotas/rate-limit/All", r#"{"rate":"5000.5"}"#),
        post(
            "sys/quotas/rate-limit/all",
            r#"{"rate":"5000.5","interval":"1m","block_interval":90,"inheritable":false,"type":"rate-limit","foo":1}"#,
        ),
        get("sys/quotas/rate-limit/all"),
        post("sys/quotas/rate-limit/all", r#"{"rate":6000,"interval":0}"#),
        get("sys/quotas/rate-limit/all"),
        delete("sys/quotas/rate-limit/all"),
        get("sys/quotas/rate-limit/all"),
    ],
};

/// What they can be for.
const PLACES: Script = Script {
    name: "places",
    steps: &[
        post("sys/mounts/places", r#"{"type":"kv"}"#),
        post("sys/auth/places", r#"{"type":"userpass"}"#),
        post(
            "sys/quotas/rate-limit/a",
            r#"{"rate":5000,"path":"nowhere"}"#,
        ),
        post(
            "sys/quotas/rate-limit/a",
            r#"{"rate":5000,"path":"nowhere/a/b"}"#,
        ),
        post(
            "sys/quotas/rate-limit/a",
            r#"{"rate":5000,"path":"places"}"#,
        ),
        get("sys/quotas/rate-limit/a"),
        post(
            "sys/quotas/rate-limit/b",
            r#"{"rate":5000,"path":"places/"}"#,
        ),
        post(
            "sys/quotas/rate-limit/b",
            r#"{"rate":5000,"path":"/places/a/b"}"#,
        ),
        get("sys/quotas/rate-limit/b"),
        post(
            "sys/quotas/rate-limit/c",
            r#"{"rate":5000,"path":"places/a*"}"#,
        ),
        get("sys/quotas/rate-limit/c"),
        post(
            "sys/quotas/rate-limit/d",
            r#"{"rate":5000,"path":"auth/places"}"#,
        ),
        get("sys/quotas/rate-limit/d"),
        post(
            "sys/quotas/rate-limit/e",
            r#"{"rate":5000,"path":"sys/mounts"}"#,
        ),
        get("sys/quotas/rate-limit/e"),
        post("sys/quotas/rate-limit/f", r#"{"rate":5000,"role":"r"}"#),
        post(
            "sys/quotas/rate-limit/f",
            r#"{"rate":5000,"role":"r","path":"places"}"#,
        ),
        post(
            "sys/quotas/rate-limit/f",
            r#"{"rate":5000,"role":"r","path":"places/a"}"#,
        ),
        post(
            "sys/quotas/rate-limit/f",
            r#"{"rate":5000,"role":"r","path":"auth/places"}"#,
        ),
        post(
            "sys/quotas/rate-limit/f",
            r#"{"rate":5000,"role":"r","path":"auth/token"}"#,
        ),
        post(
            "sys/quotas/rate-limit/f",
            r#"{"rate":5000,"role":"r","path":"auth/none"}"#,
        ),
        delete("sys/mounts/places"),
        get("sys/quotas/rate-limit/a"),
        get("sys/quotas/rate-limit/b"),
        delete("sys/auth/places"),
        delete("sys/quotas/rate-limit/e"),
        list("sys/quotas/rate-limit"),
    ],
};

/// Who is turned away, and by which quota.
const TURNED_AWAY: Script = Script {
    name: "turned away",
    steps: &[
        post("sys/mounts/often", r#"{"type":"kv"}"#),
        post(
            "sys/quotas/rate-limit/o",
            r#"{"rate":2,"interval":"1h","path":"often"}"#,
        ),
        post(
            "sys/quotas/rate-limit/a",
            r#"{"rate":1,"interval":"1h","path":"often/a"}"#,
        ),
        post(
            "sys/quotas/rate-limit/b",
            r#"{"rate":1,"interval":"1h","path":"often/b*"}"#,
        ),
        get("often/a"),
        get("often/a"),
        get("often/a/b"),
        get("often/b"),
        get("often/bb"),
        list("often/a"),
        list("often"),
        get("often/c"),
        get("sys/mounts/often/tune"),
        delete("sys/quotas/rate-limit/a"),
        get("often/a"),
        delete("sys/quotas/rate-limit/o"),
        get("often/a"),
        delete("sys/mounts/often"),
        get("sys/quotas/rate-limit/b"),
    ],
};

/// Logins that name no role: the method knows which one they are for.
const ROLES: Script = Script {
    name: "quotas of roles",
    steps: &[
        post("sys/auth/machines", r#"{"type":"approle"}"#),
        post(
            "auth/machines/role/a",
            r#"{"bind_secret_id":false,"secret_id_bound_cidrs":"0.0.0.0/0"}"#,
        ),
        post("auth/machines/role/a/role-id", r#"{"role_id":"of-a"}"#),
        post("auth/machines/role/b", r#"{"bind_secret_id":true}"#),
        post("auth/machines/role/b/role-id", r#"{"role_id":"of-b"}"#),
        post(
            "sys/quotas/rate-limit/r",
            r#"{"rate":1,"interval":"1h","path":"auth/machines","role":"a"}"#,
        ),
        get("sys/quotas/rate-limit/r"),
        post("auth/machines/login", r#"{"role_id":"of-a"}"#),
        post("auth/machines/login", r#"{"role_id":"of-a"}"#),
        // Wrong secrets count too, and other roles do not.
        post(
            "sys/quotas/rate-limit/s",
            r#"{"rate":2,"interval":"1h","path":"auth/machines","role":"b"}"#,
        ),
        post(
            "auth/machines/login",
            r#"{"role_id":"of-b","secret_id":"x"}"#,
        ),
        post(
            "auth/machines/login",
            r#"{"role_id":"of-b","secret_id":"x"}"#,
        ),
        post(
            "auth/machines/login",
            r#"{"role_id":"of-b","secret_id":"x"}"#,
        ),
        post(
            "auth/machines/login",
            r#"{"role_id":"nobody","secret_id":"x"}"#,
        ),
        get("auth/machines/role/a/role-id"),
        delete("sys/quotas/rate-limit/r"),
        delete("sys/quotas/rate-limit/s"),
        post("auth/machines/login", r#"{"role_id":"of-a"}"#),
        delete("sys/auth/machines"),
    ],
};
