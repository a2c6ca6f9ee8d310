//! Pages that can be read: headings, and links that lead somewhere.

use std::path::{Component, Path, PathBuf};
use tidy::{File, assert_none, files, root};

fn pages() -> Vec<File> {
    let mut files = files();
    files.retain(|file| file.is("md"));
    files
}

/// The lines of a page that are not code.
fn prose(page: &File) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for (number, line) in page.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push((number, line));
        }
    }
    lines
}

#[test]
fn every_page_has_one_title() {
    let mut findings = Vec::new();
    for page in pages() {
        let prose = prose(&page);
        let titles = prose
            .iter()
            .filter(|(_, line)| line.starts_with("# "))
            .count();
        if titles != 1
            || !prose
                .first()
                .is_some_and(|(_, line)| line.starts_with("# "))
        {
            findings.push(page.path);
        }
    }
    assert_none("pages that do not begin with their one title", &findings);
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let mut findings = Vec::new();
    for page in &pages {
        for (number, line) in prose(page) {
            for link in links(line) {
                if !leads_somewhere(&pages, page, link) {
                    findings.push(format!("{}:{number}: {link}", page.path));
                }
            }
        }
    }
    assert_none("dead links", &findings);
}

/// The targets of `[text](target)` in a line, outside of code.
fn links(line: &str) -> Vec<&str> {
    let outside_code = line.split('`').step_by(2);
    outside_code
        .flat_map(|part| part.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
        .collect()
}

fn leads_somewhere(pages: &[File], page: &File, link: &str) -> bool {
    if link.contains("://") || link.starts_with("mailto:") {
        return true;
    }
    let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = if target.is_empty() {
        PathBuf::from(&page.path)
    } else {
        let folder = Path::new(&page.path)
            .parent()
            .unwrap_or_else(|| Path::new(""));
        plain(&folder.join(target))
    };
    if !root().join(&path).exists() {
        return false;
    }
    let target_page = pages.iter().find(|page| Path::new(&page.path) == path);
    anchor.is_empty()
        || target_page.is_none_or(|page| {
            let mut headings = prose(page)
                .into_iter()
                .filter(|(_, line)| line.starts_with('#'));
            headings.any(|(_, heading)| slug(heading) == anchor)
        })
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::Normal(name) => plain.push(name),
            _ => {}
        }
    }
    plain
}

/// The anchor of a heading.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn links_are_found() {
    assert_eq!(
        links("see [a](b.md) and `[c](d)`, [e](f#g)"),
        ["b.md", "f#g"]
    );
    assert_eq!(slug("## What it is, and why"), "what-it-is-and-why");
}
