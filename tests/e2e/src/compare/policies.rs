//! `sys/policies`: those of paths, with their versions, and those of passwords.

use super::differences::differences;
use super::{Script, delete, get, list, patch, post, put};

differences! {
    POLICY_FOLDERS: "details of policies in a folder",
        "OpenBao shows the root policy among those of every folder; it is in none.";
    HCL_FAULTS: "faults in the HCL of a password policy",
        "Both refuse it with 400; how Go words the reason is not repeated.";
    UNKEEPABLE: "password policies that hardly any password keeps",
        "OpenBao searches for a second and answers 500; the policy is at fault, so we answer 400.";
    FRACTIONS: "fractions in password policies",
        "OpenBao cuts them off; a length of 20.7 is a mistake, and refused.";
    NEGATIVE_MINIMUM: "negative min-chars",
        "OpenBao subtracts it from what the other rules require, and then finds no password; here it counts as zero.";
    CHROOT: "chroot_namespace",
        "Vault's answer has it, and its user interface reads it; OpenBao's has not.";
}

/// All scripts, in order.
pub const SCRIPTS: &[Script] = &[VERSIONS, PATCHES, FOLDERS, PASSWORDS, FAULTS, RESULTANT];

const VERSIONS: Script = Script {
    name: "versions of policies",
    steps: &[
        get("sys/policies/acl/p"),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"a\" { capabilities = [\"read\"] }"}"#,
        ),
        get("sys/policies/acl/p"),
        get("sys/policy/p"),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"b\" {}","cas":5}"#,
        ),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"b\" {}","cas":-1}"#,
        ),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"b\" {}","cas":-2}"#,
        ),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"b\" {}","cas":1}"#,
        ),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"b\" {}","cas":"two"}"#,
        ),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"b\" {}","cas_required":true}"#,
        ),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"b\" {}","cas_required":true,"cas":2}"#,
        ),
        get("sys/policies/acl/p"),
        put("sys/policies/acl/p", r#"{"policy":"path \"c\" {}"}"#),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"c\" {}","cas":3,"allow_slashes_in_identity_templates":true}"#,
        ),
        get("sys/policies/acl/p"),
        put("sys/policies/acl/p", r#"{"policy":"path \"c\" {}"}"#),
        get("sys/policies/acl/p"),
        put(
            "sys/policies/acl/new",
            r#"{"policy":"path \"c\" {}","cas":5}"#,
        ),
        put(
            "sys/policies/acl/new",
            r#"{"policy":"path \"c\" {}","cas_required":true}"#,
        ),
        put(
            "sys/policies/acl/new",
            r#"{"policy":"path \"c\" {}","cas":0}"#,
        ),
        put(
            "sys/policies/acl/timed",
            r#"{"policy":"path \"c\" {}","ttl":"1h"}"#,
        ),
        get("sys/policies/acl/timed"),
        put(
            "sys/policies/acl/timed",
            r#"{"policy":"path \"c\" {}","expiration":"2090-01-01T00:00:00Z"}"#,
        ),
        get("sys/policies/acl/timed"),
        put(
            "sys/policies/acl/timed",
            r#"{"policy":"path \"c\" {}","expiration":3000000000,"ttl":5}"#,
        ),
        put(
            "sys/policies/acl/timed",
            r#"{"policy":"path \"c\" {}","expiration":"2020-01-01T00:00:00Z"}"#,
        ),
        put(
            "sys/policies/acl/timed",
            r#"{"policy":"path \"c\" {}","ttl":0}"#,
        ),
        put("sys/policies/acl/timed", r#"{"policy":"path \"c\" {}"}"#),
        get("sys/policies/acl/timed"),
        put(
            "sys/policies/acl/ends",
            r#"{"policy":"path \"c\" {}","ttl":1}"#,
        ),
        get("sys/policies/acl/ends").until(404),
        put("sys/policy/old", r#"{"policy":"path \"c\" {}","cas":-1}"#),
        put("sys/policy/old", r#"{"rules":"path \"c\" {}","cas":9}"#),
        put("sys/policy/old", r#"{"rules":"path \"d\" {}","cas":1}"#),
        get("sys/policy/old"),
        get("sys/policies/acl/root"),
        put("sys/policies/acl/root", r#"{"policy":"path \"c\" {}"}"#),
        delete("sys/policies/acl/root"),
        delete("sys/policies/acl/default"),
        put("sys/policies/acl/p", r#"{"policy":""}"#),
        put(
            "sys/policies/acl/p",
            r#"{"policy":"path \"c\" { capabilities = [\"frob\"] }"}"#,
        ),
    ],
};

const PATCHES: Script = Script {
    name: "patches of policies",
    steps: &[
        put(
            "sys/policies/acl/q",
            r#"{"policy":"path \"a\" { capabilities = [\"read\"] }"}"#,
        ),
        patch("sys/policies/acl/q", r#"{"cas_required":true}"#),
        patch("sys/policies/acl/q", r#"{"cas":1,"cas_required":true}"#),
        patch("sys/policies/acl/q", r#"{"cas":2,"ttl":"1h"}"#),
        patch("sys/policies/acl/q", r#"{"ttl":"2h"}"#),
        get("sys/policies/acl/q"),
        patch(
            "sys/policies/acl/q",
            r#"{"policy":"path \"z\" { capabilities = [\"frob\"] }"}"#,
        ),
        patch("sys/policies/acl/q", r#"{"policy":""}"#),
        patch("sys/policies/acl/q", r#"{"cas":-1}"#),
        patch("sys/policies/acl/q", r#"{"ttl":0}"#),
        patch("sys/policies/acl/q", r#"{"expiration":null}"#),
        patch(
            "sys/policies/acl/q",
            r#"{"allow_wildcards_in_identity_templates":true}"#,
        ),
        patch(
            "sys/policies/acl/q",
            r#"{"policy":"path \"z\" { capabilities = [\"list\"] }"}"#,
        ),
        patch("sys/policies/acl/q", r#"{"rules":"path \"x\" {}"}"#),
        patch("sys/policies/acl/q", "{}"),
        get("sys/policies/acl/q"),
        patch("sys/policies/acl/none", r#"{"policy":"path \"z\" {}"}"#),
        patch("sys/policies/acl/root", r#"{"policy":"path \"z\" {}"}"#),
        patch("sys/policy/q", r#"{"policy":"path \"z\" {}"}"#),
    ],
};

const FOLDERS: Script = Script {
    name: "folders of policies",
    steps: &[
        put("sys/policies/acl/team/b", r#"{"policy":"path \"a\" {}"}"#),
        put("sys/policies/acl/team/A", r#"{"policy":"path \"a\" {}"}"#),
        get("sys/policies/acl/team/a"),
        get("sys/policies/acl/TEAM/a"),
        get("sys/policies/acl/team"),
        list("sys/policies/acl/team"),
        list("sys/policies/acl/none"),
        list("sys/policy/team"),
        get("sys/policies/detailed/acl"),
        list("sys/policies/detailed/acl/team").but(
            &POLICY_FOLDERS,
            200,
            r#"{"data":{"key_info":{
                "team/a":{"allow_slashes_in_identity_templates":false,"allow_wildcards_in_identity_templates":false,
                    "cas_required":false,"modified":"<time>","name":"team/a","policy":"path \"a\" {}","version":1},
                "team/b":{"allow_slashes_in_identity_templates":false,"allow_wildcards_in_identity_templates":false,
                    "cas_required":false,"modified":"<time>","name":"team/b","policy":"path \"a\" {}","version":1}},
                "keys":["team/a","team/b"]}}"#,
        ),
        delete("sys/policies/acl/team/a"),
        delete("sys/policies/acl/team/a"),
        list("sys/policies/acl/team"),
    ],
};

const PASSWORDS: Script = Script {
    name: "password policies",
    steps: &[
        list("sys/policies/password"),
        get("sys/policies/password/p"),
        get("sys/policies/password/p/generate"),
        post(
            "sys/policies/password/p",
            r#"{"policy":"length = 20\nrule \"charset\" { charset = \"abc\" min-chars = 1 }"}"#,
        ),
        get("sys/policies/password/p"),
        get("sys/policies/password/p/generate").hides(&["password"]),
        post(
            "sys/policies/password/p",
            r#"{"policy":"bGVuZ3RoID0gMjAKcnVsZSAiY2hhcnNldCIgeyBjaGFyc2V0ID0gImFiIiB9Cg=="}"#,
        ),
        get("sys/policies/password/p"),
        post(
            "sys/policies/password/P",
            r#"{"policy":"{\"length\": 8, \"rule\": [{\"charset\": {\"charset\": \"a\", \"min-chars\": 8}}]}"}"#,
        ),
        get("sys/policies/password/P/generate"),
        list("sys/policies/password"),
        post(
            "sys/policies/password/one",
            r#"{"policy":"length = 5\nrule \"charset\" { charset = \"ü\" min-chars = 1 }"}"#,
        ),
        get("sys/policies/password/one/generate"),
        delete("sys/policies/password/one"),
        delete("sys/policies/password/one"),
        get("sys/policies/password/one"),
        get("sys/policies/password"),
        patch("sys/policies/password/p", r#"{"policy":"x"}"#),
        post("sys/policies/password/p", "{}"),
        post("sys/policies/password/p", r#"{"policy":"","other":1}"#),
        post(
            "sys/policies/password/extra",
            r#"{"policy":"length = 5\nfrob = 1\nrule \"charset\" { charset = \"ab\" min_chars = 1 }"}"#,
        ),
    ],
};

const FAULTS: Script = Script {
    name: "faults of password policies",
    steps: &[
        post("sys/policies/password/p", r#"{"policy":"length = 20"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 0"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = -3\nrule \"charset\" { charset = \"ab\" min-chars = 3 }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 3\nrule \"charset\" { charset = \"ab\" }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 4\nrule \"charset\" { charset = \"ab\" }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 100\nrule \"charset\" { charset = \"ab\" }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 101\nrule \"charset\" { charset = \"ab\" }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 20\nrule \"charset\" { charset = \"ab\" min-chars = 21 }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 1\nrule \"charset\" { charset = \"\" min-chars = 3 }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 20\nrule \"charset\" { min-chars = 1 }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 20\nrule \"charset\" { charset = \"a\\nb\" }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 20\nrule \"frob\" { charset = \"ab\" }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = \"20\"\nrule \"charset\" { charset = \"ab\" }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = true\nrule \"charset\" { charset = \"ab\" }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 20\nrule \"charset\" { charset = \"ab\" min-chars = \"1\" }"}"#),
        post("sys/policies/password/p", r#"{"policy":"length = 8\n{{{{"}"#).but(
            &HCL_FAULTS,
            400,
            r#"{"errors":["1 error occurred:\n\t* invalid password policy: unable to decode: At 2:1: expected: IDENT | STRING | ASSIGN | LBRACE got: LBRACE\n\n"]}"#,
        ),
        post("sys/policies/password/p", r#"{"policy":"length = 20.7\nrule \"charset\" { charset = \"ab\" }"}"#).but(
            &FRACTIONS,
            400,
            r#"{"errors":["1 error occurred:\n\t* invalid password policy: failed to decode configuration: decoding failed due to the following error(s):\n\n'length' expected type 'int', got unconvertible type 'float'\n\n"]}"#,
        ),
        post(
            "sys/policies/password/p",
            r#"{"policy":"length = 20\nrule \"charset\" { charset = \"ab\" min-chars = -1 }\nrule \"charset\" { charset = \"cd\" min-chars = 21 }"}"#,
        )
        .but(
            &NEGATIVE_MINIMUM,
            400,
            r#"{"errors":["1 error occurred:\n\t* invalid password policy: 1 error occurred:\n\t* specified rules require at least 21 characters but 20 is specified\n\n\n\n"]}"#,
        ),
        post(
            "sys/policies/password/hard",
            r#"{"policy":"length = 10\nrule \"charset\" { charset = \"abcdefghijklmnopqrstuvwxyz\" }\nrule \"charset\" { charset = \"0\" min-chars = 10 }"}"#,
        ),
        get("sys/policies/password/hard/generate").but(
            &UNKEEPABLE,
            400,
            r#"{"errors":["1 error occurred:\n\t* failed to generate password from policy: hardly any password satisfies its rules\n\n"]}"#,
        ),
    ],
};

const RESULTANT: Script = Script {
    name: "what a caller may do",
    steps: &[
        get("sys/internal/ui/resultant-acl").but(
            &CHROOT,
            200,
            r#"{"data":{"chroot_namespace":"","root":true}}"#,
        ),
        put(
            "sys/policies/acl/ra",
            r#"{"policy":"path \"sys/internal/ui/resultant-acl\" { capabilities=[\"read\"] }\npath \"b/*\" { capabilities=[\"read\",\"list\",\"sudo\"] allowed_parameters = { \"x\" = [\"1\"] } denied_parameters = { \"y\" = [] } required_parameters=[\"z\"] min_wrapping_ttl = \"10s\" max_wrapping_ttl=\"2m\" }\npath \"c/+/d\" { capabilities=[\"deny\"] }\npath \"e\" { capabilities=[] }\npath \"d/e*\" { policy = \"write\" }"}"#,
        )
        .only_prepares(),
        post("auth/token/create", r#"{"policies":["ra"],"no_default_policy":true}"#)
            .saves("ra", super::CLIENT_TOKEN)
            .only_prepares(),
        get("sys/internal/ui/resultant-acl").by("ra").but(
            &CHROOT,
            200,
            r#"{"data":{"chroot_namespace":"","root":false,
                "exact_paths":{"e":{"capabilities":["deny"]},"sys/internal/ui/resultant-acl":{"capabilities":["read"]}},
                "glob_paths":{
                    "b/":{"allowed_parameters":{"x":["1"]},"capabilities":["list","read","sudo"],
                        "denied_parameters":{"y":[]},"max_wrapping_ttl":120,"min_wrapping_ttl":10,"required_parameters":["z"]},
                    "d/e":{"capabilities":["create","delete","list","read","update"]}}}}"#,
        ),
    ],
};
