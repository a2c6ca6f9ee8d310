//! Warnings of the server, wrapped for a terminal.

const WIDTH: usize = 78;

/// The warnings as one block.
pub(crate) fn block(warnings: &[String]) -> String {
    let mut text = String::from("WARNING! The following warnings were returned from the server:\n");
    for warning in warnings {
        text.push('\n');
        text.push_str(&wrap(&format!("  * {warning}")));
        text.push('\n');
    }
    text
}

/// Breaks a paragraph into lines; those after the first are indented.
fn wrap(paragraph: &str) -> String {
    let mut lines = Vec::new();
    let mut line = String::from(" ");
    for word in paragraph.split_whitespace() {
        let fits = line.chars().count() + 1 + word.chars().count() <= WIDTH;
        if !fits && !line.trim().is_empty() {
            lines.push(std::mem::replace(&mut line, String::from(" ")));
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_ones_are_broken() {
        let warning = "Invalid path for a versioned K/V secrets engine. See the API docs for the \
                       appropriate API endpoints to use. If using the OpenBao CLI, use 'bao kv get' \
                       for this operation.";
        assert_eq!(
            wrap(&format!("  * {warning}")),
            "  * Invalid path for a versioned K/V secrets engine. See the API docs for the\n  \
             appropriate API endpoints to use. If using the OpenBao CLI, use 'bao kv get'\n  \
             for this operation."
        );
    }
}
