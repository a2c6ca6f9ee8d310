//! Everything below a prefix, page by page, made of listings of single folders.

use barrier::{Page, View, ViewError};

/// Keys below `prefix`, without it, at any depth, in the order of their bytes: after `after`, at
/// most `limit`.
pub(super) fn below(
    view: &mut View,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Page, ViewError> {
    let mut page = Page::default();
    // Folders still to be walked, below `prefix`, the next one last; each with where to go on.
    let mut open: Vec<(String, Option<String>)> = resume(after);
    while let Some((folder, from)) = open.pop() {
        let listed = view.list(&format!("{prefix}{folder}"), from.as_deref(), limit)?;
        let mut names = listed.names.into_iter().peekable();
        while let Some(name) = names.next() {
            let path = format!("{folder}{name}");
            if name.ends_with('/') {
                if names.peek().is_some() || listed.more {
                    open.push((folder, Some(name)));
                }
                open.push((path, None));
                break;
            }
            if page.names.len() == limit {
                page.more = true;
                return Ok(page);
            }
            page.names.push(path);
            if names.peek().is_none() && listed.more {
                open.push((folder.clone(), Some(name)));
            }
        }
    }
    Ok(page)
}

/// The folders that `after` lies in, outermost first, each to be gone on with behind it.
fn resume(after: Option<&str>) -> Vec<(String, Option<String>)> {
    let Some(after) = after else {
        return vec![(String::new(), None)];
    };
    let mut open = Vec::new();
    let mut begin = 0;
    for name in after.split_inclusive('/') {
        let folder = after.get(..begin).unwrap_or_default().to_owned();
        open.push((folder, Some(name.to_owned())));
        begin += name.len();
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_in_every_folder_that_the_last_key_lies_in() {
        let some = |folder: &str, after: &str| (folder.to_owned(), Some(after.to_owned()));
        assert_eq!(
            resume(Some("a/b/c")),
            [some("", "a/"), some("a/", "b/"), some("a/b/", "c")]
        );
        assert_eq!(resume(None), [(String::new(), None)]);
    }
}
