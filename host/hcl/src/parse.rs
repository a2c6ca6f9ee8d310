//! The grammar of HCL 1.

use crate::cursor::Cursor;
use crate::lexer::{Token, token};
use crate::{BYTES_MAX, Body, DEPTH_MAX, Entry, Error, Place, Value, json};

/// Reads a text: JSON where it begins with `{`, else HCL.
///
/// # Errors
/// [`Error`] for what is too long, too deep, or neither; it knows the line.
pub fn parse(text: &str) -> Result<Body, Error> {
    if text.len() > BYTES_MAX {
        return Err(Error::TooLong { bytes: text.len() });
    }
    if text.trim_start().starts_with('{') {
        return json::parse(text);
    }
    let mut parser = Parser::new(text)?;
    let body = parser.entries(0)?;
    match parser.token {
        Token::End => Ok(body),
        _ => Err(parser.unexpected("expected: IDENT | STRING | ASSIGN | LBRACE got:")),
    }
}

/// One word ahead of the text.
struct Parser<'text> {
    cursor: Cursor<'text>,
    token: Token,
    place: Place,
}

impl<'text> Parser<'text> {
    fn new(text: &'text str) -> Result<Self, Error> {
        let mut cursor = Cursor::new(text);
        let (token, place) = token(&mut cursor)?;
        Ok(Self {
            cursor,
            token,
            place,
        })
    }

    /// Takes the word and looks at the next one.
    fn advance(&mut self) -> Result<Token, Error> {
        let (next, place) = token(&mut self.cursor)?;
        self.place = place;
        Ok(core::mem::replace(&mut self.token, next))
    }

    fn unexpected(&self, what: &str) -> Error {
        Error::syntax(self.place, format!("{what} {}", self.token))
    }

    /// Entries until something else comes; a comma may follow each.
    fn entries(&mut self, depth: usize) -> Result<Body, Error> {
        let mut entries = Vec::new();
        while matches!(self.token, Token::Ident(_) | Token::Text(_)) {
            entries.push(self.entry(depth)?);
            if self.token == Token::Comma {
                self.advance()?;
            }
        }
        Ok(Body { entries })
    }

    fn entry(&mut self, depth: usize) -> Result<Entry, Error> {
        let place = self.place;
        let mut names = Vec::new();
        while let Token::Ident(name) | Token::Text(name) = &self.token {
            names.push(name.clone());
            self.advance()?;
        }
        match self.token {
            Token::Assign if names.len() > 1 => {
                return Err(self.unexpected("nested object expected: LBRACE got:"));
            }
            Token::Assign => {
                self.advance()?;
            }
            Token::BraceOpen => {}
            _ => return Err(self.unexpected("expected: IDENT | STRING | ASSIGN | LBRACE got:")),
        }
        let value_place = self.place;
        let value = self.value(depth)?;
        let mut names = names.into_iter();
        Ok(Entry {
            name: names.next().unwrap_or_default(),
            labels: names.collect(),
            value,
            place,
            value_place,
        })
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        if depth >= DEPTH_MAX {
            return Err(Error::TooDeep { place: self.place });
        }
        match self.token {
            Token::BraceOpen => self.object(depth).map(Value::Object),
            Token::BracketOpen => self.list(depth).map(Value::List),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Result<Value, Error> {
        let wrong = self.unexpected("expected a value, got:");
        match self.advance()? {
            Token::Text(text) | Token::Heredoc(text) => Ok(Value::Text(text)),
            Token::Number(number) => Ok(Value::Number(number)),
            Token::Bool(value) => Ok(Value::Bool(value)),
            _ => Err(wrong),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Body, Error> {
        self.advance()?;
        let body = self.entries(depth + 1)?;
        if self.token != Token::BraceClose {
            return Err(self.unexpected("object expected closing RBRACE got:"));
        }
        self.advance()?;
        Ok(body)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value>, Error> {
        self.advance()?;
        let mut items = Vec::new();
        while self.token != Token::BracketClose {
            items.push(self.value(depth + 1)?);
            match self.token {
                Token::Comma => {
                    self.advance()?;
                }
                Token::BracketClose => {}
                _ => {
                    let what = "error parsing list, expected comma or list end, got:";
                    return Err(self.unexpected(what));
                }
            }
        }
        self.advance()?;
        Ok(items)
    }
}
