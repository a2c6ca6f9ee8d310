//! JSON merge patch, RFC 7396, and the shape of a secret without its values.

use sdk::Json;

/// What becomes of `target` under `patch`.
pub(crate) fn merged(target: Json, patch: Json) -> Json {
    let Json::Object(patch) = patch else {
        return patch;
    };
    let mut target = match target {
        Json::Object(target) => target,
        _ => serde_json::Map::new(),
    };
    for (name, change) in patch {
        if change.is_null() {
            target.remove(&name);
        } else {
            let before = target.remove(&name).unwrap_or_default();
            target.insert(name, merged(before, change));
        }
    }
    Json::Object(target)
}

/// The names in `value`, with null where the values were. Below `depth` levels objects are values
/// too; 0 for all levels.
pub(crate) fn names_only(value: &Json, depth: i64) -> Json {
    let Json::Object(members) = value else {
        return Json::Null;
    };
    let below = |member: &Json| match member {
        Json::Object(inner) if !inner.is_empty() && depth != 1 => names_only(member, depth - 1),
        _ => Json::Null,
    };
    let names = members
        .iter()
        .map(|(name, member)| (name.clone(), below(member)));
    Json::Object(names.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn merges_as_the_standard_says() {
        for (target, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, r#"{}"#),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (
                r#"{"a":{"b":"c"}}"#,
                r#"{"a":{"b":"d","c":null}}"#,
                r#"{"a":{"b":"d"}}"#,
            ),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            (r#"[1,2]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            (
                r#"{}"#,
                r#"{"a":{"bb":{"ccc":null}}}"#,
                r#"{"a":{"bb":{}}}"#,
            ),
        ] {
            assert_eq!(
                merged(json(target), json(patch)),
                json(result),
                "{target} {patch}"
            );
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        let merged = merged(json(r#"{"a":12345678901234567890}"#), json(r#"{"b":1.50}"#));
        assert_eq!(merged.to_string(), r#"{"a":12345678901234567890,"b":1.50}"#);
    }

    #[test]
    fn names_stop_at_a_depth() {
        let secret = json(r#"{"a":1,"b":{"c":{"d":{}},"e":[1],"f":null},"g":{}}"#);
        let all = r#"{"a":null,"b":{"c":{"d":null},"e":null,"f":null},"g":null}"#;
        for (depth, names) in [
            (0, all),
            (3, all),
            (1, r#"{"a":null,"b":null,"g":null}"#),
            (2, r#"{"a":null,"b":{"c":null,"e":null,"f":null},"g":null}"#),
        ] {
            assert_eq!(names_only(&secret, depth), json(names), "{depth}");
        }
        assert_eq!(names_only(&json("{}"), 0), json("{}"));
        assert_eq!(names_only(&Json::Null, 0), Json::Null);
    }
}
