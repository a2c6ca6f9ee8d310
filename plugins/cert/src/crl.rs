//! `crls`: what was revoked.

use crate::names::hex;
use crate::store;
use crate::x509::Certificate;
use crate::x509::revocation::RevocationList;
use core::time::Duration;
use sdk::{Ctx, Failure, Fields, Level, ListRange, Map, Reply, Result, invalid, json};
use serde::{Deserialize, Serialize};

/// How long a server may take to send a list.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long after an attempt to fetch a list the next one is made.
const RETRY_MS: u64 = 10 * 60 * 1000;
/// Most lists that one tick fetches.
const FETCHED_MAX: usize = 4;
/// Longest URL.
const URL_BYTES_MAX: usize = 2048;

/// What is said of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listed {
    /// Where it comes from; none where it was given.
    pub(crate) url: Option<String>,
    /// The issuer's name as it is encoded, in base64.
    pub(crate) issuer: String,
    /// When the next one comes, in seconds since the epoch.
    pub(crate) next_update: Option<i64>,
}

#[derive(Fields)]
pub(crate) struct At {
    /// Name of the list.
    #[field(path, kind = "name")]
    name: String,
}

#[derive(Fields)]
pub(crate) struct Write {
    /// Name of the list.
    #[field(path, kind = "name")]
    name: String,
    /// The list, in PEM.
    #[field(default = "")]
    crl: String,
    /// Where to fetch the list, if it is not given.
    #[field(default = "")]
    url: String,
}

fn missing(name: &str) -> Failure {
    invalid(format!("no such CRL {name}"))
}

pub(crate) fn list(ctx: &Ctx, range: ListRange) -> Result<Reply> {
    range.names(ctx, store::LISTS).map(Reply::Keys)
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let listed = store::listed(ctx, &at.name)?.ok_or_else(|| missing(&at.name))?;
    let serials = store::serials(ctx, &at.name)?;
    let serials = serials.lines().map(|serial| (decimal(serial), json!({})));
    let serials: Map = serials.collect();
    let mut answer = Map::new();
    if let Some(url) = listed.url {
        let until = listed
            .next_update
            .and_then(|seconds| u64::try_from(seconds).ok());
        let until = until.unwrap_or_default().saturating_mul(1000);
        let cdp = json!({"url": url, "valid_until": sdk::rfc3339(until)});
        answer.insert("cdp".into(), cdp);
    }
    if !serials.is_empty() {
        answer.insert("serials".into(), serials.into());
    }
    Reply::data(&answer)
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    if store::listed(ctx, &at.name)?.is_none() {
        return Err(missing(&at.name));
    }
    store::delete_listed(ctx, &at.name)?;
    Ok(Reply::Empty)
}

pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let name = new.name.to_lowercase();
    match (new.crl.as_str(), new.url.as_str()) {
        ("", "") => return Err(invalid("one of 'crl' or 'url' must be provided")),
        ("", url) => fetch(ctx, &name, url).map_err(invalid)?,
        (list, _) => keep(ctx, &name, None, list.as_bytes()).map_err(|wrong| match wrong {
            Kept::Wrong(wrong) => invalid(format!("failed to parse CRL: {wrong}")),
            Kept::Failed(failure) => failure,
        })?,
    }
    Ok(Reply::Empty)
}

/// Why a list is not kept.
enum Kept {
    Wrong(String),
    Failed(Failure),
}

impl From<Failure> for Kept {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

fn fetch(ctx: &mut Ctx, name: &str, url: &str) -> Result<(), String> {
    if url.len() > URL_BYTES_MAX {
        return Err(format!("a URL of more than {URL_BYTES_MAX} bytes"));
    }
    let answer = ctx.http("GET", url).timeout(TIMEOUT).send();
    let answer = answer.map_err(|wrong| format!("Get {url:?}: {wrong}"))?;
    if answer.status != 200 {
        let status = answer.status;
        return Err(format!(
            "unexpected response code {status} fetching CRL from {url}"
        ));
    }
    keep(ctx, name, Some(url), &answer.body).map_err(|wrong| match wrong {
        Kept::Wrong(wrong) => format!("failed to parse CRL: {wrong}"),
        Kept::Failed(failure) => failure.message,
    })
}

fn keep(ctx: &mut Ctx, name: &str, url: Option<&str>, bytes: &[u8]) -> Result<(), Kept> {
    let list = RevocationList::read(bytes).map_err(|wrong| Kept::Wrong(wrong.to_owned()))?;
    check_signature(ctx, &list)?;
    let mut serials: Vec<String> = list.serials.iter().map(|serial| hex(serial, "")).collect();
    serials.sort_unstable();
    serials.dedup();
    let mut text = serials.join("\n");
    text.push('\n');
    let listed = Listed {
        url: url.map(str::to_owned),
        issuer: sdk::to_base64(&list.issuer),
        next_update: list.next_update,
    };
    store::put_listed(
        ctx,
        name,
        &listed,
        if serials.is_empty() { "" } else { &text },
    )?;
    Ok(())
}

/// Where an authority of the list's name is trusted, it must have signed the list. Of others, such as
/// authorities below it, we know no key.
fn check_signature(ctx: &Ctx, list: &RevocationList) -> Result<(), Kept> {
    let mut is_known = false;
    for name in ctx.list(store::ENTRIES)? {
        let entry = store::entry(ctx, &name)?;
        let certificates = entry
            .and_then(|entry| entry.certificates())
            .unwrap_or_default();
        for one in certificates.iter().filter(|one| one.subject == list.issuer) {
            is_known = true;
            let signature = list.signature.as_ref();
            if signature.is_some_and(|signature| crate::login::has_signed(ctx, &one.key, signature))
            {
                return Ok(());
            }
        }
    }
    match is_known {
        true => Err(Kept::Wrong(
            "its issuer, who is trusted, has not signed it".into(),
        )),
        false => Ok(()),
    }
}

/// Is one of the certificates revoked?
pub(crate) fn is_any_revoked(ctx: &Ctx, chain: &[&Certificate]) -> Result<bool> {
    for name in ctx.list(store::LISTS)? {
        let Some(listed) = store::listed(ctx, &name)? else {
            continue;
        };
        let issued = |one: &&&Certificate| sdk::to_base64(&one.issuer) == listed.issuer;
        let of_issuer: Vec<&&Certificate> = chain.iter().filter(issued).collect();
        if of_issuer.is_empty() {
            continue;
        }
        let serials = store::serials(ctx, &name)?;
        let wanted: Vec<String> = of_issuer.iter().map(|one| hex(&one.serial, "")).collect();
        if serials
            .lines()
            .any(|serial| wanted.iter().any(|one| one == serial))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Fetches the lists whose time is over.
pub(crate) fn tick(ctx: &mut Ctx) -> Result<()> {
    let mut fetched = 0;
    for name in ctx.list(store::LISTS)? {
        let listed = store::listed(ctx, &name)?;
        let Some((url, next)) = listed.and_then(|listed| Some((listed.url?, listed.next_update?)))
        else {
            continue;
        };
        let is_over = i128::from(next) * 1000 <= i128::from(ctx.now_ms());
        let tried_at = store::tried_at_ms(ctx, &name)?;
        let is_time = tried_at.saturating_add(RETRY_MS) <= ctx.now_ms();
        if !is_over || !is_time || fetched == FETCHED_MAX {
            continue;
        }
        fetched += 1;
        store::put_tried(ctx, &name)?;
        if let Err(wrong) = fetch(ctx, &name, &url) {
            // What was revoked stays revoked.
            ctx.log(
                Level::Warn,
                &format!("the revocation list {name} is not fetched anew: {wrong}"),
            );
        }
        ctx.checkpoint()?;
    }
    Ok(())
}

/// A number in hexadecimal, in decimal: divided by ten until nothing is left.
fn decimal(hex: &str) -> String {
    let mut number: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let mut digits = Vec::new();
    while !number.is_empty() {
        let mut rest = 0;
        for digit in &mut number {
            let value = rest * 16 + *digit;
            *digit = value / 10;
            rest = value % 10;
        }
        digits.extend(char::from_digit(rest, 10));
        let zeros = number.iter().take_while(|digit| **digit == 0).count();
        number.drain(..zeros);
    }
    match digits.is_empty() {
        true => String::from("0"),
        false => digits.into_iter().rev().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        for (hex, expected) in [
            ("", "0"),
            ("00", "0"),
            ("09", "9"),
            ("ff", "255"),
            ("1234567890", "78187493520"),
            (
                "ffffffffffffffffffffffffffffffffffffffff",
                "1461501637330902918203684832716283019655932542975",
            ),
        ] {
            assert_eq!(decimal(hex), expected, "{hex}");
        }
    }
}
