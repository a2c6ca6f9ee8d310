//! `roles/{name}` and `data/{path..}`, taken apart.

/// Most parameters of one pattern.
pub const PARAMETERS_MAX: usize = 8;
/// Most segments of one pattern.
pub const SEGMENTS_MAX: usize = 16;

/// One part of a pattern between slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment<'a> {
    Literal(&'a str),
    /// `{name}`: exactly one segment, not empty.
    One(&'a str),
    /// `{name..}`: the rest of the path. Only in last place.
    Rest(&'a str),
}

/// Takes a pattern apart; `Err` says what is wrong with it.
pub(crate) fn parse(pattern: &str) -> Result<Vec<Segment<'_>>, &'static str> {
    if pattern.is_empty() {
        return Ok(Vec::new());
    }
    let mut segments = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        if matches!(segments.last(), Some(Segment::Rest(_))) {
            return Err("nothing can follow the rest of the path");
        }
        let segment = segment(part)?;
        if let Segment::One(name) | Segment::Rest(name) = segment {
            if names.contains(&name) {
                return Err("a parameter stands twice");
            }
            names.push(name);
        }
        segments.push(segment);
    }
    match (segments.len(), names.len()) {
        (0..=SEGMENTS_MAX, 0..=PARAMETERS_MAX) => Ok(segments),
        (0..=SEGMENTS_MAX, _) => Err("too many parameters"),
        _ => Err("too many segments"),
    }
}

fn segment(part: &str) -> Result<Segment<'_>, &'static str> {
    let Some(inner) = part.strip_prefix('{') else {
        return match part {
            "" => Err("a segment is empty"),
            "." | ".." => Err("a segment is relative"),
            _ if part.contains(['{', '}']) => Err("a brace stands inside a segment"),
            _ if part.chars().any(char::is_control) => Err("a segment has a control character"),
            _ => Ok(Segment::Literal(part)),
        };
    };
    let inner = inner.strip_suffix('}').ok_or("a brace is not closed")?;
    let (name, segment) = match inner.strip_suffix("..") {
        Some(name) => (name, Segment::Rest(name)),
        None => (inner, Segment::One(inner)),
    };
    match is_field_name(name) {
        true => Ok(segment),
        false => Err("a parameter's name is not one"),
    }
}

/// Letters, digits, `_` and `-`, up to 64 bytes.
pub(crate) fn is_field_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Names of the parameters, in the order in which they stand.
pub(crate) fn parameter_names<'a>(segments: &[Segment<'a>]) -> Vec<&'a str> {
    let name = |segment: &Segment<'a>| match segment {
        Segment::Literal(_) => None,
        Segment::One(name) | Segment::Rest(name) => Some(*name),
    };
    segments.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let check = |pattern: &str, expected: Result<&[Segment<'_>], &str>| {
            assert_eq!(parse(pattern).as_deref(), expected.as_deref(), "{pattern}");
        };
        use Segment::{Literal, One, Rest};
        check("", Ok(&[]));
        check("config", Ok(&[Literal("config")]));
        check(
            "role/{name}/id",
            Ok(&[Literal("role"), One("name"), Literal("id")]),
        );
        check("data/{path..}", Ok(&[Literal("data"), Rest("path")]));
        check("{path..}", Ok(&[Rest("path")]));
        check("a//b", Err("a segment is empty"));
        check("roles/", Err("a segment is empty"));
        check("/a", Err("a segment is empty"));
        check("a/..", Err("a segment is relative"));
        check("{path..}/x", Err("nothing can follow the rest of the path"));
        check("{a}/{a}", Err("a parameter stands twice"));
        check("{a", Err("a brace is not closed"));
        check("x{a}", Err("a brace stands inside a segment"));
        check("{}", Err("a parameter's name is not one"));
        check("{a b}", Err("a parameter's name is not one"));
        check("{..}", Err("a parameter's name is not one"));
        check(
            "a/".repeat(17).trim_end_matches('/'),
            Err("too many segments"),
        );
        check(
            "{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}",
            Err("too many parameters"),
        );
    }
}
