//! What the root namespace alone offers.

use super::{NOBODY, within};
use crate::compare::{Script, get, list, post, send};

const INSIDE: &[(&str, &str)] = &[("X-Vault-Namespace", "restricted")];

pub(super) const RESTRICTED: Script = Script {
    name: "restricted",
    steps: &[
        NOBODY,
        send("POST", "sys/namespaces/restricted"),
        within(get("sys/health"), INSIDE),
        within(get("sys/init"), INSIDE),
        within(send("POST", "sys/seal"), INSIDE),
        within(send("POST", "sys/seal"), INSIDE).by("nobody"),
        within(send("POST", "sys/unseal"), INSIDE),
        within(send("POST", "sys/step-down"), INSIDE),
        within(get("sys/rekey/init"), INSIDE),
        within(get("sys/rekey/backup"), INSIDE),
        within(get("sys/rekey-recovery-key/init"), INSIDE),
        within(get("sys/generate-root/attempt"), INSIDE),
        within(get("sys/generate-root-token/attempt"), INSIDE),
        within(get("sys/storage/raft/configuration"), INSIDE),
        within(get("sys/metrics"), INSIDE),
        within(get("sys/in-flight-req"), INSIDE),
        within(get("sys/raw/core"), INSIDE),
        within(get("sys/audit"), INSIDE),
        within(get("sys/audit"), INSIDE).by("nobody"),
        within(post("sys/audit/x", r#"{"type":"file"}"#), INSIDE),
        within(post("sys/audit-hash/x", r#"{"input":"x"}"#), INSIDE),
        within(get("sys/config/cors"), INSIDE),
        within(get("sys/config/ui/headers/x"), INSIDE),
        within(get("sys/config/state/sanitized"), INSIDE),
        within(get("sys/host-info"), INSIDE),
        within(get("sys/loggers"), INSIDE),
        within(get("sys/monitor"), INSIDE),
        within(get("sys/replication/status"), INSIDE),
        within(get("sys/quotas/config"), INSIDE),
        within(list("sys/quotas/rate-limit"), INSIDE),
        within(get("sys/internal/counters/activity"), INSIDE),
        within(get("sys/internal/counters/config"), INSIDE),
        within(list("sys/internal/inspect/router"), INSIDE),
        within(get("sys/key-status"), INSIDE),
        within(send("POST", "sys/rotate"), INSIDE),
        within(get("sys/rotate/config"), INSIDE),
        within(get("sys/rotate/root/init"), INSIDE),
        within(get("sys/plugins/catalog/secret/kv"), INSIDE),
        within(get("sys/rotate/config"), INSIDE).by("nobody"),
    ],
};

pub(super) const BY_PATH: Script = Script {
    name: "restricted by path",
    steps: &[
        send("POST", "sys/namespaces/by-path"),
        get("by-path/sys/health"),
        send("POST", "by-path/sys/seal"),
        get("by-path/sys/audit"),
        get("by-path/sys/rekey/init"),
        get("by-path/sys/rotate/config"),
        get("by-path/sys/key-status"),
    ],
};
