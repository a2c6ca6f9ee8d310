//! Names below a folder, from one or two storage prefixes.

use sdk::{Ctx, Reply, Result, json};
use std::collections::BTreeSet;

/// `folder` with a slash at its end, or empty for the mount.
fn folder_key(prefix: &str, folder: &str) -> String {
    match folder.trim_end_matches('/') {
        "" => prefix.to_owned(),
        folder => format!("{prefix}{folder}/"),
    }
}

/// Direct children behind `after`, sorted, at most `limit`; all for 0.
pub(crate) fn children(
    ctx: &Ctx,
    prefixes: &[&str],
    folder: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<String>> {
    let most = match limit {
        0 => usize::MAX,
        limit => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let mut names = BTreeSet::new();
    for prefix in prefixes {
        let key = folder_key(prefix, folder);
        let mut from = Some(after.to_owned()).filter(|after| !after.is_empty());
        let mut count = 0_usize;
        loop {
            let page = ctx.list_page(&key, from.as_deref(), limit)?;
            count += page.keys.len();
            names.extend(page.keys);
            from = page.next;
            if from.is_none() || count >= most {
                break;
            }
        }
    }
    Ok(names.into_iter().take(most).collect())
}

/// Everything below: at each level the secrets first and then, last one first, the folders.
pub(crate) fn descendants(ctx: &Ctx, prefixes: &[&str], folder: &str) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for prefix in prefixes {
        let key = folder_key(prefix, folder);
        let mut from = None;
        loop {
            let page = ctx.scan_page(&key, from.as_deref(), 0)?;
            names.extend(page.keys);
            from = page.next;
            if from.is_none() {
                break;
            }
        }
    }
    let sorted: Vec<String> = names.into_iter().collect();
    let mut ordered = Vec::with_capacity(sorted.len());
    let mut folders = vec![(0, sorted.as_slice())];
    while let Some((depth, names)) = folders.pop() {
        walk(depth, names, &mut ordered, &mut folders);
    }
    Ok(ordered)
}

/// Takes the names of one folder: `depth` bytes of each are the folder's own path.
fn walk<'n>(
    depth: usize,
    names: &'n [String],
    ordered: &mut Vec<String>,
    folders: &mut Vec<(usize, &'n [String])>,
) {
    let in_one_folder = |left: &String, right: &String| {
        let end = folder_end(left, depth);
        end.is_some_and(|end| left.get(..end) == right.get(..end))
    };
    for group in names.chunk_by(in_one_folder) {
        match group.first().and_then(|name| folder_end(name, depth)) {
            Some(end) => folders.push((end, group)),
            None => ordered.extend_from_slice(group),
        }
    }
}

/// Behind the first slash that comes after `depth` bytes.
fn folder_end(name: &str, depth: usize) -> Option<usize> {
    let slash = name.get(depth..)?.find('/')?;
    Some(depth + slash + 1)
}

/// What a scan answers. Where nothing is there Vault's clients get an object without keys.
pub(crate) fn scanned(keys: &[String]) -> Result<Reply> {
    match keys {
        [] => Reply::data(&json!({})),
        keys => Reply::data(&json!({ "keys": keys })),
    }
}
