//! Expressions of Vault's audit filters and exclusions.
//!
//! ```text
//!  any   = all ("or" all)*
//!  all   = one ("and" one)*
//!  one   = "not" one | "(" any ")" | test
//!  test  = subject ("==" | "!=" | "contains" | "not contains" | "matches" | "not matches") value
//!        | subject "is" ["not"] "empty"
//!        | value ["not"] "in" subject
//! ```
//!
//! A value is a word or stands between quotation marks or backquotes.

use regex::{Regex, RegexBuilder};

/// An expression over subjects of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Expression<S>(Term<S>);

/// What a test may look at.
pub(crate) trait Look<S> {
    fn equals(&self, subject: &S, value: &str) -> bool;
    fn contains(&self, subject: &S, value: &str) -> bool;
    fn matches(&self, subject: &S, pattern: &Regex) -> bool;
    fn is_empty(&self, subject: &S) -> bool;
}

/// Which words and quotations name subjects, and what is said where one was expected.
pub(crate) struct Subjects<S> {
    pub(crate) named: fn(&str, Spelling) -> Option<S>,
    pub(crate) expected: &'static str,
}

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Bare,
    Quoted,
}

/// What is wrong with an expression, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}")]
pub struct FilterError {
    at: usize,
    problem: &'static str,
}

#[derive(Clone, Debug)]
enum Term<S> {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Equals(S, String),
    Contains(S, String),
    Matches(S, Regex),
    Empty(S),
}

const TEXT_BYTES_MAX: usize = 4096;
const DEPTH_MAX: usize = 32;
/// Bytes that one compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 64 << 10;

impl<S> Expression<S> {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`FilterError`] for what is none, and for what is too long or too deep.
    pub(crate) fn parse(text: &str, subjects: &Subjects<S>) -> Result<Self, FilterError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(FilterError {
                at: TEXT_BYTES_MAX,
                problem: "is too long",
            });
        }
        let mut parser = Parser {
            subjects,
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

    /// Is it so?
    pub(crate) fn holds(&self, record: &dyn Look<S>) -> bool {
        self.0.holds(record)
    }
}

impl<S> Term<S> {
    fn holds(&self, record: &dyn Look<S>) -> bool {
        match self {
            Self::Any(terms) => terms.iter().any(|term| term.holds(record)),
            Self::All(terms) => terms.iter().all(|term| term.holds(record)),
            Self::Not(term) => !term.holds(record),
            Self::Equals(subject, value) => record.equals(subject, value),
            Self::Contains(subject, value) => record.contains(subject, value),
            Self::Matches(subject, pattern) => record.matches(subject, pattern),
            Self::Empty(subject) => record.is_empty(subject),
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

struct Parser<'s, S> {
    subjects: &'s Subjects<S>,
    words: Vec<(usize, Word)>,
    next: usize,
    end: usize,
}

impl<S> Parser<'_, S> {
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

    fn any(&mut self, depth: usize) -> Result<Term<S>, FilterError> {
        let mut terms = vec![self.all(depth)?];
        while self.takes("or") {
            terms.push(self.all(depth)?);
        }
        Ok(Term::Any(terms))
    }

    fn all(&mut self, depth: usize) -> Result<Term<S>, FilterError> {
        let mut terms = vec![self.one(depth)?];
        while self.takes("and") {
            terms.push(self.one(depth)?);
        }
        Ok(Term::All(terms))
    }

    fn one(&mut self, depth: usize) -> Result<Term<S>, FilterError> {
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

    fn test(&mut self) -> Result<Term<S>, FilterError> {
        let begun = self.next;
        let first = match self.take() {
            Some(Word::Bare(word)) => ((self.subjects.named)(&word, Spelling::Bare), word),
            Some(Word::Quoted(text)) => ((self.subjects.named)(&text, Spelling::Quoted), text),
            _ => {
                self.next = begun;
                return Err(self.fault("expected a test"));
            }
        };
        let is_negated = self.takes("not");
        let not = |term: Term<S>| match is_negated {
            true => Term::Not(Box::new(term)),
            false => term,
        };
        if self.takes("in") {
            let (subject, value) = (self.subject()?, first.1);
            return Ok(not(Term::Contains(subject, value)));
        }
        let Some(subject) = first.0 else {
            self.next = begun;
            return Err(self.fault(self.subjects.expected));
        };
        if self.takes("contains") {
            return Ok(not(Term::Contains(subject, self.value()?)));
        }
        if self.takes("matches") {
            return Ok(not(Term::Matches(subject, self.pattern()?)));
        }
        match self.peek() {
            Some(Word::Equal) if !is_negated => {
                self.next += 1;
                Ok(Term::Equals(subject, self.value()?))
            }
            Some(Word::Unequal) if !is_negated => {
                self.next += 1;
                Ok(Term::Not(Box::new(Term::Equals(subject, self.value()?))))
            }
            Some(Word::Bare(word)) if word == "is" && !is_negated => self.emptiness(subject),
            _ => Err(self.fault("expected an operator")),
        }
    }

    fn emptiness(&mut self, subject: S) -> Result<Term<S>, FilterError> {
        self.next += 1;
        let is_negated = self.takes("not");
        if !self.takes("empty") {
            return Err(self.fault("expected \"empty\""));
        }
        let empty = Term::Empty(subject);
        Ok(match is_negated {
            true => Term::Not(Box::new(empty)),
            false => empty,
        })
    }

    fn subject(&mut self) -> Result<S, FilterError> {
        let named = match self.peek() {
            Some(Word::Bare(word)) => (self.subjects.named)(word, Spelling::Bare),
            Some(Word::Quoted(text)) => (self.subjects.named)(text, Spelling::Quoted),
            _ => None,
        };
        let named = named.ok_or_else(|| self.fault(self.subjects.expected))?;
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
