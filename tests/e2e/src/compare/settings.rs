//! What the server is told at run time: which headers are audited, which pages may ask, how much is
//! logged; and what it refuses to show.

use super::{Script, delete, differences, get, list, post};

/// All scripts.
pub const SCRIPTS: &[Script] = &[REQUEST_HEADERS, CORS, UI_HEADERS, LOGS, AUDIT];

const REQUEST_HEADERS: Script = Script {
    name: "audited request headers",
    steps: &[
        get("sys/config/auditing/request-headers"),
        get("sys/config/auditing/request-headers/x-foo"),
        post(
            "sys/config/auditing/request-headers/X-Foo",
            r#"{"hmac":true}"#,
        ),
        get("sys/config/auditing/request-headers/x-foo"),
        get("sys/config/auditing/request-headers/X-FOO"),
        post("sys/config/auditing/request-headers/X-Bar", "{}"),
        post("sys/config/auditing/request-headers/Y", r#"{"hmac":"zz"}"#),
        post("sys/config/auditing/request-headers/a/b", "{}"),
        get("sys/config/auditing/request-headers"),
        delete("sys/config/auditing/request-headers/x-FOO"),
        delete("sys/config/auditing/request-headers/none"),
        get("sys/config/auditing/request-headers"),
    ],
};

const CORS: Script = Script {
    name: "pages of other origins",
    steps: &[
        get("sys/config/cors"),
        post("sys/config/cors", "{}").but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["1 error occurred:\n\t* at least one origin or the wildcard must be provided\n\n"]}"#,
        ),
        post("sys/config/cors", r#"{"allowed_origins":"*"}"#),
        get("sys/config/cors"),
        post(
            "sys/config/cors",
            r#"{"allowed_origins":"http://a.b,http://c","allowed_headers":"X-Q, x-z","allow_credentials":true}"#,
        ),
        get("sys/config/cors"),
        post("sys/config/cors", r#"{"allowed_origins":["*","http://c"]}"#).but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["1 error occurred:\n\t* to allow all origins the '*' must be the only value for allowed_origins\n\n"]}"#,
        ),
        get("sys/config/cors"),
        delete("sys/config/cors"),
        get("sys/config/cors"),
        delete("sys/config/cors"),
    ],
};

const UI_HEADERS: Script = Script {
    name: "headers of the user interface",
    steps: &[
        list("sys/config/ui/headers"),
        get("sys/config/ui/headers"),
        get("sys/config/ui/headers/X-A"),
        post("sys/config/ui/headers/X-A", r#"{"values":"abc"}"#),
        get("sys/config/ui/headers/x-a"),
        get("sys/config/ui/headers/x-a?multivalue=true"),
        post(
            "sys/config/ui/headers/X-A",
            r#"{"values":["a","b"],"multivalue":true}"#,
        ),
        get("sys/config/ui/headers/x-a"),
        get("sys/config/ui/headers/x-a?multivalue=true"),
        post("sys/config/ui/headers/X-Vault-Foo", r#"{"values":"a"}"#),
        post(
            "sys/config/ui/headers/Content-Security-Policy",
            r#"{"values":"x"}"#,
        ),
        post("sys/config/ui/headers/c", "{}"),
        post("sys/config/ui/headers/c", r#"{"values":[]}"#),
        delete("sys/config/ui/headers/none"),
        delete("sys/config/ui/headers/Content-Security-Policy"),
        list("sys/config/ui/headers"),
        delete("sys/config/ui/headers/X-A"),
        list("sys/config/ui/headers"),
    ],
};

/// Loggers have other names here.
const LOGS: Script = Script {
    name: "logs and metrics",
    steps: &[
        post("sys/loggers", r#"{"level":"warn"}"#),
        post("sys/loggers", r#"{"level":"err"}"#),
        post("sys/loggers", r#"{"level":"notice"}"#),
        post("sys/loggers", r#"{"level":"off"}"#),
        post("sys/loggers", "{}"),
        post("sys/loggers/none", r#"{"level":"info"}"#),
        post("sys/loggers/none", r#"{"level":"zz"}"#),
        post("sys/loggers/none", "{}"),
        delete("sys/loggers/none"),
        delete("sys/loggers"),
        get("sys/monitor?log_level=zz"),
        get("sys/monitor?log_format=zz"),
        get("sys/metrics?format=zz"),
        get("sys/version-history"),
        post("sys/config/reload/license", "{}"),
        post("sys/config/reload/none", "{}"),
    ],
};

const AUDIT: Script = Script {
    name: "audit devices",
    steps: &[
        get("sys/audit"),
        post("sys/audit-hash/none", r#"{"input":"a"}"#),
        post("sys/audit-hash/none", "{}"),
    ],
};
