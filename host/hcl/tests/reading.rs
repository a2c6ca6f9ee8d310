//! What is read, what is refused, and where.

use hcl::{BYTES_MAX, Body, DEPTH_MAX, Entry, Error, Value, parse};

/// Prints a tree on one line: `name[labels]=value`.
fn print(body: &Body) -> String {
    let entries: Vec<String> = body.entries.iter().map(print_entry).collect();
    entries.join(" ")
}

fn print_entry(entry: &Entry) -> String {
    let labels: String = entry.labels.iter().map(|l| format!("[{l}]")).collect();
    format!("{}{labels}={}", entry.name, print_value(&entry.value))
}

fn print_value(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) => text.clone(),
        Value::Text(text) => format!("{text:?}"),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(print_value).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(body) => format!("{{{}}}", print(body)),
    }
}

#[test]
fn reads_what_users_write() {
    let check = |text: &str, expected: &str| {
        assert_eq!(
            parse(text).map(|body| print(&body)),
            Ok(expected.into()),
            "{text}"
        );
    };
    check("", "");
    check(" \n# a\n// b\n/* c \n */", "");
    check(
        "a = 1\nb = -2.5\nc = 0x1F\nd = 1e3",
        "a=1 b=-2.5 c=0x1F d=1e3",
    );
    check("a = true, b = false,", "a=true b=false");
    check(r#""path" "x" { "a" = ["b"] }"#, r#"path[x]={a=["b"]}"#);
    check(
        r#"path "x" { a = ["r", "l",] } path "x" { a = [] }"#,
        r#"path[x]={a=["r","l"]} path[x]={a=[]}"#,
    );
    check(
        "listener tcp {\n  address = \"a\" // why\n}",
        r#"listener[tcp]={address="a"}"#,
    );
    check(
        "m = { a = 1\n b = { c = [{ d = 2 }] } }",
        "m={a=1 b={c=[{d=2}]}}",
    );
    check("k \"a\" \"b\" {}", "k[a][b]={}");
    check(
        r#"a = "q\"\\\n\u00e9\U0001F600\x41\101""#,
        "a=\"q\\\"\\\\\\né😀AA\"",
    );
    check(
        r#"a = "${lookup("x")} and {{y}}""#,
        r#"a="${lookup(\"x\")} and {{y}}""#,
    );
    check("a = <<EOF\n x\ny \nEOF\nb = 1", r#"a=" x\ny \n" b=1"#);
    check("a = <<-E\n    x\n      y\n    E\n", r#"a="x\n  y\n""#);
    check("a = [<<EOF\nr\nEOF\n, \"s\"]", r#"a=["r\n","s"]"#);
    check("a = 1\r\nb = 2\r\n", "a=1 b=2");
    check("a.b-c_d = 1", "a.b-c_d=1");
    check(
        r#" {"a": {"b": [1, true, null, "A\n"]}, "a": {}} "#,
        r#"a={b=[1,true,null,"A\n"]} a={}"#,
    );
    check("{}", "");
}

#[test]
fn refuses_and_says_where() {
    let check = |text: &str, expected: &str| {
        assert_eq!(
            parse(text).map_err(|error| error.to_string()),
            Err(expected.into()),
            "{text}"
        );
    };
    check(
        "path \"x\" {",
        "At 1:11: object expected closing RBRACE got: EOF",
    );
    check(
        "a = 1\n\n}\n",
        "At 3:1: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE",
    );
    check(
        "a = [\"r\" }",
        "At 1:10: error parsing list, expected comma or list end, got: RBRACE",
    );
    check("a = 1 ;", "At 1:7: illegal char");
    check("path 'x' {}", "At 1:6: illegal char");
    check(
        "path \"x\" = {}",
        "At 1:10: nested object expected: LBRACE got: ASSIGN",
    );
    check("a = b", "At 1:5: expected a value, got: IDENT");
    check("a = \"b", "At 1:5: literal not terminated");
    check("a = \"b\nc\"", "At 1:5: literal not terminated");
    check("a = \"\\q\"", "At 1:6: illegal char escape");
    check("a = \"\\ud800\"", "At 1:6: illegal char escape");
    check("a = <<EOF\nx", "At 1:5: heredoc not terminated");
    check("a = 1z", "At 1:5: illegal number \"1z\"");
    check("\n/* a", "At 2:1: comment not terminated");
    check("{\"path\":", "At 1:9: expected a value, got EOF");
    check(
        "{\"a\":1}\n}",
        "At 2:1: expected the end of the text, got '}'",
    );
    check("{\"a\":01}", "At 1:6: expected a value, got '0'");
    check("{\"a\" 1}", "At 1:6: expected a colon, got '1'");
    check("{a:1}", "At 1:2: expected a string, got 'a'");
}

#[test]
fn bounds_size_and_depth() {
    let long = " ".repeat(BYTES_MAX + 1);
    assert_eq!(
        parse(&long),
        Err(Error::TooLong {
            bytes: BYTES_MAX + 1
        })
    );
    let nest = |open: &str, close: &str, depth: usize| {
        let text = format!("{}{}", open.repeat(depth), close.repeat(depth));
        parse(&text)
    };
    for (open, close) in [("a {", "}"), ("a = {", "}")] {
        assert!(nest(open, close, DEPTH_MAX).is_ok());
        assert!(matches!(
            nest(open, close, DEPTH_MAX + 1),
            Err(Error::TooDeep { .. })
        ));
        assert!(nest(open, close, 20_000).is_err());
    }
    let lists = |depth: usize| parse(&format!("a = {}", "[".repeat(depth)));
    assert!(matches!(lists(20_000), Err(Error::TooDeep { .. })));
    let json = |depth: usize| parse(&format!("{{\"a\":{}", "[".repeat(depth)));
    assert!(matches!(json(20_000), Err(Error::TooDeep { .. })));
}

#[test]
fn blocks_look_the_same_however_they_are_written() {
    let check = |text: &str, expected: &[&str]| {
        let body = parse(text).unwrap();
        let found: Vec<String> = body
            .blocks("path", 1)
            .unwrap()
            .iter()
            .map(|block| format!("{}:{}", block.labels.join(" "), print(block.body)))
            .collect();
        assert_eq!(found, expected, "{text}");
    };
    check("path \"x\" { a = 1 }", &["x:a=1"]);
    check("path = { x = { a = 1 } \"y\" = {} }", &["x:a=1", "y:"]);
    check("{\"path\":{\"x\":{\"a\":1},\"y\":{}}}", &["x:a=1", "y:"]);
    check(
        "{\"path\":[{\"x\":{\"a\":1}},{\"y\":{}}]}",
        &["x:a=1", "y:"],
    );
    check("{\"path\":{\"x\":[{\"a\":1},{}]}}", &["x:a=1", "x:"]);
    check("other = 1", &[]);
    for wrong in [
        "path = \"x\"",
        "path { a = 1 }",
        "path \"x\" \"y\" {}",
        "{\"path\":{\"x\":1}}",
    ] {
        let body = parse(wrong).unwrap();
        let error = body.blocks("path", 1).unwrap_err();
        assert!(matches!(error, Error::Kind { .. }), "{wrong}: {error}");
        assert_eq!(error.line(), 1);
    }
}

#[test]
fn values_say_what_they_should_have_been() {
    let body = parse("a = 1\nb = \"true\"\nc = [1]\na = \"x\"").unwrap();
    let entry = |name| body.last(name).unwrap();
    assert_eq!(entry("a").as_text(), Ok("x"));
    assert_eq!(entry("b").as_bool(), Ok(true));
    assert_eq!(entry("c").as_list().map(<[Value]>::len), Ok(1));
    assert_eq!(
        entry("c").as_scalar().unwrap_err().to_string(),
        "At 3:5: \"c\" must be a string or a number"
    );
    assert_eq!(body.all("a").count(), 2);
    assert_eq!(entry("a").place.line, 4);
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn never_panics_near_the_grammar(
        text in r#"([a-z]{1,3}|[{}\[\]=,:"\\#/*\n<-]|<<E\n|"[a-z\\$\{]{0,4}"|[0-9.x]{1,3}| ){0,30}"#,
    ) {
        let _ = parse(&text);
    }

    #[test]
    fn json_and_hcl_agree(names in proptest::collection::vec("[a-z]{1,4}", 0..4), word in "[ -~&&[^\"\\\\$]]{0,8}") {
        let hcl: String = names.iter().map(|n| format!("path \"{n}\" {{ a = [\"{word}\", 1] }}\n")).collect();
        let inner: Vec<String> = names.iter().map(|n| format!("{{\"{n}\":{{\"a\":[\"{word}\",1]}}}}")).collect();
        let json = format!("{{\"path\":[{}]}}", inner.join(","));
        let of = |text: &str| {
            let body = parse(text).unwrap();
            body.blocks("path", 1).unwrap().iter()
                .map(|b| (b.labels.join("/"), print(b.body))).collect::<Vec<_>>()
        };
        proptest::prop_assert_eq!(of(&hcl), of(&json));
    }
}
