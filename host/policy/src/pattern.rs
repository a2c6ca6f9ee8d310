//! Patterns of paths, and which of two counts for more.

use core::cmp::Ordering;

/// A pattern with whole `+` segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segments {
    segments: Vec<Segment>,
    /// Whether the last segment and all below it may go on as they like.
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Any,
    Literal(String),
}

impl Segments {
    /// Whether `path` is covered. A `+` stands for one segment, also an empty one.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let mut rest = Some(path);
        let last = self.segments.len().saturating_sub(1);
        for (index, segment) in self.segments.iter().enumerate() {
            let Some(here) = rest else { return false };
            if let (true, true, Segment::Literal(start)) = (self.open, index == last, segment) {
                return here.starts_with(start.as_str());
            }
            let (first, below) = match here.split_once('/') {
                Some((first, below)) => (first, Some(below)),
                None => (here, None),
            };
            if let Segment::Literal(literal) = segment
                && literal != first
            {
                return false;
            }
            rest = below;
        }
        rest.is_none()
    }

    /// Whether some path that begins with `folder`, which ends in `/`, may be covered.
    pub(crate) fn reaches(&self, folder: &str) -> bool {
        let last = self.segments.len().saturating_sub(1);
        let mut segments = self.segments.iter().enumerate();
        for here in folder.split_terminator('/') {
            match segments.next() {
                None => return false,
                Some((_, Segment::Any)) => {}
                Some((index, Segment::Literal(start))) if self.open && index == last => {
                    return here.starts_with(start.as_str());
                }
                Some((_, Segment::Literal(literal))) if literal != here => return false,
                Some(_) => {}
            }
        }
        segments.next().is_some()
    }
}

/// What kind of pattern a path of a rule is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Just this path.
    Exact(String),
    /// Every path that begins so.
    Prefix(String),
    /// With `+` segments.
    Segments(Segments),
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Self {
        let (stem, open) = match text.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (text, false),
        };
        if text.split('/').any(|segment| segment == "+") {
            let segments = stem.split('/').map(|segment| match segment {
                "+" => Segment::Any,
                literal => Segment::Literal(literal.to_owned()),
            });
            return Self::Segments(Segments {
                segments: segments.collect(),
                open,
            });
        }
        if open {
            Self::Prefix(stem.to_owned())
        } else {
            Self::Exact(text.to_owned())
        }
    }
}

/// How much a pattern with a wildcard counts. Greater counts for more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rank {
    first_wildcard: usize,
    open: bool,
    plus_count: usize,
    text: String,
}

impl Rank {
    pub(crate) fn of(text: &str) -> Self {
        let mut first_wildcard = text.len();
        let mut plus_count = 0;
        let mut at = 0;
        for segment in text.split('/') {
            if segment == "+" {
                plus_count += 1;
                first_wildcard = first_wildcard.min(at);
            }
            at += segment.len() + 1;
        }
        let open = text.ends_with('*');
        if open {
            first_wildcard = first_wildcard.min(text.len().saturating_sub(1));
        }
        Self {
            first_wildcard,
            open,
            plus_count,
            text: text.to_owned(),
        }
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        self.first_wildcard
            .cmp(&other.first_wildcard)
            .then(other.open.cmp(&self.open))
            .then(other.plus_count.cmp(&self.plus_count))
            .then(self.text.len().cmp(&other.text.len()))
            .then(self.text.cmp(&other.text))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
