//! `-output-policy`: the policy that a call needs.

use crate::request::{ApiRequest, Method};

/// Paths that need `sudo` as well. A `*` at the end stands for anything, `+` for one part.
const SUDO: [&str; 28] = [
    "auth/token/accessors",
    "pki/root",
    "pki/+/sign-self-issued",
    "sys/audit",
    "sys/audit/+",
    "sys/auth/+",
    "sys/auth/+/tune",
    "sys/config/auditing/request-headers",
    "sys/config/auditing/request-headers/+",
    "sys/config/cors",
    "sys/config/ui/headers",
    "sys/config/ui/headers/+",
    "sys/internal/inspect/router/+",
    "sys/leases",
    "sys/leases/lookup/*",
    "sys/leases/revoke-force/*",
    "sys/leases/revoke-prefix/*",
    "sys/plugins/catalog/+/+",
    "sys/raw",
    "sys/raw/*",
    "sys/remount",
    "sys/replication/performance/primary/secondary-token",
    "sys/replication/performance/secondary/aside",
    "sys/replication/performance/secondary/aside/export",
    "sys/replication/primary/secondary-token",
    "sys/revoke-prefix/*",
    "sys/rotate",
    "sys/rotate/+",
];

/// A policy with one path.
pub(crate) fn of(request: &ApiRequest) -> String {
    let mut capabilities = match request.method {
        Method::Get if asks(request, "list") => vec!["list"],
        Method::Get if asks(request, "scan") => vec!["scan"],
        Method::Get => vec!["read"],
        Method::Post | Method::Put => vec!["create", "update"],
        Method::Patch => vec!["patch"],
        Method::Delete => vec!["delete"],
    };
    if SUDO.iter().any(|pattern| fits(pattern, &request.path)) {
        capabilities.push("sudo");
    }
    let path = request.path.replace('\\', "\\\\").replace('"', "\\\"");
    let capabilities = capabilities.join("\", \"");
    format!("path \"{path}\" {{\n  capabilities = [\"{capabilities}\"]\n}}")
}

fn asks(request: &ApiRequest, name: &str) -> bool {
    let mut query = request.query.iter();
    query.any(|(key, value)| key == name && value == "true")
}

fn fits(pattern: &str, path: &str) -> bool {
    if let Some(begin) = pattern.strip_suffix('*') {
        return path
            .strip_prefix(begin)
            .is_some_and(|rest| !rest.is_empty());
    }
    let (mut pattern, mut path) = (pattern.split('/'), path.trim_end_matches('/').split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn policies() {
        let check = |request: ApiRequest, path: &str, capabilities: &str| {
            let expected = format!("path \"{path}\" {{\n  capabilities = [{capabilities}]\n}}");
            assert_eq!(of(&request), expected);
        };
        check(ApiRequest::get("a/b"), "a/b", r#""read""#);
        check(ApiRequest::list("a"), "a", r#""list""#);
        check(
            ApiRequest::put("a", json!({})),
            "a",
            r#""create", "update""#,
        );
        check(ApiRequest::delete("a"), "a", r#""delete""#);
        check(ApiRequest::get(r#"a"\b"#), r#"a\"\\b"#, r#""read""#);
        check(
            ApiRequest::get("sys/audit"),
            "sys/audit",
            r#""read", "sudo""#,
        );
        check(ApiRequest::get("sys/auth"), "sys/auth", r#""read""#);
        check(
            ApiRequest::get("sys/raw/a/b"),
            "sys/raw/a/b",
            r#""read", "sudo""#,
        );
    }
}
