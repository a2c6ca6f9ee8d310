//! What the flags of every command do with a request.

use crate::cli::{Script, differences, keep, line};

/// Requests that are printed instead of sent.
pub(super) const PRINTED: Script = Script {
    name: "printed requests",
    lines: &[
        line("secrets enable -path=two -version=2 kv").once(),
        line("kv put two/a x=1").once(),
        line("read -output-curl-string one/a").once(),
        line("write -output-curl-string one/a x=1 y=it's").once(),
        line("write -output-curl-string -f one/a")
            .once()
            .differs(&differences::CURL_BODY),
        line("list -output-curl-string one/").once(),
        line("delete -output-curl-string one/a").once(),
        line("patch -output-curl-string one/a x=1").once(),
        line("kv get -output-curl-string two/a").once(),
        line("kv put -output-curl-string two/a x=1").once(),
        line("kv patch -output-curl-string two/a x=1").once(),
        line("kv list -output-curl-string two").once(),
        line("secrets enable -output-curl-string kv")
            .once()
            .differs(&differences::CURL_BODY),
        line("secrets list -output-curl-string").once(),
        line("token create -output-curl-string -ttl=1h")
            .once()
            .differs(&differences::CURL_BODY),
        line("token lookup -output-curl-string").once(),
        line("policy write -output-curl-string mine -")
            .once()
            .input("path \"a\" {}"),
        line("read -output-curl-string -namespace=ns1 a").once(),
        line("read -output-curl-string -wrap-ttl=5m a").once(),
        line("read -output-curl-string -header=x=y a").once(),
        line("read -output-curl-string a")
            .once()
            .with(&[("BAO_TOKEN", "")]),
        line("status -output-curl-string").once(),
        line("operator seal -output-curl-string").once(),
        line("read -output-policy one/a").once(),
        line("write -output-policy one/a x=1").once(),
        line("write -output-policy -f one/a").once(),
        line("list -output-policy one/").once(),
        line("scan -output-policy one/")
            .once()
            .differs(&differences::SCAN_POLICY),
        line("delete -output-policy one/a").once(),
        line("patch -output-policy one/a x=1").once(),
        line("kv get -output-policy two/a").once(),
        line("kv put -output-policy two/a x=1").once(),
        line("kv metadata get -output-policy two/a").once(),
        line("secrets enable -output-policy kv").once(),
        line("secrets list -output-policy").once(),
        line("auth list -output-policy").once(),
        line("token create -output-policy").once(),
        line("policy read -output-policy mine").once(),
        line("operator seal -output-policy").once(),
        line("status -output-policy").once(),
        line("lease revoke -output-policy -prefix a").once(),
        line("read -output-policy -output-curl-string one/a").once(),
    ],
};

/// Requests with more than a path and a body.
pub(super) const SENT: Script = Script {
    name: "requests",
    lines: &[
        line("secrets enable -path=one kv").once(),
        line("write one/a x=1").once(),
        line("read -header=X-Mine=1 one/a"),
        line("read -header=X-Vault-Token=1 one/a"),
        line("read -header=nonsense one/a"),
        line("read -wrap-ttl=nonsense one/a"),
        line("read -namespace=missing one/a"),
        line("read -ns=missing/ one/a"),
        line("read one/a").with(&[("BAO_NAMESPACE", "missing")]),
        line("read -non-interactive one/a"),
        line("read -disable-redirects one/a"),
        line("read -mfa=a:b one/a"),
        line("read -policy-override one/a"),
        line("read -tls-skip-verify one/a"),
        line("read -ca-cert={home}/missing one/a").with(&[("BAO_ADDR", "https://127.0.0.1:1")]),
        line("read -client-cert={home}/missing one/a"),
        line("read -address={url} one/a").with(&[("BAO_ADDR", "http://127.0.0.1:1")]),
        line("read one/a").with(&[("BAO_TOKEN", "nonsense")]),
        line("read one/a").with(&[("BAO_TOKEN", "")]),
        line("read one/a").with(&[("BAO_ADDR", ""), ("VAULT_ADDR", "{url}")]),
        line("read one/a").with(&[("BAO_TOKEN", ""), ("VAULT_TOKEN", "root")]),
        line("read one/a").with(&[("BAO_FORMAT", ""), ("VAULT_FORMAT", "json")]),
        line("path-help one"),
        line("path-help one/a"),
        line("path-help sys/mounts"),
        line("path-help sys/policies/acl/x"),
        line("path-help nowhere/a"),
        line("path-help"),
        keep("TOKEN", "token create -policy=default -field=token"),
        line("read one/a").with(&[("BAO_TOKEN", "{TOKEN}")]),
        line("kv get one/a").with(&[("BAO_TOKEN", "{TOKEN}")]),
        line("secrets list").with(&[("BAO_TOKEN", "{TOKEN}")]),
        line("list one").with(&[("BAO_TOKEN", "{TOKEN}")]),
    ],
};
