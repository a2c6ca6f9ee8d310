//! The words of HCL 1.

use crate::cursor::Cursor;
use crate::{Error, Place};
use core::fmt;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Ident(String),
    Text(String),
    Heredoc(String),
    Number(String),
    Bool(bool),
    Assign,
    BraceOpen,
    BraceClose,
    BracketOpen,
    BracketClose,
    Comma,
    End,
}

/// Prints the kind, as error messages name it.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ident(_) => "IDENT",
            Self::Text(_) => "STRING",
            Self::Heredoc(_) => "HEREDOC",
            Self::Number(_) => "NUMBER",
            Self::Bool(_) => "BOOL",
            Self::Assign => "ASSIGN",
            Self::BraceOpen => "LBRACE",
            Self::BraceClose => "RBRACE",
            Self::BracketOpen => "LBRACK",
            Self::BracketClose => "RBRACK",
            Self::Comma => "COMMA",
            Self::End => "EOF",
        })
    }
}

/// The next word and where it begins.
pub(crate) fn token(cursor: &mut Cursor<'_>) -> Result<(Token, Place), Error> {
    skip_blanks(cursor)?;
    let place = cursor.place();
    let Some(first) = cursor.peek() else {
        return Ok((Token::End, place));
    };
    let token = match first {
        '"' => Token::Text(text(cursor)?),
        '<' => Token::Heredoc(heredoc(cursor)?),
        '-' | '0'..='9' => Token::Number(number(cursor)?),
        c if is_ident_start(c) => ident(cursor),
        _ => {
            cursor.next();
            match first {
                '=' => Token::Assign,
                '{' => Token::BraceOpen,
                '}' => Token::BraceClose,
                '[' => Token::BracketOpen,
                ']' => Token::BracketClose,
                ',' => Token::Comma,
                _ => return Err(Error::syntax(place, "illegal char")),
            }
        }
    };
    Ok((token, place))
}

fn skip_blanks(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    loop {
        cursor.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{feff}'));
        let place = cursor.place();
        if cursor.eat("#") || cursor.eat("//") {
            cursor.take_line();
        } else if cursor.eat("/*") {
            while !cursor.eat("*/") {
                cursor
                    .next()
                    .ok_or_else(|| Error::syntax(place, "comment not terminated"))?;
            }
        } else {
            return Ok(());
        }
    }
}

fn is_ident_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn ident(cursor: &mut Cursor<'_>) -> Token {
    let word = cursor.take_while(|c| is_ident_start(c) || c.is_numeric() || c == '-' || c == '.');
    match word {
        "true" => Token::Bool(true),
        "false" => Token::Bool(false),
        _ => Token::Ident(word.to_owned()),
    }
}

fn number(cursor: &mut Cursor<'_>) -> Result<String, Error> {
    let place = cursor.place();
    let word =
        cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_'));
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let hex = unsigned
        .strip_prefix("0x")
        .is_some_and(|digits| i64::from_str_radix(digits, 16).is_ok());
    let decimal = unsigned.starts_with(|c: char| c.is_ascii_digit())
        && unsigned.parse::<f64>().is_ok_and(f64::is_finite);
    if hex || decimal {
        Ok(word.to_owned())
    } else {
        Err(Error::syntax(place, format!("illegal number {word:?}")))
    }
}

/// A quoted string. Between `${` and its `}` quotes and backslashes stand for themselves.
fn text(cursor: &mut Cursor<'_>) -> Result<String, Error> {
    let start = cursor.place();
    let unended = || Error::syntax(start, "literal not terminated");
    cursor.next();
    let mut text = String::new();
    let mut braces = 0_u32;
    loop {
        let place = cursor.place();
        if cursor.eat("${") {
            braces = braces.saturating_add(1);
            text.push_str("${");
            continue;
        }
        match cursor.next().ok_or_else(unended)? {
            '"' if braces == 0 => return Ok(text),
            '\n' if braces == 0 => return Err(unended()),
            '\\' if braces == 0 => text.push(escape(cursor, place)?),
            c => {
                if braces > 0 {
                    braces = match c {
                        '{' => braces.saturating_add(1),
                        '}' => braces - 1,
                        _ => braces,
                    };
                }
                text.push(c);
            }
        }
    }
}

fn escape(cursor: &mut Cursor<'_>, place: Place) -> Result<char, Error> {
    let wrong = || Error::syntax(place, "illegal char escape");
    let code = |digits: usize, radix: u32, cursor: &mut Cursor<'_>| {
        let mut value = 0_u32;
        for _ in 0..digits {
            let digit = cursor.next().and_then(|c| c.to_digit(radix));
            value = value
                .checked_mul(radix)
                .and_then(|value| value.checked_add(digit?))
                .ok_or_else(wrong)?;
        }
        char::from_u32(value).ok_or_else(wrong)
    };
    match cursor.peek().ok_or_else(wrong)? {
        '0'..='7' => code(3, 8, cursor),
        _ => match cursor.next().ok_or_else(wrong)? {
            'a' => Ok('\u{7}'),
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\u{b}'),
            '\\' => Ok('\\'),
            '"' => Ok('"'),
            'x' => code(2, 16, cursor),
            'u' => code(4, 16, cursor),
            'U' => code(8, 16, cursor),
            _ => Err(wrong()),
        },
    }
}

/// `<<EOF … EOF`; with `<<-` the indentation that all its lines share is removed.
fn heredoc(cursor: &mut Cursor<'_>) -> Result<String, Error> {
    let start = cursor.place();
    if !cursor.eat("<<") {
        return Err(Error::syntax(start, "illegal char"));
    }
    let indented = cursor.eat("-");
    let anchor = cursor.take_line().trim_end_matches('\r');
    if anchor.is_empty() || !anchor.chars().all(|c| is_ident_start(c) || c.is_numeric()) {
        return Err(Error::syntax(start, "heredoc anchor expected"));
    }
    let mut lines = Vec::new();
    loop {
        if cursor.rest().is_empty() {
            return Err(Error::syntax(start, "heredoc not terminated"));
        }
        let ahead = cursor.rest().trim_start_matches([' ', '\t']);
        let closes = ahead
            .strip_prefix(anchor)
            .is_some_and(|after| !after.starts_with(|c: char| is_ident_start(c) || c.is_numeric()));
        if closes && (indented || ahead.len() == cursor.rest().len()) {
            cursor.take_while(|c| matches!(c, ' ' | '\t'));
            cursor.eat(anchor);
            break;
        }
        lines.push(cursor.take_line());
    }
    let margin = if indented { shared_margin(&lines) } else { 0 };
    let mut text = String::new();
    for line in lines {
        text.extend(line.chars().skip(margin));
        text.push('\n');
    }
    Ok(text)
}

fn shared_margin(lines: &[&str]) -> usize {
    let margin = |line: &&str| line.chars().take_while(|c| matches!(c, ' ' | '\t')).count();
    lines.iter().map(margin).min().unwrap_or(0)
}
