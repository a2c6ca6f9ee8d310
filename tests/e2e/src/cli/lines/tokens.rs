//! `token …` and `login` with a token.

use crate::cli::{Script, differences, keep, line};

/// Tokens.
pub(super) const TOKENS: Script = Script {
    name: "tokens",
    lines: &[
        line("token create").fields(&[
            "token",
            "token_accessor",
            "policies",
            "token_policies",
            "token_duration",
            "lease_duration",
            "token_renewable",
            "missing",
        ]),
        line("token create -policy=default -ttl=1h -metadata=a=b -display-name=me"),
        line("token create -policy=a,default -explicit-max-ttl=2h -use-limit=3"),
        line("token create -policy=a -policy=b -period=30m -orphan -renewable=false"),
        line("token create -no-default-policy -policy=a"),
        line("token create -type=batch -policy=default -ttl=20m"),
        line("token create -id=own-{form} -policy=default"),
        line("token create -role=missing"),
        line("token create -type=nonsense"),
        line("token create -ttl=nonsense"),
        line("token create extra"),
        keep(
            "TOKEN",
            "token create -policy=default -ttl=1h -field=token -display-name=kept",
        ),
        keep("ACCESSOR", "token lookup -field=accessor {TOKEN}"),
        line("token lookup").fields(&["policies", "display_name", "missing"]),
        line("token lookup {TOKEN}").fields(&["id", "ttl", "meta"]),
        line("token lookup -accessor {ACCESSOR}"),
        line("token lookup").with(&[("BAO_TOKEN", "{TOKEN}")]),
        line("token lookup nonsense"),
        line("token lookup -accessor nonsense"),
        line("token lookup -accessor"),
        line("token lookup {TOKEN} extra"),
        line("token renew {TOKEN}"),
        line("token renew -increment=30m {TOKEN}"),
        line("token renew -accessor {ACCESSOR}"),
        line("token renew").with(&[("BAO_TOKEN", "{TOKEN}")]),
        line("token renew"),
        line("token renew -increment=nonsense {TOKEN}"),
        line("token renew nonsense"),
        line("token capabilities sys/mounts"),
        line("token capabilities {TOKEN} cubbyhole/a"),
        line("token capabilities {TOKEN} secret/a"),
        line("token capabilities -accessor {ACCESSOR} cubbyhole/a")
            .differs(&differences::BY_ACCESSOR),
        line("token capabilities nonsense cubbyhole/a"),
        line("token capabilities"),
        line("token capabilities a b c"),
        line("token revoke"),
        line("token revoke -self extra"),
        line("token revoke -self -accessor"),
        line("token revoke -mode=nonsense {TOKEN}"),
        line("token revoke nonsense"),
        line("token revoke -accessor nonsense"),
        line("token revoke -mode=orphan own-json"),
        line("token revoke own-yaml"),
        line("token revoke -accessor {ACCESSOR}"),
        line("token lookup {TOKEN}"),
        line("token revoke -self").with(&[("BAO_TOKEN", "own-table")]),
    ],
};

/// Logging in with a token.
pub(super) const LOGIN: Script = Script {
    name: "login with a token",
    lines: &[
        keep(
            "TOKEN",
            "token create -policy=default -ttl=1h -metadata=a=b -field=token",
        ),
        line("login -no-store {TOKEN}")
            .formats(&["json", "yaml"])
            .with(&[("BAO_TOKEN", "")])
            .fields(&["token", "policies", "missing"]),
        line("login -no-store {TOKEN}")
            .once()
            .with(&[("BAO_TOKEN", "")])
            .differs(&differences::NOT_STORED),
        line("login -no-store token={TOKEN}")
            .formats(&["json"])
            .with(&[("BAO_TOKEN", "")]),
        line("login -no-store -")
            .formats(&["json"])
            .input("{TOKEN}")
            .with(&[("BAO_TOKEN", "")]),
        line("login -no-store -method=token token={TOKEN}")
            .formats(&["yaml"])
            .with(&[("BAO_TOKEN", "")]),
        line("login -token-only {TOKEN}").with(&[("BAO_TOKEN", "")]),
        line("login -no-print -no-store {TOKEN}").with(&[("BAO_TOKEN", "")]),
        line("login nonsense").with(&[("BAO_TOKEN", "")]),
        line("login -no-store -")
            .input("")
            .with(&[("BAO_TOKEN", "")]),
        line("login -method=nonsense a=b")
            .with(&[("BAO_TOKEN", "")])
            .differs(&differences::METHODS),
        line("login a b").with(&[("BAO_TOKEN", "")]),
        line("login {TOKEN}"),
        line("login {TOKEN}").with(&[("BAO_TOKEN", "")]),
        line("print token").with(&[("BAO_TOKEN", "")]),
        line("token lookup")
            .with(&[("BAO_TOKEN", "")])
            .fields(&["id"]),
        line("login -no-print {TOKEN}").with(&[("BAO_TOKEN", "")]),
        line("login -no-store -wrap-ttl=5m {TOKEN}")
            .formats(&["json", "yaml"])
            .with(&[("BAO_TOKEN", "")]),
    ],
};

/// A login that waits for a second factor. As documents the members of its answer come in another order.
pub(super) const SECOND_FACTOR: Script = Script {
    name: "second factor",
    lines: &[
        line("auth enable -path=factored userpass").once(),
        line("write auth/factored/users/me password=p").once(),
        keep(
            "method",
            "write -field=method_id identity/mfa/method/totp issuer=C method_name=phone",
        ),
        line(
            "write identity/mfa/login-enforcement/all mfa_method_ids={method} auth_method_types=userpass",
        )
        .once(),
        line("login -method=userpass -path=factored -no-store username=me password=p")
            .once()
            .with(&[("BAO_TOKEN", "")]),
        line("write auth/factored/login/me password=p").once(),
        line("write -field=mfa_request_id auth/factored/login/me password=p").once(),
        line("write -mfa={method}:1 auth/factored/login/me password=p").once(),
        line("write sys/mfa/validate mfa_request_id=missing").once(),
        line("read identity/mfa/method/totp/{method}"),
        line("delete identity/mfa/login-enforcement/all").once(),
    ],
};
