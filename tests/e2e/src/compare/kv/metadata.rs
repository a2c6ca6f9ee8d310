//! Version 2, `metadata/`.

use super::MOUNT_V2;
use crate::compare::{Script, differences, get, patch, post, send};

const WIDE: &str = r#"{"errors":["error converting input for field \"max_versions\""]}"#;

/// Settings of one secret.
pub(super) const WRITES: Script = Script {
    name: "metadata writes",
    steps: &[
        post("sys/mounts/meta", MOUNT_V2),
        send("POST", "meta/metadata/m"),
        get("meta/metadata/m"),
        post("meta/metadata/m", r#"{"zz":1}"#),
        get("meta/metadata/m"),
        post("meta/metadata/m", r#"{"max_versions":5}"#),
        get("meta/metadata/m"),
        get("meta/data/m"),
        get("meta/subkeys/m"),
        post("meta/delete/m", r#"{"versions":[1]}"#),
        get("meta/metadata/m"),
        post("meta/metadata/m", r#"{"max_versions":"6"}"#),
        post("meta/metadata/m", r#"{"max_versions":"x"}"#),
        post("meta/metadata/m", r#"{"max_versions":-1}"#)
            .but(&differences::VERSIONS_OUT_OF_RANGE, 400, WIDE),
        get("meta/metadata/m").but(
            &differences::VERSIONS_OUT_OF_RANGE,
            200,
            r#"{"data":{"cas_required":false,"created_time":"2026-11-23T05:14:55Z","current_metadata_version":2,"current_version":0,"custom_metadata":null,"delete_version_after":"0s","max_versions":6,"metadata_cas_required":false,"oldest_version":0,"updated_time":"2026-11-23T05:14:55Z","versions":{}}}"#,
        ),
        post("meta/metadata/n", r#"{"max_versions":4294967296}"#)
            .but(&differences::VERSIONS_OUT_OF_RANGE, 400, WIDE),
        post("meta/metadata/n", r#"{"max_versions":1.5}"#),
        post("meta/metadata/n", r#"{"max_versions":99999999999999999999}"#),
        post("meta/metadata/n", r#"{"max_versions":[]}"#),
        post("meta/metadata/o", r#"{"max_versions":7}"#),
        post("meta/metadata/o", r#"{"max_versions":null}"#),
        get("meta/metadata/o"),
        post("meta/metadata/o", r#"{"max_versions":true}"#),
        get("meta/metadata/o"),
        post("meta/metadata/o", r#"{"cas_required":"true"}"#),
        get("meta/metadata/o"),
        post("meta/metadata/o", r#"{"cas_required":0}"#),
        get("meta/metadata/o"),
        post("meta/metadata/o", r#"{"cas_required":1}"#),
        post("meta/metadata/o", r#"{"cas_required":null}"#),
        get("meta/metadata/o"),
        post("meta/metadata/o", r#"{"cas_required":"T"}"#),
        post("meta/metadata/o", r#"{"cas_required":"f"}"#),
        post("meta/metadata/o", r#"{"cas_required":"x"}"#),
        post("meta/metadata/o", r#"{"cas_required":{}}"#),
        get("meta/metadata/o"),
        post("meta/metadata/d", r#"{"delete_version_after":"1h"}"#),
        get("meta/metadata/d"),
        post("meta/metadata/d", r#"{"delete_version_after":30}"#),
        get("meta/metadata/d"),
        post("meta/metadata/d", r#"{"delete_version_after":"30"}"#),
        post("meta/metadata/d", r#"{"delete_version_after":"-1s"}"#),
        post("meta/metadata/d", r#"{"delete_version_after":-5}"#),
        post("meta/metadata/d", r#"{"delete_version_after":"x"}"#),
        post("meta/metadata/d", r#"{"delete_version_after":1.5}"#),
        post("meta/metadata/d", r#"{"delete_version_after":"100000000h"}"#),
        post("meta/metadata/d", r#"{"delete_version_after":99999999999}"#),
        post("meta/metadata/d", r#"{"delete_version_after":true}"#),
        post("meta/metadata/d", r#"{"delete_version_after":[]}"#),
        get("meta/metadata/d"),
        post("meta/metadata/d", r#"{"delete_version_after":"3h25m19s"}"#),
        get("meta/metadata/d"),
        post("meta/metadata/d", r#"{"delete_version_after":"1d"}"#),
        get("meta/metadata/d"),
        post("meta/metadata/f", r#"{"delete_version_after":"1h"}"#),
        post("meta/metadata/f", r#"{"delete_version_after":null}"#),
        get("meta/metadata/f").but(
            &differences::NULL_DURATION,
            200,
            r#"{"data":{"cas_required":false,"created_time":"2026-11-23T05:14:55Z","current_metadata_version":2,"current_version":0,"custom_metadata":null,"delete_version_after":"0s","max_versions":0,"metadata_cas_required":false,"oldest_version":0,"updated_time":"2026-11-23T05:14:55Z","versions":{}}}"#,
        ),
        post("meta/metadata/d", r#"{"delete_version_after":"1.5s"}"#),
        get("meta/metadata/d"),
        post("meta/metadata/d", r#"{"delete_version_after":"500ms"}"#),
        get("meta/metadata/d"),
        post("meta/metadata/d", r#"{"delete_version_after":"90m"}"#),
        post("meta/metadata/d", r#"{"delete_version_after":""}"#),
        get("meta/metadata/d"),
        post("meta/metadata/e", r#"{"custom_metadata":{"b":"c","a":"z"},"max_versions":3,"cas_required":true,"delete_version_after":"1m"}"#),
        get("meta/metadata/e"),
        post("meta/metadata/e", r#"{"max_versions":1,"zz":2}"#),
        get("meta/metadata/e"),
        send("DELETE", "meta/metadata/e"),
        get("meta/metadata/e"),
    ],
};

/// JSON merge patch of the settings.
pub(super) const PATCHES: Script = Script {
    name: "metadata patches",
    steps: &[
        post("sys/mounts/metapatch", MOUNT_V2),
        patch("metapatch/metadata/none", r#"{"max_versions":3}"#).but(
            &differences::EMPTY_NOT_FOUND,
            404,
            r#"{"errors":[]}"#,
        ),
        patch("metapatch/metadata/none", "{}"),
        patch("metapatch/metadata/none", r#"{"zz":1}"#),
        post(
            "metapatch/metadata/p",
            r#"{"custom_metadata":{"a":"1","b":"2"},"max_versions":3}"#,
        ),
        send("PATCH", "metapatch/metadata/p")
            .headers(&[("Content-Type", "application/merge-patch+json")]),
        patch("metapatch/metadata/p", "{}"),
        get("metapatch/metadata/p"),
        patch(
            "metapatch/metadata/p",
            r#"{"custom_metadata":{"a":null,"c":"3"}}"#,
        ),
        get("metapatch/metadata/p"),
        patch("metapatch/metadata/p", r#"{"custom_metadata":null}"#),
        get("metapatch/metadata/p"),
        patch("metapatch/metadata/p", r#"{"custom_metadata":{"x":"1"}}"#),
        patch("metapatch/metadata/p", r#"{"custom_metadata":{}}"#),
        get("metapatch/metadata/p"),
        patch("metapatch/metadata/p", r#"{"custom_metadata":{"x":null}}"#),
        get("metapatch/metadata/p"),
        patch(
            "metapatch/metadata/p",
            r#"{"custom_metadata":{"x":{"y":1}}}"#,
        ),
        patch("metapatch/metadata/p", r#"{"custom_metadata":"x"}"#),
        patch("metapatch/metadata/p", r#"{"custom_metadata":{"":"1"}}"#),
        patch("metapatch/metadata/p", r#"{"max_versions":null}"#),
        get("metapatch/metadata/p"),
        patch(
            "metapatch/metadata/p",
            r#"{"max_versions":7,"cas_required":true,"delete_version_after":"1h"}"#,
        ),
        get("metapatch/metadata/p"),
        patch("metapatch/metadata/p", r#"{"max_versions":"x"}"#),
        patch("metapatch/metadata/p", r#"{"cas_required":null}"#),
        get("metapatch/metadata/p"),
        patch("metapatch/metadata/p", r#"{"delete_version_after":"x"}"#),
        patch("metapatch/metadata/p", r#"{"delete_version_after":"-1s"}"#),
        patch("metapatch/metadata/p", r#"{"zz":1}"#),
        get("metapatch/metadata/p"),
        post("metapatch/metadata/q", r#"{"custom_metadata":{"a":"1"}}"#),
        patch("metapatch/metadata/q", r#"{"custom_metadata":{"x":1}}"#).but(
            &differences::PATCHED_CUSTOM_NUMBERS,
            204,
            "",
        ),
    ],
};

/// What custom metadata may be.
pub(super) const CUSTOM: Script = Script {
    name: "custom metadata",
    steps: &[
        post("sys/mounts/custom", MOUNT_V2),
        post(
            "custom/metadata/m",
            r#"{"custom_metadata":{"z":"1","a":"2"}}"#,
        ),
        post("custom/data/m", r#"{"data":{"a":1}}"#),
        get("custom/data/m"),
        get("custom/metadata/m"),
        delete_latest(),
        get("custom/data/m"),
        post("custom/metadata/m", r#"{"custom_metadata":{"a":1}}"#),
        get("custom/metadata/m"),
        post(
            "custom/metadata/m",
            r#"{"custom_metadata":{"a":true,"b":1.50,"c":12345678901234567890,"d":false}}"#,
        ),
        get("custom/metadata/m"),
        post("custom/metadata/m", r#"{"custom_metadata":{"a":null}}"#),
        post("custom/metadata/m", r#"{"custom_metadata":{"a":{"x":1}}}"#),
        post("custom/metadata/m", r#"{"custom_metadata":{"a":[1]}}"#),
        post("custom/metadata/m", r#"{"custom_metadata":"x"}"#),
        post("custom/metadata/m", r#"{"custom_metadata":"a=b"}"#),
        post("custom/metadata/m", r#"{"custom_metadata":["a=b"]}"#),
        post("custom/metadata/m", r#"{"custom_metadata":{"":"b"}}"#),
        post("custom/metadata/m", r#"{"custom_metadata":{"a":""}}"#),
        post(
            "custom/metadata/m",
            r#"{"custom_metadata":{"a\u0001":"b"}}"#,
        ),
        post(
            "custom/metadata/m",
            r#"{"custom_metadata":{"a":"b\u0001"}}"#,
        ),
        get("custom/metadata/m"),
        post("custom/metadata/m", r#"{"custom_metadata":{"é":"ü"}}"#),
        get("custom/metadata/m"),
        post(
            "custom/metadata/m",
            r#"{"custom_metadata":{"a b":" c ","🔑":"🔑"}}"#,
        ),
        get("custom/metadata/m"),
        post("custom/metadata/m", r#"{"custom_metadata":{}}"#),
        get("custom/metadata/m"),
        post("custom/metadata/m", r#"{"custom_metadata":null}"#),
        get("custom/metadata/m"),
        post(
            "custom/metadata/l",
            r#"{"custom_metadata":{"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk":"v"}}"#,
        ),
        post(
            "custom/metadata/l",
            r#"{"custom_metadata":{"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkX":"v"}}"#,
        ),
        post(
            "custom/metadata/l",
            r#"{"custom_metadata":{"ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé":"v"}}"#,
        ),
        post("custom/metadata/l", LONG_VALUE),
        post("custom/metadata/l", TOO_LONG_VALUE),
        post("custom/metadata/l", MANY),
        post("custom/metadata/l", TOO_MANY),
        get("custom/metadata/l"),
        patch("custom/metadata/l", TOO_LONG_VALUE),
    ],
};

const fn delete_latest() -> crate::compare::Step {
    send("DELETE", "custom/data/m")
}

macro_rules! sixteen {
    ($text:literal) => {
        concat!(
            $text, $text, $text, $text, $text, $text, $text, $text, $text, $text, $text, $text,
            $text, $text, $text, $text
        )
    };
}

/// 512 bytes.
const LONG_VALUE: &str = concat!(
    r#"{"custom_metadata":{"k":""#,
    sixteen!("vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"),
    r#""}}"#
);

/// 513 bytes.
const TOO_LONG_VALUE: &str = concat!(
    r#"{"custom_metadata":{"k":""#,
    sixteen!("vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"),
    r#"X"}}"#
);

macro_rules! eight {
    ($tens:literal) => {
        concat!(
            "\"",
            $tens,
            "0\":\"v\",\"",
            $tens,
            "1\":\"v\",\"",
            $tens,
            "2\":\"v\",\"",
            $tens,
            "3\":\"v\",\"",
            $tens,
            "4\":\"v\",\"",
            $tens,
            "5\":\"v\",\"",
            $tens,
            "6\":\"v\",\"",
            $tens,
            "7\":\"v\","
        )
    };
}

macro_rules! sixty_four {
    ($last:literal) => {
        concat!(
            r#"{"custom_metadata":{"#,
            eight!("0"),
            eight!("1"),
            eight!("2"),
            eight!("3"),
            eight!("4"),
            eight!("5"),
            eight!("6"),
            "\"70\":\"v\",\"71\":\"v\",\"72\":\"v\",",
            "\"73\":\"v\",\"74\":\"v\",\"75\":\"v\",\"76\":\"v\",\"77\":\"v\"",
            $last,
            "}}"
        )
    };
}

/// 64 keys.
const MANY: &str = sixty_four!("");

/// 65 keys.
const TOO_MANY: &str = sixty_four!(",\"x\":\"v\"");

/// `metadata_cas`.
pub(super) const CHECK_AND_SET: Script = Script {
    name: "metadata check-and-set",
    steps: &[
        post("sys/mounts/metacas", MOUNT_V2),
        post(
            "metacas/metadata/new",
            r#"{"metadata_cas":3,"max_versions":1}"#,
        ),
        post(
            "metacas/metadata/new",
            r#"{"metadata_cas":-1,"max_versions":1}"#,
        ),
        post("metacas/metadata/new", r#"{"metadata_cas":0}"#),
        get("metacas/metadata/new"),
        post(
            "metacas/metadata/new",
            r#"{"metadata_cas":0,"max_versions":1}"#,
        ),
        post(
            "metacas/metadata/new",
            r#"{"metadata_cas":0,"max_versions":1}"#,
        ),
        post(
            "metacas/metadata/new",
            r#"{"metadata_cas":1,"max_versions":2}"#,
        ),
        post(
            "metacas/metadata/new",
            r#"{"metadata_cas":"2","max_versions":3}"#,
        ),
        post(
            "metacas/metadata/new",
            r#"{"metadata_cas":"x","max_versions":3}"#,
        ),
        post(
            "metacas/metadata/new",
            r#"{"metadata_cas":null,"max_versions":3}"#,
        ),
        post("metacas/metadata/new", r#"{"metadata_cas":30}"#),
        get("metacas/metadata/new"),
        post("metacas/metadata/new", r#"{"metadata_cas_required":true}"#),
        get("metacas/metadata/new"),
        post("metacas/metadata/new", r#"{"max_versions":9}"#),
        post("metacas/metadata/new", r#"{"metadata_cas_required":false}"#),
        patch("metacas/metadata/new", r#"{"max_versions":9}"#),
        patch(
            "metacas/metadata/new",
            r#"{"max_versions":9,"metadata_cas":1}"#,
        ),
        patch(
            "metacas/metadata/new",
            r#"{"max_versions":9,"metadata_cas":4}"#,
        ),
        patch("metacas/metadata/new", r#"{"metadata_cas":77}"#),
        patch("metacas/metadata/new", r#"{"metadata_cas":"x"}"#),
        get("metacas/metadata/new"),
        patch(
            "metacas/metadata/new",
            r#"{"metadata_cas_required":false,"metadata_cas":5}"#,
        ),
        get("metacas/metadata/new"),
        patch("metacas/metadata/new", r#"{"metadata_cas_required":true}"#),
        get("metacas/metadata/new"),
        patch("metacas/metadata/new", r#"{"max_versions":1}"#),
        post("metacas/data/new", r#"{"data":{"a":1}}"#),
        post("metacas/data/other", r#"{"data":{"a":1}}"#),
        post(
            "metacas/metadata/other",
            r#"{"max_versions":1,"metadata_cas":0}"#,
        ),
        get("metacas/metadata/other"),
    ],
};
