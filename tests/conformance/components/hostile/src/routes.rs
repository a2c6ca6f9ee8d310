//! The ways to misbehave.

use super::casemate::plugin::types::{Failure, FailureKind, LeaseTerms, Raw, Request};
use super::casemate::plugin::{entropy, http_client, log, passwords as made, storage};
use super::exports::casemate::plugin::engine::{LeasedSecret, Reply};
use core::hint::black_box;

type Handler = fn(&Request) -> Result<Reply, Failure>;

/// Pattern and handler, in the order of the manifest.
pub(super) const ROUTES: &[(&str, Handler)] = &[
    ("read", read),
    ("write", write),
    ("loops", loops),
    ("memory", memory),
    ("recursion", recursion),
    ("frames", frames),
    ("outside", outside),
    ("huge", huge),
    ("huge-keys", huge_keys),
    ("trap", trap),
    ("fails", fails),
    ("logs", logs),
    ("list", list),
    ("scan", scan),
    ("large", large),
    ("floods", floods),
    ("calls", calls),
    ("bad-json", bad_json),
    ("bad-raw", bad_raw),
    ("bad-header", bad_header),
    ("bad-kind", bad_kind),
    ("entropy", random),
    ("passwords", passwords),
    ("policies", policies),
    ("outbound", outbound),
    ("checkpoint", checkpoint),
    ("keys", keys),
    ("hoards", hoards),
    ("mails", mails),
    ("empty", |_| Ok(Reply::Empty)),
];

/// One storage read and some 300 bytes of answer: a neighbor, and what is measured.
fn read(request: &Request) -> Result<Reply, Failure> {
    let value = storage::get("data/value").map_err(internal)?;
    let length = value.unwrap_or_default().len();
    let filler = "lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor";
    Ok(Reply::Data(format!(
        r#"{{"path":"{}","input":{},"length":{length},"a":"{filler}","b":"{filler}"}}"#,
        request.path, request.input,
    )))
}

fn write(request: &Request) -> Result<Reply, Failure> {
    storage::put("data/value", request.input.as_bytes()).map_err(internal)?;
    Ok(Reply::Empty)
}

fn loops(_: &Request) -> Result<Reply, Failure> {
    loop {
        core::hint::spin_loop();
    }
}

fn memory(_: &Request) -> Result<Reply, Failure> {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Uses up the engine's stack: its frames have nothing in memory.
fn recursion(_: &Request) -> Result<Reply, Failure> {
    #[inline(never)]
    fn deeper(seed: u64) -> u64 {
        if seed == 0 {
            return 1;
        }
        // Comes to 0 after 2^64 rounds, which the compiler does not know.
        let next = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        deeper(next).rotate_left(7) ^ seed
    }
    Ok(Reply::Keys(vec![deeper(black_box(1)).to_string()]))
}

/// Uses up the component's own stack, which lies in its memory.
fn frames(_: &Request) -> Result<Reply, Failure> {
    fn deeper(depth: u64) -> u64 {
        let here = black_box([depth; 64]);
        if depth == black_box(u64::MAX) {
            return 0;
        }
        deeper(depth + 1) + here[7]
    }
    Ok(Reply::Keys(vec![deeper(0).to_string()]))
}

/// Tries each way out of its prefix; says which of them were open.
fn outside(_: &Request) -> Result<Reply, Failure> {
    let mut open = Vec::new();
    for key in [
        "secret",
        "dat",
        "../data/x",
        "data/../x",
        "/data/x",
        "data//x",
        "\u{1}data/x",
        "",
    ] {
        if storage::get(key).is_ok() {
            open.push(format!("get {key}"));
        }
        if storage::put(key, b"x").is_ok() {
            open.push(format!("put {key}"));
        }
        if storage::delete(key).is_ok() {
            open.push(format!("delete {key}"));
        }
    }
    for prefix in ["../", "other/", "data/../"] {
        if storage::list_keys(prefix, None, 10).is_ok() {
            open.push(format!("list {prefix}"));
        }
    }
    Ok(Reply::Keys(open))
}

fn huge(_: &Request) -> Result<Reply, Failure> {
    let mut text = String::with_capacity(10 << 20);
    text.push('"');
    text.extend(core::iter::repeat_n('x', 9 << 20));
    text.push('"');
    Ok(Reply::Data(text))
}

fn huge_keys(_: &Request) -> Result<Reply, Failure> {
    Ok(Reply::Keys(vec![String::new(); 1 << 20]))
}

fn trap(_: &Request) -> Result<Reply, Failure> {
    storage::put("data/half", b"written").map_err(internal)?;
    core::arch::wasm32::unreachable()
}

fn fails(_: &Request) -> Result<Reply, Failure> {
    storage::put("data/half", b"written").map_err(internal)?;
    Err(Failure {
        kind: FailureKind::Conflict,
        message: "check-and-set failed".to_owned(),
    })
}

fn logs(_: &Request) -> Result<Reply, Failure> {
    for number in 0..2_000 {
        log::emit(
            log::Level::Info,
            &format!("line {number}\nERROR forged {}", "x".repeat(5000)),
        );
    }
    Ok(Reply::Empty)
}

/// Asks for all names at once; says how many it got.
fn list(_: &Request) -> Result<Reply, Failure> {
    let page = storage::list_keys("data/many/", None, u32::MAX).map_err(internal)?;
    Ok(Reply::Keys(vec![
        page.keys.len().to_string(),
        page.next.unwrap_or_default(),
    ]))
}

/// Every key, page by page.
fn scan(_: &Request) -> Result<Reply, Failure> {
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let page = storage::scan_keys("data/", after.as_deref(), 2).map_err(internal)?;
        keys.extend(page.keys);
        after = page.next;
        if after.is_none() {
            return Ok(Reply::Keys(keys));
        }
    }
}

/// A value that is too large is refused; the component may go on.
fn large(_: &Request) -> Result<Reply, Failure> {
    match storage::put("data/large", &vec![0; 2 << 20]) {
        Err(storage::Error::TooLarge(max)) => Ok(Reply::Keys(vec![max.to_string()])),
        _ => Ok(Reply::Empty),
    }
}

fn floods(_: &Request) -> Result<Reply, Failure> {
    let value = vec![0; 1 << 20];
    for number in 0_u32.. {
        let _ = storage::put(&format!("data/flood/{number}"), &value);
    }
    Ok(Reply::Empty)
}

fn calls(_: &Request) -> Result<Reply, Failure> {
    loop {
        let _ = storage::get("data/value");
    }
}

fn bad_json(_: &Request) -> Result<Reply, Failure> {
    Ok(Reply::Data(r#"{"a": 1} <script>"#.to_owned()))
}

fn raw(status: u16, headers: Vec<(String, String)>) -> Reply {
    Reply::Raw(Raw {
        status,
        content_type: "text/plain".to_owned(),
        headers,
        body: b"hello".to_vec(),
    })
}

fn bad_raw(_: &Request) -> Result<Reply, Failure> {
    Ok(raw(100, Vec::new()))
}

fn bad_header(_: &Request) -> Result<Reply, Failure> {
    let split = ("x-a".to_owned(), "b\r\nset-cookie: c".to_owned());
    Ok(raw(200, vec![split]))
}

fn bad_kind(_: &Request) -> Result<Reply, Failure> {
    Ok(Reply::Secret(LeasedSecret {
        kind: "undeclared".to_owned(),
        data: "{}".to_owned(),
        private: "{}".to_owned(),
        terms: LeaseTerms {
            ttl_seconds: 0,
            max_ttl_seconds: 0,
            renewable: false,
        },
    }))
}

fn random(_: &Request) -> Result<Reply, Failure> {
    Ok(Reply::Keys(vec![
        entropy::random_bytes(u32::MAX).len().to_string(),
    ]))
}

fn outbound(_: &Request) -> Result<Reply, Failure> {
    match http_client::Outgoing::new("GET", "http://169.254.169.254/").send() {
        Err(http_client::Error::NotGranted(host)) => Ok(Reply::Keys(vec![host])),
        _ => Ok(Reply::Empty),
    }
}

/// A request in the making that is never done.
fn mails(_: &Request) -> Result<Reply, Failure> {
    let request = http_client::Outgoing::new("POST", "http://example.com/");
    loop {
        request.header("x-flood", &"x".repeat(1 << 16));
    }
}

fn keys(_: &Request) -> Result<Reply, Failure> {
    super::keys::use_them()
        .map(Reply::Keys)
        .map_err(|error| Failure {
            kind: FailureKind::Internal,
            message: format!("{error:?}"),
        })
}

fn hoards(_: &Request) -> Result<Reply, Failure> {
    let hoard = super::keys::hoard().map_or(0, |keys| keys.len());
    Ok(Reply::Keys(vec![hoard.to_string()]))
}

/// Ignores that a checkpoint failed.
fn checkpoint(_: &Request) -> Result<Reply, Failure> {
    storage::put("data/before", b"1").map_err(internal)?;
    let checkpoint = storage::checkpoint();
    storage::put("data/after", b"2").map_err(internal)?;
    Ok(Reply::Keys(vec![format!("{checkpoint:?}")]))
}

pub(super) fn internal(error: storage::Error) -> Failure {
    Failure {
        kind: FailureKind::Internal,
        message: format!("{error:?}"),
    }
}

/// Makes passwords for as long as it is let, also by policies that there are not.
fn passwords(_: &Request) -> Result<Reply, Failure> {
    loop {
        for name in ["known", "unmet", "unknown"] {
            let _ = black_box(made::generate(name));
        }
    }
}

/// Tries names that are more than a name; says what came of each.
fn policies(_: &Request) -> Result<Reply, Failure> {
    let long = "x".repeat(100_000);
    let names = ["known", "", "../known", "a/known", "\0", &long];
    let told = names.map(|name| match made::generate(name) {
        Ok(password) => password,
        Err(error) => format!("{error:?}"),
    });
    Ok(Reply::Keys(told.to_vec()))
}
