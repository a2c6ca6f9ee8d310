//! Requests about second factors of logins. Codes follow from the time, so what is right is tested where
//! there is a clock.

use super::{Script, delete, differences, get, list, post};

/// All scripts; what they make hangs together by names of their own.
pub const SCRIPTS: &[Script] = &[METHODS, ENFORCEMENTS, KEYS, LOGINS, OUTSIDE];

/// No method has it.
const NO_ID: &str = "identity/mfa/method/totp/00000000-1111-2222-3333-444444444444";

/// What there is.
const METHODS: Script = Script {
    name: "methods",
    steps: &[
        list("identity/mfa/method"),
        list("identity/mfa/method/totp"),
        get("identity/mfa/method/totp/none"),
        get("identity/mfa/method/none"),
        get(NO_ID),
        delete(NO_ID),
        post("identity/mfa/method/totp", "{}"),
        post("identity/mfa/method/totp", r#"{"issuer":"C","digits":7}"#),
        post("identity/mfa/method/totp", r#"{"issuer":"C","algorithm":"sha1"}"#),
        post("identity/mfa/method/totp", r#"{"issuer":"C","skew":2}"#),
        post("identity/mfa/method/totp", r#"{"issuer":"C","period":0}"#),
        post("identity/mfa/method/totp", r#"{"issuer":"C","key_size":0}"#),
        post("identity/mfa/method/totp", r#"{"issuer":"C","key_size":-1}"#),
        post(
            "identity/mfa/method/totp",
            r#"{"issuer":"C","max_validation_attempts":-1}"#,
        ),
        post("identity/mfa/method/totp", r#"{"issuer":"C","method_name":"first"}"#)
            .saves("first", "/data/method_id"),
        get("identity/mfa/method/totp/${first}"),
        get("identity/mfa/method/${first}"),
        get("identity/mfa/method/duo/${first}"),
        list("identity/mfa/method"),
        list("identity/mfa/method/totp"),
        post(
            "identity/mfa/method/totp",
            r#"{"issuer":"D","method_name":"first","algorithm":"SHA512","digits":"8","period":"1m","key_size":30,"qr_size":0,"skew":0,"max_validation_attempts":0}"#,
        ),
        get("identity/mfa/method/totp/${first}"),
        post("identity/mfa/method/totp/${first}", r#"{"issuer":"E"}"#),
        get("identity/mfa/method/totp/${first}"),
        post("identity/mfa/method/totp/${first}", r#"{"method_name":"other"}"#),
        post("identity/mfa/method/totp", r#"{"issuer":"C","method_name":"second"}"#)
            .saves("second", "/data/method_id"),
        post(
            "identity/mfa/method/totp/${second}",
            r#"{"issuer":"C","method_name":"first"}"#,
        )
        .but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["1 error occurred:\n\t* a login MFA method configuration with the method name first already exists\n\n"]}"#,
        ),
        post("identity/mfa/method/totp/none", r#"{"issuer":"C"}"#),
        delete("identity/mfa/method/totp/none"),
        delete("identity/mfa/method/totp/${second}"),
        delete("identity/mfa/method/totp/${first}"),
        get("identity/mfa/method/totp/${first}"),
        list("identity/mfa/method"),
    ],
};

/// Who needs a factor.
const ENFORCEMENTS: Script = Script {
    name: "enforcements",
    steps: &[
        post("sys/auth/enforced", r#"{"type":"userpass"}"#),
        get("sys/auth/enforced").saves("accessor", "/data/accessor").only_prepares(),
        post("identity/mfa/method/totp", r#"{"issuer":"C","method_name":"enforced"}"#)
            .saves("method", "/data/method_id"),
        post("identity/entity", r#"{"name":"enforced"}"#).saves("entity", "/data/id"),
        post("identity/group", r#"{"name":"enforced"}"#).saves("group", "/data/id"),
        list("identity/mfa/login-enforcement"),
        get("identity/mfa/login-enforcement/e"),
        delete("identity/mfa/login-enforcement/e"),
        post("identity/mfa/login-enforcement/e", "{}"),
        post("identity/mfa/login-enforcement/e", r#"{"mfa_method_ids":["none"]}"#),
        post("identity/mfa/login-enforcement/e", r#"{"mfa_method_ids":["${method}"]}"#),
        post(
            "identity/mfa/login-enforcement/e",
            r#"{"mfa_method_ids":["${method}"],"auth_method_accessors":["none"]}"#,
        ),
        post(
            "identity/mfa/login-enforcement/e",
            r#"{"mfa_method_ids":["${method}"],"auth_method_types":["none"]}"#,
        ),
        post(
            "identity/mfa/login-enforcement/e",
            r#"{"mfa_method_ids":["${method}"],"identity_group_ids":["none"]}"#,
        ),
        post(
            "identity/mfa/login-enforcement/e",
            r#"{"mfa_method_ids":["${method}"],"identity_entity_ids":["none"]}"#,
        ),
        post(
            "identity/mfa/login-enforcement/e$",
            r#"{"mfa_method_ids":["${method}"],"identity_entity_ids":["${entity}"]}"#,
        ),
        post(
            "identity/mfa/login-enforcement/e",
            r#"{"mfa_method_ids":["${method}"],"auth_method_accessors":["${accessor}"]}"#,
        ),
        get("identity/mfa/login-enforcement/e").hides(&["id"]),
        post(
            "identity/mfa/login-enforcement/e",
            r#"{"mfa_method_ids":"${method}","identity_entity_ids":"${entity}","identity_group_ids":["${group}"],"auth_method_types":["userpass"]}"#,
        ),
        get("identity/mfa/login-enforcement/e")
            .saves("enforcement", "/data/id")
            .hides(&["id"]),
        list("identity/mfa/login-enforcement").hides(&["id"]),
        delete("identity/mfa/method/totp/${method}").but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["1 error occurred:\n\t* methodID is still used by an enforcement configuration with ID: ${enforcement}\n\n"]}"#,
        ),
        delete("identity/mfa/login-enforcement/e"),
        get("identity/mfa/login-enforcement/e"),
        delete("identity/mfa/method/totp/${method}"),
    ],
};

/// Keys of authenticators.
const KEYS: Script = Script {
    name: "keys",
    steps: &[
        post(
            "identity/mfa/method/totp",
            r#"{"issuer":"C","method_name":"keys","qr_size":0}"#,
        )
        .saves("method", "/data/method_id"),
        post("identity/entity", r#"{"name":"keys"}"#).saves("entity", "/data/id"),
        post("identity/mfa/method/totp/generate", "{}"),
        post(
            "identity/mfa/method/totp/generate",
            r#"{"method_id":"${method}"}"#,
        ),
        post("identity/mfa/method/totp/admin-generate", "{}"),
        post(
            "identity/mfa/method/totp/admin-generate",
            r#"{"method_id":"none","entity_id":"${entity}"}"#,
        ),
        post(
            "identity/mfa/method/totp/admin-generate",
            r#"{"method_id":"${method}"}"#,
        ),
        post(
            "identity/mfa/method/totp/admin-generate",
            r#"{"method_id":"${method}","entity_id":"none"}"#,
        ),
        post(
            "identity/mfa/method/totp/admin-generate",
            r#"{"method_id":"${method}","entity_id":"${entity}"}"#,
        )
        .hides(&["url"]),
        post(
            "identity/mfa/method/totp/admin-generate",
            r#"{"method_id":"${method}","entity_id":"${entity}"}"#,
        ),
        post("identity/mfa/method/totp/admin-destroy", "{}"),
        post(
            "identity/mfa/method/totp/admin-destroy",
            r#"{"method_id":"${method}"}"#,
        ),
        post(
            "identity/mfa/method/totp/admin-destroy",
            r#"{"method_id":"${method}","entity_id":"none"}"#,
        ),
        post(
            "identity/mfa/method/totp/admin-destroy",
            r#"{"method_id":"${method}","entity_id":"${entity}"}"#,
        ),
        post(
            "identity/mfa/method/totp/admin-destroy",
            r#"{"method_id":"${method}","entity_id":"${entity}"}"#,
        ),
        post(
            "identity/mfa/method/totp/admin-generate",
            r#"{"method_id":"${method}","entity_id":"${entity}"}"#,
        )
        .hides(&["url"]),
        delete("identity/mfa/method/totp/${method}"),
    ],
};

const VALIDATE: &str = "sys/mfa/validate";
const PASSWORD: &str = r#"{"password":"pw"}"#;

/// What a login waits for, and what does not count.
const LOGINS: Script = Script {
    name: "logins",
    steps: &[
        post("sys/auth/factored", r#"{"type":"userpass"}"#),
        get("sys/auth/factored")
            .saves("accessor", "/data/accessor")
            .only_prepares(),
        post("auth/factored/users/ann", PASSWORD),
        post("auth/factored/login/ann", PASSWORD)
            .saves("entity", "/auth/entity_id")
            .only_prepares(),
        post(
            "identity/mfa/method/totp",
            r#"{"issuer":"C","method_name":"factored"}"#,
        )
        .saves("method", "/data/method_id"),
        post(
            "identity/mfa/login-enforcement/factored",
            r#"{"mfa_method_ids":["${method}"],"auth_method_accessors":["${accessor}"]}"#,
        ),
        post("auth/factored/login/ann", PASSWORD)
            .saves("request", "/auth/mfa_requirement/mfa_request_id")
            .hides(&["mfa_request_id"]),
        post("auth/factored/login/ann", r#"{"password":"x"}"#),
        post(VALIDATE, "{}"),
        post(VALIDATE, r#"{"mfa_request_id":"none"}"#),
        post(
            VALIDATE,
            r#"{"mfa_request_id":"none","mfa_payload":{"${method}":["1"]}}"#,
        ),
        post(VALIDATE, r#"{"mfa_request_id":"${request}"}"#),
        post(
            VALIDATE,
            r#"{"mfa_request_id":"${request}","mfa_payload":{"none":["1"]}}"#,
        ),
        post(
            VALIDATE,
            r#"{"mfa_request_id":"${request}","mfa_payload":{"${method}":["123456"]}}"#,
        ),
        post(
            "identity/mfa/method/totp/admin-generate",
            r#"{"method_id":"${method}","entity_id":"${entity}"}"#,
        )
        .only_prepares(),
        post(
            VALIDATE,
            r#"{"mfa_request_id":"${request}","mfa_payload":{"${method}":[]}}"#,
        ),
        post(
            VALIDATE,
            r#"{"mfa_request_id":"${request}","mfa_payload":{"${method}":["a","b"]}}"#,
        ),
        post(
            VALIDATE,
            r#"{"mfa_request_id":"${request}","mfa_payload":{"${method}":"1"}}"#,
        ),
        post(
            VALIDATE,
            r#"{"mfa_request_id":"${request}","mfa_payload":{"factored":["passcode=1"]}}"#,
        ),
        post("auth/factored/login/ann", PASSWORD).headers(&[("X-Vault-MFA", "factored:1")]),
        post("auth/factored/login/ann", PASSWORD).headers(&[("X-Vault-MFA", "factored")]),
        post("auth/factored/login/ann", PASSWORD).headers(&[("X-Vault-MFA", "none:1")]),
        post("auth/factored/login/ann", r#"{"password":"x"}"#)
            .headers(&[("X-Vault-MFA", "factored:1")]),
        delete("identity/mfa/login-enforcement/factored"),
        post("auth/factored/login/ann", PASSWORD).hides(&["client_token", "accessor", "entity_id"]),
    ],
};

/// Factors that another company checks.
const OUTSIDE: Script = Script {
    name: "outside",
    steps: &[
        list("identity/mfa/method/duo"),
        list("identity/mfa/method/okta"),
        list("identity/mfa/method/pingid"),
        get("identity/mfa/method/duo/none"),
        get("identity/mfa/method/duo/00000000-1111-2222-3333-444444444444"),
        delete("identity/mfa/method/okta/00000000-1111-2222-3333-444444444444"),
        post("identity/mfa/method/pingid", "{}").but(
            &differences::OUTSIDE_FACTORS,
            400,
            r#"{"errors":["MFA methods of type pingid ask a service outside of this server, which is not supported: use totp"]}"#,
        ),
    ],
};
