//! A position in a text that knows its line and column.

use crate::Place;

pub(crate) struct Cursor<'text> {
    rest: &'text str,
    place: Place,
}

impl<'text> Cursor<'text> {
    pub(crate) const fn new(text: &'text str) -> Self {
        Self {
            rest: text,
            place: Place { line: 1, column: 1 },
        }
    }

    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    pub(crate) const fn rest(&self) -> &'text str {
        self.rest
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(crate) fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        if next == '\n' {
            self.place.line = self.place.line.saturating_add(1);
            self.place.column = 1;
        } else {
            self.place.column = self.place.column.saturating_add(1);
        }
        Some(next)
    }

    /// Steps over `prefix` where it comes next.
    pub(crate) fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest.starts_with(prefix);
        if found {
            prefix.chars().for_each(|_| {
                self.next();
            });
        }
        found
    }

    /// What comes next as long as `wanted` holds.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'text str {
        let from = self.rest;
        while self.peek().is_some_and(&wanted) {
            self.next();
        }
        from.strip_suffix(self.rest).unwrap_or_default()
    }

    /// The rest of the line; its end is stepped over and is not part of the answer.
    pub(crate) fn take_line(&mut self) -> &'text str {
        let line = self.take_while(|c| c != '\n');
        self.next();
        line
    }
}
