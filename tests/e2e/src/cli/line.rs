//! One command line of a comparison, and how tables of them are written.

use super::Difference;

/// Command lines that build on one another.
pub struct Script {
    /// What it is about, in a word or two.
    pub name: &'static str,
    /// In order.
    pub lines: &'static [Line],
}

/// One command line.
#[derive(Clone, Copy)]
pub struct Line {
    /// The words after the program's name, as a shell would split them; `{NAME}` stands for what
    /// was kept under that name, `{form}` for the form of the run.
    pub words: &'static str,
    /// What comes on standard input.
    pub input: &'static str,
    /// The fields to ask for with `-field`, a run for each.
    pub fields: &'static [&'static str],
    /// The formats to run in.
    pub formats: &'static [&'static str],
    /// Environment variables beside the usual ones; an empty value removes one.
    pub environment: &'static [(&'static str, &'static str)],
    /// The name under which to keep what it prints.
    pub keeps: Option<&'static str>,
    /// Why the clients differ here.
    pub differs: Option<&'static Difference>,
    /// Whether the lines of the output come in any order.
    pub unordered: bool,
    /// Whether what is printed for people on the error output is compared too.
    pub messages_compared: bool,
}

const FORMATS: &[&str] = &["table", "json", "yaml"];

/// A command line that is run in every format.
pub const fn line(words: &'static str) -> Line {
    Line {
        words,
        input: "",
        fields: &[],
        formats: FORMATS,
        environment: &[],
        keeps: None,
        differs: None,
        unordered: false,
        messages_compared: true,
    }
}

/// A command line that is run once, whose output is kept.
pub const fn keep(name: &'static str, words: &'static str) -> Line {
    let mut line = line(words).once();
    line.keeps = Some(name);
    line
}

impl Line {
    /// With this on standard input.
    #[must_use]
    pub const fn input(mut self, text: &'static str) -> Self {
        self.input = text;
        self
    }

    /// Also with `-field` for each of these.
    #[must_use]
    pub const fn fields(mut self, names: &'static [&'static str]) -> Self {
        self.fields = names;
        self
    }

    /// As a table only.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.formats = &["table"];
        self
    }

    /// In these formats only.
    #[must_use]
    pub const fn formats(mut self, formats: &'static [&'static str]) -> Self {
        self.formats = formats;
        self
    }

    /// With these variables; an empty value removes one.
    #[must_use]
    pub const fn with(mut self, environment: &'static [(&'static str, &'static str)]) -> Self {
        self.environment = environment;
        self
    }

    /// The clients differ here, and are meant to.
    #[must_use]
    pub const fn differs(mut self, difference: &'static Difference) -> Self {
        self.differs = Some(difference);
        self
    }

    /// The lines of the output come in any order.
    #[must_use]
    pub const fn unordered(mut self) -> Self {
        self.unordered = true;
        self
    }

    /// The clients say the same in other words, on the error output only.
    #[must_use]
    pub const fn in_other_words(mut self) -> Self {
        self.messages_compared = false;
        self
    }
}
