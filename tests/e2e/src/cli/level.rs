//! What a client printed, without what is bound to differ from run to run.

use super::Outcome;

/// An outcome, made comparable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Level {
    code: Option<i32>,
    output: String,
    errors: String,
}

impl Level {
    /// Makes `outcome` comparable.
    pub(super) fn of(outcome: &Outcome) -> Self {
        let level = |text: &str| {
            let mut text = text.to_owned();
            for (place, name) in &outcome.places {
                text = text.replace(place, name);
            }
            level(&text)
        };
        let output = level(&outcome.output);
        Self {
            code: outcome.code,
            output: if outcome.unordered {
                sorted(&output)
            } else {
                output
            },
            errors: message(&level(&outcome.errors)),
        }
    }

    /// Whether code and output are the same; what is said to people is left aside.
    pub(super) fn same_result(&self, other: &Self) -> bool {
        self.code == other.code
            && self.output == other.output
            && self.errors.is_empty() == other.errors.is_empty()
    }
}

impl Level {
    /// The lines in which two outcomes differ: `-` before theirs, `+` before ours.
    pub(super) fn difference(&self, ours: &Self) -> String {
        let mut text = String::new();
        for (name, one, other) in [
            (
                "code",
                self.code.unwrap_or(-1).to_string(),
                ours.code.unwrap_or(-1).to_string(),
            ),
            ("output", self.output.clone(), ours.output.clone()),
            ("errors", self.errors.clone(), ours.errors.clone()),
        ] {
            if one != other {
                text.push_str(&format!("  {name}\n"));
                between(&one, &other, &mut text);
            }
        }
        text
    }
}

/// The lines without those that both begin with, and those that both end with.
fn between(one: &str, other: &str, into: &mut String) {
    let (mut one, mut other): (Vec<&str>, Vec<&str>) =
        (one.split('\n').collect(), other.split('\n').collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    one.drain(..same);
    other.drain(..same);
    while let (Some(a), Some(b)) = (one.last(), other.last())
        && a == b
    {
        one.pop();
        other.pop();
    }
    for (sign, lines) in [('-', one), ('+', other)] {
        for line in lines.iter().take(60) {
            into.push_str(&format!("    {sign}{line}\n"));
        }
    }
}

/// A text whose lines have no order of their own.
fn sorted(text: &str) -> String {
    // The last line of a JSON object has no comma.
    let mut lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(','))
        .collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// What is said to people, without its line breaks and without what only Go says.
fn message(text: &str) -> String {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (ours, theirs) in [
        ("returned from the server:", "returned from OpenBao:"),
        ("can cause the server to", "can cause OpenBao to"),
        ("with each request to Vault.", "with each request."),
    ] {
        words = words.replace(ours, theirs);
    }
    for (begin, end) in [
        // How a conversion or a connection failed, after what failed.
        ("for flag -", ": "),
        ("invalid key/value pair \"-\"", ": "),
        ("/v1/", "\": "),
    ] {
        words = without_reason(&words, begin, end);
    }
    words
}

/// Leaves out all that follows the first `end` after `begin`.
fn without_reason(text: &str, begin: &str, end: &str) -> String {
    let at = text.find(begin).and_then(|at| {
        let rest = &text[at + begin.len()..];
        rest.find(end)
            .map(|found| at + begin.len() + found + end.len())
    });
    match at {
        Some(at) => format!("{}<reason>", &text[..at]),
        None => text.to_owned(),
    }
}

/// A line without what is bound to differ and no word alone shows.
fn level_line(line: &str) -> Option<String> {
    // Whether the client saw a move before its end is chance.
    if line.starts_with("Waiting for terminal status in migration") {
        return None;
    }
    if line.starts_with("curl ") {
        return Some(ordered_headers(line));
    }
    // Where nodes talk to each other is chosen by the server.
    if let Some((before, port)) = line.split_once("https://127.0.0.1:") {
        let rest = port.trim_start_matches(|c: char| c.is_ascii_digit());
        return Some(format!("{before}https://127.0.0.1:<port>{rest}"));
    }
    let key = line.trim_start().trim_start_matches('"');
    if let Some(value) = key
        .strip_prefix("id")
        .map(|rest| rest.trim_start_matches(['"', ':', ' ']))
        && matches!(value.trim_end_matches([',', '"']).len(), 6 | 16)
    {
        return Some(line.replace(value.trim_end_matches([',', '"']), "<id>"));
    }
    Some(line.to_owned())
}

/// The headers of a curl command have no order.
fn ordered_headers(line: &str) -> String {
    let mut parts: Vec<&str> = line.split(" -H ").collect();
    let Some(last) = parts.pop() else {
        return line.to_owned();
    };
    // Behind the last header stand the body and the address.
    let (header, rest) = match last.match_indices('"').nth(1) {
        Some((at, _)) => last.split_at(at + 1),
        None => (last, ""),
    };
    parts.push(header);
    if let Some((_, headers)) = parts.split_first_mut() {
        headers.sort_unstable();
    }
    parts.join(" -H ") + rest
}

/// Replaces ids by `x` of the same length, times by `<time>`, and our name by theirs.
fn level(text: &str) -> String {
    let text = text
        .replace("CASEMATE", "BAO")
        .replace("Casemate", "OpenBao")
        .replace("casemate", "bao");
    let text: String = text
        .split_inclusive('\n')
        .filter_map(|line| {
            let end = if line.ends_with('\n') { "\n" } else { "" };
            Some(level_line(line.trim_end_matches('\n'))? + end)
        })
        .collect();
    let mut result = String::new();
    let mut word = String::new();
    for c in text.chars() {
        if is_of_a_word(c) {
            word.push(c);
        } else {
            result.push_str(&level_word(&word));
            word.clear();
            result.push(c);
        }
    }
    result.push_str(&level_word(&word));
    let result = day_and_time(&result);
    // Times have fractions of any length, and columns follow them.
    match result.contains("<time> ") {
        true => collapse(&result),
        false => result,
    }
}

/// `2026-11-23 05:25:31.09 +0000 UTC` and `23 Nov 26 05:24 UTC`, which have spaces in them.
fn day_and_time(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let Some(at) = line.rfind(" UTC") else {
                return line.to_owned();
            };
            let start = line[..at].rfind("  ").map_or(0, |at| at + 2);
            format!("{}<time>{}", &line[..start], &line[at + 4..])
        })
        .collect();
    let mut joined = lines.join("\n");
    if text.ends_with('\n') {
        joined.push('\n');
    }
    joined
}

fn is_of_a_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '+' | '/' | '=')
}

fn level_word(word: &str) -> String {
    let bare = word.trim_end_matches(['.', ':', '/']);
    let rest = &word[bare.len()..];
    let leveled = if let Some((key, time)) = bare.split_once(':')
        && is_time(time)
    {
        format!("{key}:<time>")
    } else if is_time(bare) {
        "<time>".to_owned()
    } else if let Some((name, id)) = bare.rsplit_once(['_', '-'])
        && is_hex(id, 8)
        && !is_uuid(bare)
    {
        format!("{name}_xxxxxxxx")
    } else if bare.starts_with("hvb.") {
        // A batch token holds what it is for, and is as long as that.
        "hvb.xxxxxxxx".to_owned()
    } else if is_uuid(bare) || is_random(bare) || is_moment(bare) {
        "x".repeat(bare.len())
    } else if let Some((path, id)) = bare.rsplit_once('/')
        && (is_uuid(id) || is_random(id))
    {
        format!("{path}/{}", "x".repeat(id.len()))
    } else if let Some(seconds) = seconds(bare) {
        rounded(bare, seconds)
    } else {
        bare.to_owned()
    };
    leveled + rest
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.chars().enumerate().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

/// Tokens, accessors and keys: long, of letters of both cases.
fn is_random(text: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().filter(|b| kind(b)).count();
    // A batch token holds what it is for.
    text.starts_with("b.AAAA")
        || text.len() >= 20
            && has(u8::is_ascii_uppercase) >= 3
            && has(u8::is_ascii_lowercase) >= 3
            && !text.contains([':', '_', '-'])
        // Of one case an id may have hardly a letter: a token's, or an accessor.
        || text.strip_prefix("s.").is_some_and(|id| id.len() == 24 && is_alphanumeric(id))
        || text.len() == 24 && is_alphanumeric(text) && has(u8::is_ascii_digit) >= 1
}

fn is_alphanumeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Seconds since 1970.
fn is_moment(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit()) && text.starts_with(['1', '2'])
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.len() >= 19
        && bytes.get(4) == Some(&b'-')
        && bytes.get(10) == Some(&b'T')
        && bytes.get(13) == Some(&b':')
        && text.starts_with(|c: char| c.is_ascii_digit())
}

/// Seconds of `3599` or `59m59s`.
fn seconds(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let mut total = 0;
    let mut number = String::new();
    for c in text.chars() {
        let unit = match c {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            digit if digit.is_ascii_digit() => {
                number.push(digit);
                continue;
            }
            _ => return None,
        };
        total += number.parse::<u64>().ok()? * unit;
        number.clear();
    }
    number.is_empty().then_some(total)
}

/// A life of which some seconds have passed counts as whole.
fn rounded(text: &str, seconds: u64) -> String {
    let whole = seconds.next_multiple_of(60);
    let least = if text.ends_with('s') { 60 } else { 1000 };
    if seconds < least || whole - seconds > 20 || whole == seconds {
        return text.to_owned();
    }
    if text.parse::<u64>().is_ok() {
        return whole.to_string();
    }
    let mut result = String::new();
    for (amount, unit) in [(whole / 3600, 'h'), (whole / 60 % 60, 'm')] {
        if amount > 0 {
            result.push_str(&format!("{amount}{unit}"));
        }
    }
    result
}

fn collapse(text: &str) -> String {
    let mut result = text.to_owned();
    while result.contains("   ") {
        result = result.replace("   ", "  ");
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_times_are_made_equal() {
        let check = |text: &str, expected: &str| assert_eq!(level(text), expected);
        check(
            "id    9b6bbb49-a069-6b79-2970-f9871f36664d\n",
            "id    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
        );
        check("kv_f8dbe4ce    x", "kv_xxxxxxxx    x");
        check("\"2026-11-23T05:14:56.09Z\",", "\"<time>\",");
        check("s.Ab3dE6gH9jKlMnOpQrStUv12", "xxxxxxxxxxxxxxxxxxxxxxxxxx");
        check("ttl    767h59m59s", "ttl    768h");
        check("\"ttl\": 3598", "\"ttl\": 3600");
        check("\"ttl\": 3540", "\"ttl\": 3540");
        check("run casemate login", "run bao login");
        check("at: 23 Nov 26 05:24 UTC", "<time>");
        check("1795649000", "xxxxxxxxxx");
    }

    #[test]
    fn words_and_columns_are_not() {
        for text in [
            "Key    Value\n",
            "a-long-name-of-a-policy-x",
            "1.50",
            "12",
            "secret/data/a",
        ] {
            assert_eq!(level(text), text);
        }
    }
}
