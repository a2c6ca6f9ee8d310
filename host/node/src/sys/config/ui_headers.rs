//! `sys/config/ui/headers`: headers for answers with the user interface.

use super::{NAME_BYTES_MAX, NAMES_COUNT_MAX, VALUE_BYTES_MAX};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path, query};
use crate::refusal::from_barrier;
use barrier::Transaction;
use base::{Answer, Envelope, Refusal};
use locality::SystemKey;
use manifest::Access::Sudo;
use manifest::FieldKind::{Boolean, TextList};
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::json;
use std::collections::BTreeMap;

const HEADER: &[NativeField] = &[path("header", "Name of the header.")];
const READ: &[NativeField] = &[
    path("header", "Name of the header."),
    query("multivalue", Boolean, "Give all its values?"),
];
const WRITTEN: &[NativeField] = &[
    path("header", "Name of the header."),
    body("values", TextList, "Its values."),
    body("multivalue", Boolean, "Has it several values?"),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(List, "config/ui/headers", Sudo, Now(list), &[], "Lists the headers for the user interface."),
    on(Read, "config/ui/headers/{header}", Sudo, Now(read), READ, "Reads a header for the user interface."),
    on(Update, "config/ui/headers/{header}", Sudo, Now(write), WRITTEN, "Writes a header for the user interface."),
    on(Delete, "config/ui/headers/{header}", Sudo, Now(delete), HEADER, "Deletes a header for the user interface."),
];

type Headers = BTreeMap<String, Vec<String>>;

fn stored(tx: &mut Transaction) -> Result<Headers, Refusal> {
    let stored = tx.read_json(&SystemKey::ui_headers());
    Ok(stored.map_err(from_barrier)?.unwrap_or_default())
}

/// `Content-Type` of `content-type`, as lists show names.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first
            .into_iter()
            .chain(letters.map(|letter| letter.to_ascii_lowercase()))
            .collect()
    };
    let words: Vec<String> = name.split('-').map(word).collect();
    words.join("-")
}

fn list(ask: &mut Ask<'_>) -> Told {
    let headers = stored(ask.tx)?;
    if headers.is_empty() {
        return Err(Refusal::not_found());
    }
    let names: Vec<&String> = headers.keys().collect();
    Ok(Answer::data(&json!({ "keys": names })))
}

fn read(ask: &mut Ask<'_>) -> Told {
    let headers = stored(ask.tx)?;
    let values = headers.get(&canonical(ask.text("header")));
    let values = values.ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&match ask.flag("multivalue") {
        true => json!({ "values": values }),
        false => json!({ "value": values.first() }),
    }))
}

fn write(ask: &mut Ask<'_>) -> Told {
    let name = canonical(ask.text("header"));
    if name.starts_with("X-Vault") {
        return Err(Refusal::invalid("X-Vault headers cannot be set"));
    }
    let values = ask.texts("values").unwrap_or_default();
    if values.is_empty() {
        return Err(Refusal::invalid("header and values must be specified"));
    }
    let mut headers = stored(ask.tx)?;
    let length: usize = values.iter().map(String::len).sum();
    if name.len() > NAME_BYTES_MAX || length > VALUE_BYTES_MAX || headers.len() >= NAMES_COUNT_MAX {
        return Err(Refusal::invalid("too many headers, or too long a one"));
    }
    let mut envelope = Envelope::default();
    if name == "Content-Security-Policy" {
        let warning = "overriding default Content-Security-Policy which is secure by default, \
                       proceed with caution";
        envelope.warnings.push(warning.to_owned());
    }
    headers.insert(name, values);
    let written = ask.tx.write_json(&SystemKey::ui_headers(), &headers);
    written.map_err(from_barrier)?;
    Ok(Answer::Envelope(Box::new(envelope)))
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let mut headers = stored(ask.tx)?;
    if headers.remove(&canonical(ask.text("header"))).is_some() {
        let written = ask.tx.write_json(&SystemKey::ui_headers(), &headers);
        written.map_err(from_barrier)?;
    }
    Ok(Answer::Empty)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn names_have_one_spelling() {
        let check = |name: &str, expected: &str| assert_eq!(canonical(name), expected);
        check("content-security-POLICY", "Content-Security-Policy");
        check("x-a", "X-A");
        check("c", "C");
        check("-a-", "-A-");
    }
}
