//! The matcher against a table, and against one that is too simple to be wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail as tests do"
)]

use manifest::{
    Access, Condition, Limits, Manifest, ManifestError, Map, Matcher, NoMatch, Operation,
    Placement, Route,
};
use proptest::prelude::*;

fn route(operation: Operation, pattern: &str) -> Route {
    Route {
        pattern: pattern.into(),
        operation,
        access: Access::Token,
        placement: Placement::AnyNode,
        when: None,
        fields: vec![],
        answers: vec![],
        checks_existence: false,
        raw_body: false,
        deprecated: false,
        summary: "Does.".into(),
        description: String::new(),
    }
}

fn manifest(routes: Vec<Route>) -> Manifest {
    Manifest {
        name: "kv".into(),
        version: "1.0.0".into(),
        summary: "Keeps.".into(),
        routes,
        storage: vec![],
        secret_kinds: vec![],
        outbound: vec![],
        starts: false,
        ticks: false,
        annotations: Map::new(),
    }
}

#[test]
fn table() {
    use Operation::{Delete, List, Patch, Read, Update};
    let routes = [
        (Read, "config"),
        (Read, "role/{name}"),
        (Update, "role/{name}"),
        (Update, "role/config"),
        (List, "role"),
        (Read, "role/{name}/id"),
        (Read, "data/{path..}"),
        (List, "metadata/{path..}"),
        (Read, "metadata/{path..}"),
        (Patch, "role/{name}/{rest..}"),
    ];
    let manifest = manifest(routes.map(|(op, pattern)| route(op, pattern)).to_vec());
    let matcher = Matcher::new(&manifest, |_| None).unwrap();
    type Expected<'a> = Result<(usize, &'a [(&'a str, &'a str)]), NoMatch>;
    let check = |operation, path: &str, expected: Expected<'_>| {
        let found = matcher.find(operation, path);
        let found = found.map(|found| (found.route, found.parameters.iter().collect::<Vec<_>>()));
        assert_eq!(
            found,
            expected.map(|(route, p)| (route, p.to_vec())),
            "{operation:?} {path}"
        );
    };
    check(Read, "config", Ok((0, &[])));
    check(Read, "config/", Err(NoMatch::Path));
    check(Delete, "config", Err(NoMatch::Operation));
    check(Read, "role/a", Ok((1, &[("name", "a")])));
    check(Update, "role/a", Ok((2, &[("name", "a")])));
    check(Update, "role/config", Ok((3, &[])));
    check(Read, "role/config", Err(NoMatch::Operation));
    check(Read, "role/", Err(NoMatch::Operation));
    check(Read, "role", Err(NoMatch::Operation));
    check(List, "role/", Ok((4, &[])));
    check(List, "role", Ok((4, &[])));
    check(List, "role/a/", Err(NoMatch::Operation));
    check(Read, "role/config/id", Ok((5, &[("name", "config")])));
    check(Read, "role/a/id/", Err(NoMatch::Operation));
    check(
        Patch,
        "role/a/id/",
        Ok((9, &[("name", "a"), ("rest", "id/")])),
    );
    check(Read, "data/a/b", Ok((6, &[("path", "a/b")])));
    check(Read, "data/", Ok((6, &[("path", "")])));
    check(Read, "data", Err(NoMatch::Path));
    check(List, "metadata/", Ok((7, &[("path", "")])));
    check(List, "metadata/a/", Ok((7, &[("path", "a/")])));
    check(Read, "metadata/a/", Ok((8, &[("path", "a/")])));
    check(Read, "", Err(NoMatch::Path));
    check(Read, "nothing", Err(NoMatch::Path));
}

#[test]
fn the_rest_of_a_mount_may_be_nothing() {
    let routes = [Operation::Read, Operation::List].map(|op| route(op, "{path..}"));
    let manifest = manifest(routes.to_vec());
    let matcher = Matcher::new(&manifest, |_| None).unwrap();
    let path = |operation, path| {
        let found = matcher.find(operation, path).unwrap();
        found.parameters.value("path").unwrap()
    };
    assert_eq!(path(Operation::Read, ""), "");
    assert_eq!(path(Operation::List, ""), "");
    assert_eq!(path(Operation::List, "a/b/"), "a/b/");
}

#[test]
fn what_a_route_is_depends_on_the_mounts_options() {
    let only_in = |values: &[&str], pattern| Route {
        when: Some(Condition {
            name: "version".into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }),
        ..route(Operation::Read, pattern)
    };
    let routes = vec![
        only_in(&["", "1"], "{path..}"),
        only_in(&["2"], "data/{path..}"),
        only_in(&["2"], "{other..}"),
    ];
    let manifest = manifest(routes);
    assert_eq!(manifest.check_variants_only(), Ok(()));
    let find = |version: Option<&'static str>| {
        let matcher = Matcher::new(&manifest, |_| version).unwrap();
        matcher
            .find(Operation::Read, "data/a")
            .map(|found| found.route)
    };
    assert_eq!(find(None), Ok(0));
    assert_eq!(find(Some("1")), Ok(0));
    assert_eq!(find(Some("2")), Ok(1));
    assert_eq!(find(Some("3")), Err(NoMatch::Path));
}

/// The fields are of no interest here, so the parameters have none.
trait VariantsOnly {
    fn check_variants_only(&self) -> Result<(), ManifestError>;
}

impl VariantsOnly for Manifest {
    fn check_variants_only(&self) -> Result<(), ManifestError> {
        match self.check(&Limits::default()) {
            Err(ManifestError::Field(_, _, "stands in the pattern, but is no field")) => {
                Matcher::new(self, |_| None).map(drop)
            }
            other => other,
        }
    }
}

#[test]
fn what_would_have_two_meanings_is_refused() {
    let refused =
        |first: Route, second: Route| Matcher::new(&manifest(vec![first, second]), |_| None).err();
    let read = |pattern: &str| route(Operation::Read, pattern);
    assert_eq!(
        refused(read("{a}/x"), route(Operation::Update, "{b}/x")),
        Some(ManifestError::Ambiguous("{b}/x".into()))
    );
    assert_eq!(
        refused(read("{a}/x"), read("{a}/x")),
        Some(ManifestError::RouteTwice("{a}/x".into(), Operation::Read))
    );
    assert_eq!(refused(read("{a}/x"), read("{b}/y")), None);
    assert_eq!(refused(read("{a}"), read("{a..}")), None);
}

/// Ranks every pattern segment by segment: 3 literal, 2 one, 1 rest.
fn naive(
    patterns: &[(Operation, String)],
    operation: Operation,
    path: &str,
) -> Result<usize, NoMatch> {
    let best = |is_folder: bool| {
        let of_kind = patterns
            .iter()
            .filter(|(op, _)| op.is_of_folder() == is_folder);
        of_kind
            .filter_map(|(_, pattern)| Some((rank(pattern, path, is_folder)?, pattern)))
            .max()
            .map(|(_, pattern)| pattern)
    };
    let Some(pattern) = best(operation.is_of_folder()) else {
        let elsewhere = best(!operation.is_of_folder());
        return Err(elsewhere.map_or(NoMatch::Path, |_| NoMatch::Operation));
    };
    let found = patterns
        .iter()
        .position(|(op, one)| *op == operation && one == pattern);
    found.ok_or(NoMatch::Operation)
}

fn rank(pattern: &str, path: &str, is_folder: bool) -> Option<Vec<u8>> {
    let path = match is_folder {
        true => path.strip_suffix('/').unwrap_or(path),
        false => path,
    };
    let mut segments: Vec<&str> = path.split('/').collect();
    if path.is_empty() {
        segments.clear();
    }
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let mut rank = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if part.ends_with("..}") {
            let may_be_empty = is_folder || index == 0;
            rank.push(1);
            return (index < segments.len() || may_be_empty).then_some(rank);
        }
        let segment = *segments.get(index)?;
        rank.push(match part.starts_with('{') {
            true if segment.is_empty() => return None,
            true => 2,
            false if *part == segment => 3,
            false => return None,
        });
    }
    (parts.len() == segments.len()).then(|| {
        rank.push(9);
        rank
    })
}

fn pattern() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec!["a", "b", "{p}"]);
    let last = prop::sample::select(vec!["a", "b", "{q}", "{r..}"]);
    (prop::collection::vec(part, 0..3), last).prop_map(|(parts, last)| {
        let mut names = parts
            .into_iter()
            .enumerate()
            .map(|(index, part)| match part {
                "{p}" => format!("{{p{index}}}"),
                literal => literal.to_owned(),
            });
        let mut pattern: Vec<String> = names.by_ref().collect();
        // One position has one name, whatever follows it.
        pattern.push(match last {
            "{q}" => format!("{{p{}}}", pattern.len()),
            other => other.to_owned(),
        });
        pattern.join("/")
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop::sample::select(Operation::ALL.to_vec())
}

proptest! {
    #[test]
    fn equals_the_naive_answer(
        patterns in prop::collection::btree_set((0..6_usize, pattern()), 1..12),
        operation in operation(),
        path in "([abc]/){0,3}[abc]?/?",
    ) {
        let path = path.trim_start_matches('/').replace("//", "/");
        let patterns: Vec<(Operation, String)> = patterns
            .into_iter()
            .map(|(op, pattern)| (Operation::ALL[op], pattern))
            .collect();
        let routes = patterns.iter().map(|(op, pattern)| route(*op, pattern)).collect();
        let manifest = manifest(routes);
        let matcher = Matcher::new(&manifest, |_| None).unwrap();
        let found = matcher.find(operation, &path).map(|found| found.route);
        prop_assert_eq!(found, naive(&patterns, operation, &path));
    }

    #[test]
    fn parameters_put_back_give_the_path(path in "([a-c]/){0,3}[a-c]?") {
        let manifest = manifest(vec![route(Operation::Read, "{one}/{rest..}")]);
        let matcher = Matcher::new(&manifest, |_| None).unwrap();
        if let Ok(found) = matcher.find(Operation::Read, &path) {
            let value = |name| found.parameters.value(name).unwrap();
            prop_assert_eq!(format!("{}/{}", value("one"), value("rest")), path);
        }
    }

    #[test]
    fn never_panics(pattern in "[a/{}.]{0,10}", path in "[a/.]{0,10}") {
        let manifest = manifest(vec![route(Operation::Read, &pattern)]);
        if let Ok(matcher) = Matcher::new(&manifest, |_| None) {
            let _ = matcher.find(Operation::Read, &path);
            let _ = matcher.find(Operation::List, &path);
        }
    }
}
