//! Which records a device is given: the expressions of Vault's audit filters.
//!
//! ```text
//!  any   = all ("or" all)*
//!  all   = one ("and" one)*
//!  one   = "not" one | "(" any ")" | test
//!  test  = property ("==" | "!=" | "contains" | "not contains" | "matches" | "not matches") value
//!        | property "is" ["not"] "empty"
//!        | value ["not"] "in" property
//! ```
//!
//! A value is a word or stands between quotation marks or backquotes. Properties are texts, so `in`
//! and `contains` look for a part of one.

use crate::RequestPart;
use regex::{Regex, RegexBuilder};

/// An expression over a request.
#[derive(Clone, Debug)]
pub struct Filter(Term);

/// What is wrong with an expression, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}")]
pub struct FilterError {
    at: usize,
    problem: &'static str,
}

/// What a test looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    MountPoint,
    MountType,
    Namespace,
    Operation,
    Path,
}

#[derive(Clone, Debug)]
enum Term {
    Any(Vec<Term>),
    All(Vec<Term>),
    Not(Box<Term>),
    Equals(Property, String),
    Contains(Property, String),
    Matches(Property, Regex),
    Empty(Property),
}

const TEXT_BYTES_MAX: usize = 4096;
const DEPTH_MAX: usize = 32;
/// Bytes that one compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 256 << 10;

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`FilterError`] for what is none, and for what is too long or too deep.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(FilterError {
                at: TEXT_BYTES_MAX,
                problem: "is too long",
            });
        }
        let mut parser = Parser {
            words: words(text)?,
            next: 0,
            end: text.len(),
        };
        let term = parser.any(0)?;
        match parser.peek() {
            None => Ok(Self(term)),
            Some(_) => Err(parser.fault("expected \"and\", \"or\" or the end")),
        }
    }

    /// Does the record of this request pass?
    pub(crate) fn passes(&self, request: &RequestPart<'_>) -> bool {
        self.0.holds(request)
    }
}

impl Property {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "mount_point" => Self::MountPoint,
            "mount_type" => Self::MountType,
            "namespace" => Self::Namespace,
            "operation" => Self::Operation,
            "path" => Self::Path,
            _ => return None,
        })
    }

    fn of<'a>(self, request: &RequestPart<'a>) -> &'a str {
        let mount = request.mount.unwrap_or_default();
        match self {
            Self::MountPoint => mount.point,
            Self::MountType => mount.kind,
            Self::Namespace => request.namespace_path,
            Self::Operation => request.operation,
            Self::Path => request.path,
        }
    }
}

impl Term {
    fn holds(&self, request: &RequestPart<'_>) -> bool {
        match self {
            Self::Any(terms) => terms.iter().any(|term| term.holds(request)),
            Self::All(terms) => terms.iter().all(|term| term.holds(request)),
            Self::Not(term) => !term.holds(request),
            // A namespace is itself with and without the slash at its end; the root has no name.
            Self::Equals(Property::Namespace, value) => {
                let value = value.trim_end_matches('/');
                let value = if value == "root" { "" } else { value };
                request.namespace_path.trim_end_matches('/') == value
            }
            Self::Equals(property, value) => property.of(request) == value,
            Self::Contains(property, value) => property.of(request).contains(value.as_str()),
            Self::Matches(property, pattern) => pattern.is_match(property.of(request)),
            Self::Empty(property) => property.of(request).is_empty(),
        }
    }
}

/// A piece of an expression, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    /// Letters that stand without quotation marks.
    Bare(String),
    Quoted(String),
    Open,
    Close,
    Equal,
    Unequal,
}

fn words(text: &str) -> Result<Vec<(usize, Word)>, FilterError> {
    let mut found = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let fault = |problem| FilterError { at, problem };
        let word = match letter {
            _ if letter.is_whitespace() => continue,
            '(' => Word::Open,
            ')' => Word::Close,
            '=' | '!' => match (letter, letters.next()) {
                ('=', Some((_, '='))) => Word::Equal,
                ('!', Some((_, '='))) => Word::Unequal,
                _ => return Err(fault("expected \"==\" or \"!=\"")),
            },
            '"' | '`' => Word::Quoted(
                quoted(letter, &mut letters).ok_or_else(|| fault("a quotation has no end"))?,
            ),
            _ => {
                let mut bare = String::from(letter);
                let is_bare = |letter: char| {
                    !letter.is_whitespace() && !matches!(letter, '(' | ')' | '=' | '!' | '"' | '`')
                };
                while let Some((_, letter)) = letters.next_if(|(_, letter)| is_bare(*letter)) {
                    bare.push(letter);
                }
                Word::Bare(bare)
            }
        };
        found.push((at, word));
    }
    Ok(found)
}

/// What stands up to the closing mark. Between quotation marks a backslash takes the next letter as it
/// is, if that is a mark or a backslash.
fn quoted(mark: char, letters: &mut impl Iterator<Item = (usize, char)>) -> Option<String> {
    let mut text = String::new();
    loop {
        let (_, letter) = letters.next()?;
        match letter {
            _ if letter == mark => return Some(text),
            '\\' if mark == '"' => match letters.next()?.1 {
                taken @ ('"' | '\\') => text.push(taken),
                other => text.extend(['\\', other]),
            },
            _ => text.push(letter),
        }
    }
}

struct Parser {
    words: Vec<(usize, Word)>,
    next: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.next).map(|(_, word)| word)
    }

    fn take(&mut self) -> Option<Word> {
        let word = self.peek().cloned();
        self.next += usize::from(word.is_some());
        word
    }

    /// Takes the next word if it is this one.
    fn takes(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Word::Bare(word)) if word == wanted);
        self.next += usize::from(found);
        found
    }

    fn fault(&self, problem: &'static str) -> FilterError {
        let at = self.words.get(self.next).map_or(self.end, |(at, _)| *at);
        FilterError { at, problem }
    }

    fn any(&mut self, depth: usize) -> Result<Term, FilterError> {
        let mut terms = vec![self.all(depth)?];
        while self.takes("or") {
            terms.push(self.all(depth)?);
        }
        Ok(Term::Any(terms))
    }

    fn all(&mut self, depth: usize) -> Result<Term, FilterError> {
        let mut terms = vec![self.one(depth)?];
        while self.takes("and") {
            terms.push(self.one(depth)?);
        }
        Ok(Term::All(terms))
    }

    fn one(&mut self, depth: usize) -> Result<Term, FilterError> {
        if depth == DEPTH_MAX {
            return Err(self.fault("is too deep"));
        }
        if self.takes("not") {
            return Ok(Term::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.peek() != Some(&Word::Open) {
            return self.test();
        }
        self.next += 1;
        let inside = self.any(depth + 1)?;
        match self.take() {
            Some(Word::Close) => Ok(inside),
            _ => Err(self.fault("expected \")\"")),
        }
    }

    fn test(&mut self) -> Result<Term, FilterError> {
        let begun = self.next;
        let first = match self.take() {
            Some(Word::Bare(word)) => (Property::named(&word), word),
            Some(Word::Quoted(text)) => (None, text),
            _ => {
                self.next = begun;
                return Err(self.fault("expected a test"));
            }
        };
        let is_negated = self.takes("not");
        let not = |term: Term| match is_negated {
            true => Term::Not(Box::new(term)),
            false => term,
        };
        if self.takes("in") {
            let (property, value) = (self.property()?, first.1);
            return Ok(not(Term::Contains(property, value)));
        }
        let Some(property) = first.0 else {
            self.next = begun;
            let problem = "expected mount_point, mount_type, namespace, operation or path";
            return Err(self.fault(problem));
        };
        if self.takes("contains") {
            return Ok(not(Term::Contains(property, self.value()?)));
        }
        if self.takes("matches") {
            return Ok(not(Term::Matches(property, self.pattern()?)));
        }
        match self.peek() {
            Some(Word::Equal) if !is_negated => {
                self.next += 1;
                Ok(Term::Equals(property, self.value()?))
            }
            Some(Word::Unequal) if !is_negated => {
                self.next += 1;
                Ok(Term::Not(Box::new(Term::Equals(property, self.value()?))))
            }
            Some(Word::Bare(word)) if word == "is" && !is_negated => self.emptiness(property),
            _ => Err(self.fault("expected an operator")),
        }
    }

    fn emptiness(&mut self, property: Property) -> Result<Term, FilterError> {
        self.next += 1;
        let is_negated = self.takes("not");
        if !self.takes("empty") {
            return Err(self.fault("expected \"empty\""));
        }
        let empty = Term::Empty(property);
        Ok(match is_negated {
            true => Term::Not(Box::new(empty)),
            false => empty,
        })
    }

    fn property(&mut self) -> Result<Property, FilterError> {
        let named = match self.peek() {
            Some(Word::Bare(word)) => Property::named(word),
            _ => None,
        };
        let problem = "expected mount_point, mount_type, namespace, operation or path";
        let named = named.ok_or_else(|| self.fault(problem))?;
        self.next += 1;
        Ok(named)
    }

    fn value(&mut self) -> Result<String, FilterError> {
        match self.peek() {
            Some(Word::Bare(text) | Word::Quoted(text)) => {
                let text = text.clone();
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.fault("expected a value")),
        }
    }

    fn pattern(&mut self) -> Result<Regex, FilterError> {
        let at = self.fault("is no regular expression, or too large a one");
        let text = self.value()?;
        let pattern = RegexBuilder::new(&text)
            .size_limit(PATTERN_BYTES_MAX)
            .build();
        pattern.map_err(|_| at)
    }
}
