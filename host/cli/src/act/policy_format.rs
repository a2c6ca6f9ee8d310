//! The layout of a policy file: two spaces per brace, one space around `=`, one empty line at most.
//!
//! Works on lines and leaves strings and comments alone, so nothing is lost that a parser drops.

/// Lays a policy out anew. The text must have been parsed: braces match.
pub(super) fn format_policy(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut depth: usize = 0;
    let mut end_of_text: Option<String> = None;
    for line in text.lines() {
        if let Some(marker) = &end_of_text {
            lines.push(line.to_owned());
            if line.trim() == marker {
                end_of_text = None;
            }
            continue;
        }
        let found = Line::read(line.trim());
        if found.text.is_empty() {
            let keep = lines
                .last()
                .is_some_and(|last| !last.is_empty() && !last.ends_with(['{', '[']));
            if keep {
                lines.push(String::new());
            }
            continue;
        }
        if found.starts_with_closing && lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        let here = depth.saturating_sub(usize::from(found.starts_with_closing));
        lines.push(format!("{}{}", "  ".repeat(here), found.text));
        depth = (depth + found.opened).saturating_sub(found.closed);
        end_of_text = found.text_until;
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// A line with its spaces set right, and what it does to the depth.
#[derive(Default)]
struct Line {
    text: String,
    opened: usize,
    closed: usize,
    starts_with_closing: bool,
    /// The word that ends the text block that this line begins.
    text_until: Option<String>,
}

impl Line {
    fn read(trimmed: &str) -> Self {
        let mut line = Self {
            starts_with_closing: trimmed.starts_with(['}', ']']),
            ..Self::default()
        };
        let mut in_string = false;
        let mut escaped = false;
        for (at, c) in trimmed.char_indices() {
            let tail = trimmed.get(at..).unwrap_or_default();
            if in_string {
                line.text.push(c);
                in_string = escaped || c != '"';
                escaped = c == '\\' && !escaped;
                continue;
            }
            if c == '#' || tail.starts_with("//") || tail.starts_with("/*") {
                line.text.push_str(tail);
                break;
            }
            if let Some(marker) = tail.strip_prefix("<<") {
                line.text.push_str(tail);
                line.text_until = Some(marker.trim_start_matches('-').trim().to_owned());
                break;
            }
            line.take(c);
            in_string = c == '"';
        }
        line.text.truncate(line.text.trim_end().len());
        line
    }

    fn take(&mut self, c: char) {
        match c {
            ' ' | '\t' => {
                if !self.text.ends_with(' ') && !self.text.is_empty() {
                    self.text.push(' ');
                }
            }
            '=' => {
                self.text.truncate(self.text.trim_end().len());
                self.text.push_str(" = ");
            }
            '{' | '[' => {
                self.opened += 1;
                if c == '{' && !self.text.is_empty() && !self.text.ends_with([' ', '[', '(']) {
                    self.text.push(' ');
                }
                self.text.push(c);
            }
            '}' | ']' => {
                self.closed += 1;
                self.text.push(c);
            }
            other => self.text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let check = |text: &str, expected: &str| {
            let once = format_policy(text);
            assert_eq!(once, expected);
            assert_eq!(
                format_policy(&once),
                expected,
                "formatting again changes nothing"
            );
        };
        check(
            "path   \"a/*\" {\n# c = d{\ncapabilities=[\"read\"]\n\n\n  allowed_parameters = {\n\"a=b\"=[]\n  }\n\n\n}\n\n\n",
            "path \"a/*\" {\n  # c = d{\n  capabilities = [\"read\"]\n\n  allowed_parameters = {\n    \"a=b\" = []\n  }\n}\n",
        );
        check(
            "a{\nb=\"x  \\\" y\"   # z\n}",
            "a {\n  b = \"x  \\\" y\" # z\n}\n",
        );
        check(
            "a = <<E\n  keep   this\nE\nb=1",
            "a = <<E\n  keep   this\nE\nb = 1\n",
        );
        check(
            "path \"a\" { capabilities=[\"read\"] }",
            "path \"a\" { capabilities = [\"read\"] }\n",
        );
    }
}
