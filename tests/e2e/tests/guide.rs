//! The Rust of the guide for authors compiles, and what it shows of tests holds.
//!
//! A fence that is a file is one here; one that is a part stands in the surroundings that [`AROUND`]
//! gives it. A part without surroundings fails: what is shown must be shown to work.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::binary;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const GUIDE: &str = include_str!("../../../docs/guides/writing-an-engine.md");

/// How the repository builds its dependencies: with the same profile, the crate finds them built.
const PROFILE: [&str; 3] = [
    "profile.dev.debug='line-tables-only'",
    "profile.dev.package.'*'.opt-level=1",
    "profile.dev.package.'*'.debug=false",
];

/// What the parts stand in: how each begins, and a module around it.
const AROUND: [(&str, &str); 10] = [
    (
        "let response = ctx\n    .http(",
        r#"use core::time::Duration;
        use sdk::prelude::*; use sdk::*;
        pub fn post(ctx: &mut Ctx, body: &[u8]) -> Result<u16> {
            let body = body.to_vec();
            @ALL@
            Ok(response.status)
        }"#,
    ),
    (
        "fn make(ctx: &mut Ctx, new: New)",
        r#"use sdk::prelude::*; use sdk::*;
        #[derive(serde::Serialize, serde::Deserialize)]
        enum Account {
            Intended,
            Made,
        }
        #[derive(Fields)]
        struct New {
            /// Of the account.
            #[field(path)]
            name: String,
        }
        fn post(_ctx: &mut Ctx, _new: &New) -> Result<()> {
            Ok(())
        }
        pub const fn engine() -> Engine {
            Engine::new("courier", "0.1.0", "Makes accounts.").update("accounts/{name}", "Makes one.", make)
        }
        @ALL@"#,
    ),
    (
        "const fn engine() -> Engine {\n    Engine::new(\"courier\"",
        r#"use sdk::prelude::*; use sdk::*;
        @ALL@
        pub const COURIER: Engine = engine();
        fn make(_ctx: &mut Ctx, _at: ()) -> Result<Reply> {
            Ok(Reply::Empty)
        }"#,
    ),
    (
        ".gives_renewable(",
        r#"use sdk::prelude::*; use sdk::*;
        pub const fn engine() -> Engine {
            Engine::new("users", "0.1.0", "Users.").keeps("users/", Replicated)
                @FIRST@
        }
        fn renew(_ctx: &mut Ctx, _lease: Lease, _increment: core::time::Duration) -> Result<Renewal> {
            Ok(TokenRules::default().renewal(core::time::Duration::ZERO))
        }
        @REST@"#,
    ),
    (
        "let password = ctx.make_password(",
        r#"use sdk::prelude::*; use sdk::*;
        pub fn password(ctx: &mut Ctx) -> Result<String> {
            @ALL@
            Ok(password)
        }"#,
    ),
    (
        "let key = ctx.make_key(",
        r#"use sdk::prelude::*; use sdk::*; use sdk::crypto::{KeyOptions, kind};
        pub fn keys(ctx: &mut Ctx) -> Result<Vec<u8>> {
            @ALL@
            Ok(sealed.into())
        }"#,
    ),
    (
        "let mount = TestMount::new(",
        r#"#[test]
        fn shown() {
            use crate::engine;
            use sdk::prelude::*; use sdk::*;
            use sdk::testing::TestMount;
            @ALL@
        }"#,
    ),
    (
        "for n in 1.. {",
        r#"#[test]
        fn shown() {
            use crate::engine;
            use sdk::prelude::*; use sdk::*;
            use sdk::testing::TestMount;
            let mount = TestMount::new(engine());
            let body = json!({ "text": "hello" });
            let before = mount.stored();
            @ALL@
        }"#,
    ),
    (
        ".login(",
        r#"use sdk::prelude::*; use sdk::*;
        pub const fn method() -> Method {
            Method::new("names", "0.1.0", "Names.")
                @ALL@
        }
        #[derive(Fields)]
        pub struct Who {
            /// The user.
            #[field(path)]
            user: String,
        }
        fn identify(_ctx: &Ctx, who: Who) -> Result<Option<String>> { Ok(Some(who.user)) }
        fn login(ctx: &mut Ctx, who: Who) -> Result<Login> {
            TokenRules::default().grant(ctx, who.user).map(Login::Grant)
        }"#,
    ),
    (
        "role.token.change(",
        r#"use sdk::prelude::*; use sdk::*;
        pub struct Role { token: TokenRules }
        #[derive(Fields)]
        pub struct New {
            /// What every method says of tokens.
            #[field(flatten)]
            token: TokenFields,
        }
        pub fn all(ctx: &Ctx, role: &mut Role, new: New, name: String, increment: core::time::Duration) -> Result<Renewal> {
            // The last line of the part says what there is; it is not the end of a function.
            let told = (|| Ok({ @ALL@ }))();
            told
        }"#,
    ),
];

/// The fences of a kind, in order.
fn fences(kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    for line in GUIDE.lines() {
        match (&mut inside, line.strip_prefix("```")) {
            (None, Some(info)) if info == kind => inside = Some(String::new()),
            (None, Some(_)) => inside = Some(String::from("\0")),
            (Some(text), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (Some(_), Some(_)) => found.extend(inside.take()),
            (None, None) => {}
        }
    }
    found.retain(|text| !text.starts_with('\0'));
    found
}

/// A module with the part in its surroundings.
fn module(number: usize, part: &str) -> String {
    let around = AROUND.iter().find(|(begin, _)| part.starts_with(begin));
    let (_, around) = around.unwrap_or_else(|| panic!("nothing around this part:\n{part}"));
    let (first, rest) = part.split_once("\n\n").unwrap_or((part, ""));
    let text = around
        .replace("@FIRST@", first)
        .replace("@REST@", rest)
        .replace("@ALL@", part);
    format!("mod part_{number} {{\n{text}\n}}\n")
}

#[test]
fn what_the_guide_shows_compiles_and_holds() {
    let fences = fences("rust");
    let (files, parts): (Vec<&String>, Vec<&String>) = fences
        .iter()
        .partition(|text| text.starts_with("use sdk::prelude"));
    assert_eq!(files.len(), 1, "one whole engine");
    assert!(parts.len() >= 5, "parts have gone");
    let mut source = files[0].clone();
    for (number, part) in parts.into_iter().enumerate() {
        source.push_str("\n#[allow(dead_code, unused_imports, reason = \"shown, not used\")]\n");
        source.push_str(&module(number, part));
    }
    let folder = made(&source);
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--offline", "--quiet"]);
    cargo.args(PROFILE.iter().flat_map(|line| ["--config", line]));
    let output = cargo
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", target())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("2 passed"), "{out}\n{err}");
}

/// A crate of the template with this source.
fn made(source: &str) -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
    if parent.exists() {
        fs::remove_dir_all(&parent).unwrap();
    }
    fs::create_dir_all(&parent).unwrap();
    let output = Command::new(binary("casemate"))
        .args(["plugin", "new", "guide-engine"])
        .current_dir(&parent)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let folder = parent.join("guide-engine");
    fs::write(folder.join("src/lib.rs"), source).unwrap();
    // The versions that are here already, so that nothing is fetched.
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).unwrap();
    folder
}

/// Where this test was built: target/debug/deps/guide-0123 -> target.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
}
