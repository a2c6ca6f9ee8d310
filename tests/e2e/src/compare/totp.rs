//! Requests to the engine of one-time codes. Where a code is compared its period is a century, so that
//! both servers are in the same one.

use super::{Script, delete, differences, get, list, post};

/// All scripts; each makes a mount of its own.
pub const SCRIPTS: &[Script] = &[GENERATED, IMPORTED, URLS, CODES, NAMES];

const MOUNT: &str = r#"{"type":"totp"}"#;

/// Keys that are made here.
const GENERATED: Script = Script {
    name: "generated keys",
    steps: &[
        post("sys/mounts/made", MOUNT),
        list("made/keys"),
        get("made/keys/a"),
        post("made/keys/a", r#"{"generate":true}"#),
        post("made/keys/a", r#"{"generate":true,"issuer":"Me"}"#),
        post("made/keys/a", r#"{"generate":true,"account_name":"Me"}"#),
        post("made/keys/a", r#"{"generate":true,"key":"JBSWY3DPEHPK3PXP","issuer":"i","account_name":"a"}"#),
        post("made/keys/a", r#"{"generate":true,"url":"otpauth://totp/x?secret=JBSWY3DPEHPK3PXP","issuer":"i","account_name":"a"}"#),
        post("made/keys/a", r#"{"generate":true,"issuer":"i","account_name":"a","key_size":0}"#),
        post("made/keys/a", r#"{"generate":true,"issuer":"i","account_name":"a","key_size":-1}"#),
        post("made/keys/a", r#"{"generate":true,"issuer":"i","account_name":"a","qr_size":-1}"#),
        post("made/keys/a", r#"{"generate":true,"issuer":"i","account_name":"a","key_size":513}"#).but(
            &differences::TOTP_SIZES,
            400,
            r#"{"errors":["the key_size value must be at most 512"]}"#,
        ),
        get("made/keys/none"),
        post("made/keys/a", r#"{"generate":true,"issuer":"Va ult","account_name":"t@t.com"}"#),
        get("made/keys/a"),
        post("made/keys/b", r#"{"generate":true,"issuer":"i:j","account_name":"a:b&c","qr_size":0,"key_size":5,"algorithm":"SHA512","digits":8,"period":45}"#),
        get("made/keys/b"),
        post("made/keys/c", r#"{"generate":true,"issuer":"I/s?#%~é\"<:@;,!*()'$x","account_name":"a/b?&=+#%~é @:;$","qr_size":0}"#),
        post("made/keys/c", r#"{"generate":true,"issuer":"a&b","account_name":"c","qr_size":0}"#).but(
            &differences::TOTP_ISSUERS,
            200,
            r#"{"data":{"url":"otpauth://totp/a&b:c?algorithm=SHA1&digits=6&issuer=a%26b&period=30&secret=x"}}"#,
        ),
        post("made/keys/d", r#"{"generate":true,"issuer":"i","account_name":"a","exported":false}"#),
        get("made/keys/d"),
        list("made/keys"),
        list("made/keys?after=a&limit=2"),
        delete("made/keys/a"),
        delete("made/keys/none"),
        list("made/keys"),
    ],
};

/// Keys that come from elsewhere.
const IMPORTED: Script = Script {
    name: "imported keys",
    steps: &[
        post("sys/mounts/taken", MOUNT),
        post("taken/keys/a", "{}"),
        post("taken/keys/a", r#"{"key":""}"#),
        post("taken/keys/a", r#"{"key":"zz1!"}"#),
        post("taken/keys/a", r#"{"key":"JBSWY3DP EHPK3PXP"}"#),
        post("taken/keys/a", r#"{"key":"JBSWY3DPEHPK3PXP=="}"#),
        post("taken/keys/a", r#"{"key":"A"}"#),
        get("taken/keys/a"),
        post("taken/keys/a", r#"{"key":"AA"}"#),
        post("taken/keys/a", r#"{"key":"jbswy3dpehpk3pxp"}"#),
        get("taken/keys/a"),
        post(
            "taken/keys/a",
            r#"{"key":"JBSWY3DPEHPK3PX","issuer":"i","account_name":"a"}"#,
        ),
        get("taken/keys/a"),
        post(
            "taken/keys/a",
            r#"{"key":"JBSWY3DPEHPK3PXP","algorithm":"MD5"}"#,
        ),
        post(
            "taken/keys/a",
            r#"{"key":"JBSWY3DPEHPK3PXP","algorithm":"sha1"}"#,
        ),
        post("taken/keys/a", r#"{"key":"JBSWY3DPEHPK3PXP","digits":7}"#),
        post("taken/keys/a", r#"{"key":"JBSWY3DPEHPK3PXP","period":0}"#),
        post("taken/keys/a", r#"{"key":"JBSWY3DPEHPK3PXP","period":-1}"#),
        post("taken/keys/a", r#"{"key":"JBSWY3DPEHPK3PXP","skew":2}"#),
        post("taken/keys/a", r#"{"key":"JBSWY3DPEHPK3PXP","skew":-1}"#),
        post("taken/keys/a", r#"{"key":"JBSWY3DPEHPK3PXP","qr_size":-1}"#),
        post(
            "taken/keys/a",
            r#"{"key":"JBSWY3DPEHPK3PXP","key_size":-1}"#,
        ),
        post(
            "taken/keys/a",
            r#"{"key":"JBSWY3DPEHPK3PXP","algorithm":"SHA512","digits":8,"period":"1m","exported":false,"account_name":"z"}"#,
        ),
        get("taken/keys/a"),
    ],
};

/// Keys that come as URLs.
const URLS: Script = Script {
    name: "urls",
    steps: &[
        post("sys/mounts/urls", MOUNT),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/Iss:acc@x.y?secret=JBSWY3DPEHPK3PXP&issuer=Iss&algorithm=SHA256&digits=8&period=60"}"#,
        ),
        get("urls/keys/a"),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/acc?secret=JBSWY3DPEHPK3PXP","account_name":"other","digits":8}"#,
        ),
        get("urls/keys/a"),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/I:a+b%2Bc%3Ad?secret=JBSWY3DPEHPK3PXP&issuer=J+K%20L&foo=bar&skew=0"}"#,
        ),
        get("urls/keys/a"),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/I:%20a%20b?secret=JBSWY3DPEHPK3PXP"}"#,
        ),
        get("urls/keys/a"),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/?secret=JBSWY3DPEHPK3PXP"}"#,
        ),
        get("urls/keys/a"),
        post("urls/keys/a", r#"{"url":"otpauth://totp/acc"}"#),
        post("urls/keys/a", r#"{"url":"otpauth://totp/acc?secret=!!"}"#),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/acc?secret=JBSWY3DPEHPK3PXP&digits=7"}"#,
        ),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/acc?secret=JBSWY3DPEHPK3PXP&digits=x"}"#,
        ),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/acc?secret=JBSWY3DPEHPK3PXP&period=x"}"#,
        ),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/acc?secret=JBSWY3DPEHPK3PXP&period=-5"}"#,
        ),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://totp/acc?secret=JBSWY3DPEHPK3PXP&algorithm=MD5"}"#,
        ),
        post("urls/keys/a", r#"{"url":"::"}"#),
        post(
            "urls/keys/a",
            r#"{"url":"otpauth://hotp/acc?secret=JBSWY3DPEHPK3PXP"}"#,
        )
        .but(
            &differences::HOTP_URLS,
            400,
            r#"{"errors":["an error occurred while parsing url string"]}"#,
        ),
    ],
};

/// Codes, shown and checked.
const CODES: Script = Script {
    name: "codes",
    steps: &[
        post("sys/mounts/codes", MOUNT),
        get("codes/code/a"),
        post("codes/code/a", r#"{"code":"123456"}"#),
        post("codes/code/a", "{}"),
        post(
            "codes/keys/a",
            r#"{"key":"JBSWY3DPEHPK3PXP","period":3153600000}"#,
        ),
        get("codes/code/a").saves("code", "/data/code"),
        post("codes/code/a", r#"{"code":"0"}"#),
        post("codes/code/a", "{}"),
        post("codes/code/a", r#"{"code":"aaaaaa"}"#),
        post("codes/code/a", r#"{"code":"${code}"}"#),
        post("codes/code/a", r#"{"code":"${code}"}"#),
        post("codes/code/a", r#"{"code":"${code}","period":"x"}"#),
        post(
            "codes/keys/b",
            r#"{"key":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA","period":3153600000,"algorithm":"SHA256","digits":8,"skew":0}"#,
        ),
        get("codes/code/b").saves("code", "/data/code"),
        post("codes/code/b", r#"{"code":"${code}"}"#),
        post(
            "codes/keys/c",
            r#"{"key":"AA","period":3153600000,"algorithm":"SHA512"}"#,
        ),
        get("codes/code/c").saves("code", "/data/code"),
        post("codes/code/c", r#"{"code":"${code}"}"#),
    ],
};

/// What a key can be called.
const NAMES: Script = Script {
    name: "names of keys",
    steps: &[
        post("sys/mounts/names", MOUNT),
        post("names/keys/UP@x.y-z", r#"{"key":"JBSWY3DPEHPK3PXP"}"#),
        post("names/keys/_a", r#"{"key":"JBSWY3DPEHPK3PXP"}"#),
        post("names/keys/@a", r#"{"key":"JBSWY3DPEHPK3PXP"}"#),
        post("names/keys/a-", r#"{"key":"JBSWY3DPEHPK3PXP"}"#),
        post("names/keys/a/b", r#"{"key":"JBSWY3DPEHPK3PXP"}"#),
        post("names/keys/a%20b", r#"{"key":"JBSWY3DPEHPK3PXP"}"#),
        list("names/keys"),
        get("names/code/up@x.y-z"),
        get("names/code/-a"),
        list("names/code"),
    ],
};
