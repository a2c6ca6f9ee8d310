//! Columns of text, four spaces apart.

/// Lays out rows in columns. An empty cell prints as `n/a`; the last column is not padded.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let cells: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| shown(cell)).collect())
        .collect();
    let mut widths: Vec<usize> = Vec::new();
    for row in &cells {
        for (at, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(at) {
                Some(widest) => *widest = (*widest).max(width),
                None => widths.push(width),
            }
        }
    }
    let lines: Vec<String> = cells.iter().map(|row| line(row, &widths)).collect();
    lines.join("\n")
}

fn shown(cell: &str) -> &str {
    match cell.trim() {
        "" => "n/a",
        text => text,
    }
}

fn line(row: &[&str], widths: &[usize]) -> String {
    let last = row.len().saturating_sub(1);
    let mut text = String::new();
    for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
        text.push_str(cell);
        if at < last {
            let gap = width - cell.chars().count() + 4;
            text.extend(std::iter::repeat_n(' ', gap));
        }
    }
    text
}

/// Rows under headings, each heading underlined.
pub(crate) fn with_headings(headings: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut all = vec![
        headings.iter().map(|text| (*text).to_owned()).collect(),
        headings
            .iter()
            .map(|text| "-".repeat(text.chars().count()))
            .collect(),
    ];
    all.extend(rows);
    columns(&all)
}

/// Pairs under `Key` and `Value`.
pub(crate) fn pairs(rows: Vec<(String, String)>) -> String {
    with_headings(
        &["Key", "Value"],
        rows.into_iter()
            .map(|(key, value)| vec![key, value])
            .collect(),
    )
}

/// A title in the middle of a line of equals signs, over something `width` wide.
pub(crate) fn title(text: &str, width: usize) -> String {
    let inner = text.chars().count() + 2;
    let side = match width.saturating_sub(inner).div_ceil(2) {
        0 => 2,
        side => side,
    };
    let bar = "=".repeat(side);
    format!("{bar} {text} {bar}")
}

/// The width over which a table of pairs is titled: its longest key, the gap, and `Value`.
pub(crate) fn pairs_width(rows: &[(String, String)]) -> usize {
    let longest = rows.iter().map(|(key, _)| key.chars().count()).max();
    longest.unwrap_or(0) + 4 + "Value".len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_line_up() {
        let rows = vec![
            ("created_time".to_owned(), "x".to_owned()),
            ("v".to_owned(), String::new()),
            ("ünï".to_owned(), " y ".to_owned()),
        ];
        assert_eq!(
            pairs(rows),
            "Key             Value\n---             -----\ncreated_time    x\nv               n/a\nünï             y"
        );
    }

    #[test]
    fn titles() {
        let check = |text: &str, width, expected: &str| assert_eq!(title(text, width), expected);
        check("Data", 1 + 9, "== Data ==");
        check("Data", 3 + 9, "=== Data ===");
        check("Data", 4 + 9, "==== Data ====");
        check("Data", 10 + 9, "======= Data =======");
        check("Metadata", 15 + 9, "======= Metadata =======");
        check("Version 1", 13 + 9, "====== Version 1 ======");
        check("Secret Path", 13, "== Secret Path ==");
        check("Metadata Path", 15, "== Metadata Path ==");
        check("Metadata Path", 16, "= Metadata Path =");
        check("Metadata Path", 17, "= Metadata Path =");
    }
}
