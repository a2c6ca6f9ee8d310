//! Roles that are programs.

use super::tokens::{
    by_other_key, expired, good, number_for_subject, other_audience, p256_key, without_audience,
};
use super::{MOUNT, differences};
use crate::compare::{CLIENT_TOKEN, Script, delete, get, list, patch, post};

macro_rules! config {
    ($at:literal) => {
        post(
            concat!("auth/", $at, "/config"),
            concat!(r#"{"jwt_validation_pubkeys":""#, p256_key!(), r#""}"#),
        )
    };
}

macro_rules! program {
    ($at:literal, $expression:literal) => {
        post(
            concat!("auth/", $at, "/cel/role/r"),
            concat!(
                r#"{"bound_audiences":"here","cel_program":{"expression":""#,
                $expression,
                r#""}}"#
            ),
        )
    };
}

macro_rules! login {
    ($at:literal, $token:expr) => {
        post(
            concat!("auth/", $at, "/cel/login"),
            concat!(r#"{"role":"r","jwt":""#, $token, r#""}"#),
        )
    };
}

/// Writing, reading and removing them.
pub(super) const ROLES: Script = Script {
    name: "jwt roles that are programs",
    steps: &[
        post("sys/auth/programs", MOUNT),
        list("auth/programs/cel/role"),
        get("auth/programs/cel/role/r"),
        delete("auth/programs/cel/role/r"),
        post("auth/programs/cel/role/r", "{}"),
        post("auth/programs/cel/role/r", r#"{"cel_program":{}}"#),
        program!("programs", ""),
        program!("programs", "1 +").but(
            &differences::WRONG_PROGRAMS,
            400,
            r#"{"errors":["invalid CEL syntax for main expression: ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting expression\n| 1 +\n| ...^"]}"#,
        ),
        program!("programs", "nope").but(
            &differences::WRONG_PROGRAMS,
            400,
            r#"{"errors":["error type-checking CEL MainProgram: undeclared reference to 'nope'"]}"#,
        ),
        program!("programs", "pb.Auth{polices: []}").but(
            &differences::WRONG_PROGRAMS,
            400,
            r#"{"errors":["error type-checking CEL MainProgram: undefined field 'polices'"]}"#,
        ),
        program!("programs", "true"),
        get("auth/programs/cel/role/r"),
        post(
            "auth/programs/cel/role/r",
            r#"{"cel_program":{"variables":[{"name":"a","expression":"claims.sub"},{"name":"b","expression":"a + a"}],"expression":"pb.Auth{policies:[b]}"},"message":"hm","bound_audiences":"here,there","clock_skew_leeway":5,"expiration_leeway":"1m","not_before_leeway":-1}"#,
        ),
        get("auth/programs/cel/role/r"),
        patch("auth/programs/cel/role/r", r#"{"message":"new"}"#),
        patch("auth/programs/cel/role/r", r#"{"cel_program":{"expression":"b"}}"#),
        patch("auth/programs/cel/role/none", r#"{"message":"new"}"#),
        get("auth/programs/cel/role/r"),
        list("auth/programs/cel/role"),
        list("auth/programs/role"),
        program!("programs", "false"),
        get("auth/programs/cel/role/r"),
        delete("auth/programs/cel/role/r"),
        get("auth/programs/cel/role/r"),
    ],
};

/// What programs say of a login.
pub(super) const LOGINS: Script = Script {
    name: "jwt logins to programs",
    steps: &[
        post("sys/auth/verdicts", MOUNT),
        post("auth/verdicts/cel/login", "{}"),
        config!("verdicts"),
        post("auth/verdicts/cel/login", "{}"),
        post("auth/verdicts/cel/login", r#"{"role":"nope"}"#),
        program!("verdicts", "'why'"),
        post("auth/verdicts/cel/login", r#"{"role":"R"}"#),
        login!("verdicts", good!()),
        login!("verdicts", expired!()),
        login!("verdicts", other_audience!()),
        login!("verdicts", without_audience!()),
        login!("verdicts", by_other_key!()),
        login!("verdicts", number_for_subject!()).but(
            &differences::MALFORMED_TOKENS,
            400,
            r#"{"errors":["error validating token: sub is not a string"]}"#,
        ),
        post("auth/verdicts/login", r#"{"role":"r","jwt":"x"}"#),
        program!("verdicts", "false"),
        login!("verdicts", good!()),
        program!("verdicts", "true"),
        login!("verdicts", good!()).but(
            &differences::PROGRAMS_THAT_FAIL,
            400,
            r#"{"errors":["error executing cel program: CEL program 'r' returned unexpected type: bool"]}"#,
        ),
        program!("verdicts", "claims.nope == 'x'"),
        login!("verdicts", good!()).but(
            &differences::PROGRAMS_THAT_FAIL,
            400,
            r#"{"errors":["error executing cel program: CEL auth program failed: failed to evaluate expression: failed to evaluate expression \"claims.nope == 'x'\": No such key: nope"]}"#,
        ),
        program!("verdicts", "claims.g.map(x, x + '!')[1] + claims.o.p"),
        login!("verdicts", good!()),
        program!("verdicts", "string(claims.n) + ' ' + (claims.n == 1 ? 'one' : 'other')"),
        login!("verdicts", good!()),
        program!("verdicts", "claims.?z.orValue('nothing') + claims.sub.upperAscii()"),
        login!("verdicts", good!()),
        program!("verdicts", "type(claims.n) == double && claims.sub.matches('^a') ? 'y' : 'n'"),
        login!("verdicts", good!()),
        program!("verdicts", "now > timestamp('2020-01-01T00:00:00Z') ? 'y' : 'n'"),
        login!("verdicts", good!()),
        // As deep as a program may be, in the shape that takes the most stack.
        program!(
            "verdicts",
            "[[[[[[[[[[[[[[[[[[[[[[[[[[[['deep']]]]]]]]]]]]]]]]]]]]]]]]]]]] == [] ? 'y' : 'n'"
        ),
        login!("verdicts", good!()),
        program!(
            "verdicts",
            "string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string(string('deep')))))))))))))))))))))))))))))))"
        ),
        login!("verdicts", good!()),
        program!("verdicts", "base64.encode(b'hello') + 'a,b'.split(',')[0]"),
        login!("verdicts", good!()),
    ],
};

/// What logins give.
pub(super) const GRANTS: Script = Script {
    name: "jwt grants by programs",
    steps: &[
        post("sys/auth/granted", MOUNT),
        config!("granted"),
        program!("granted", "pb.Auth{}"),
        login!("granted", good!()).saves("token", CLIENT_TOKEN),
        get("auth/token/lookup-self").by("token"),
        post("auth/token/renew-self", "{}").by("token"),
        program!(
            "granted",
            "pb.Auth{alias: logical.Alias{name: claims.sub, metadata: {'k': 'v'}}, display_name: 'dn', policies: claims.g + ['A', ' c '], metadata: claims.o, num_uses: 9, no_default_policy: true, bound_cidrs: ['127.0.0.0/8']}"
        ),
        login!("granted", good!()).saves("token", CLIENT_TOKEN),
        get("auth/token/lookup-self").by("token"),
        program!(
            "granted",
            "pb.Auth{period: 60000000000, lease_options: pb.LeaseOptions{renewable: true, issue_time: now}}"
        ),
        login!("granted", good!()).saves("token", CLIENT_TOKEN),
        get("auth/token/lookup-self").by("token"),
        post("auth/token/renew-self", "{}").by("token"),
        program!(
            "granted",
            "pb.Auth{lease_options: pb.LeaseOptions{TTL: 60000000000, MaxTTL: 90000000000, renewable: true, issue_time: now}}"
        ),
        login!("granted", good!()).saves("token", CLIENT_TOKEN),
        post("auth/token/renew-self", "{}").by("token"),
        delete("auth/granted/cel/role/r"),
        post("auth/token/renew-self", "{}").by("token").but(
            &differences::PROGRAMS_THAT_ARE_GONE,
            400,
            r#"{"errors":["failed to renew entry: role r does not exist during renewal"]}"#,
        ),
        program!("granted", "pb.Auth{token_type: 2u}"),
        login!("granted", good!()),
        program!("granted", "pb.Auth{policies: ['a', 'root']}"),
        login!("granted", good!()),
        program!("granted", "pb.Auth{num_uses: -1}"),
        login!("granted", good!()).but(
            &differences::GRANTS_THAT_ARE_NONE,
            400,
            r#"{"errors":["num_uses is no whole number, or less than nothing"]}"#,
        ),
        program!("granted", "pb.Auth{alias: logical.Alias{name: ''}}"),
        login!("granted", good!()).but(
            &differences::GRANTS_THAT_ARE_NONE,
            400,
            r#"{"errors":["missing name in alias"]}"#,
        ),
    ],
};
