//! `?help=1`: what a path is for, from the same manifest that routes it.

use crate::pipeline::{NO_SUCH_PATH, Place};
use crate::sys;
use base::{Answer, Json, Refusal, RefusalKind};
use manifest::openapi::OpenApi;
use manifest::{Field, FieldSource, Manifest, Matcher, Operation, Route};
use serde_json::json;

/// The help of a path; of the mount, where the path ends at it.
pub(crate) fn answer(place: &Place, version: &str) -> Result<Answer, Refusal> {
    let unsupported = || Refusal::new(RefusalKind::NotFound, NO_SUCH_PATH);
    let mount = place.mount.as_ref().ok_or_else(unsupported)?;
    let (manifest, matcher) = mount.1.routes().ok_or_else(unsupported)?;
    let path = place.below_mount().trim_end_matches('/');
    let routes: Vec<&Route> = match path {
        "" => manifest.routes.iter().collect(),
        path => routes_at(manifest, matcher, path),
    };
    let first = routes.first().ok_or_else(unsupported)?;
    let text = match path {
        "" => overview(manifest),
        path => of_path(path, &first.pattern, &routes),
    };
    let mut document = OpenApi::default();
    sys::openapi::add(&mut document, mount, false, |route| {
        routes.iter().any(|one| {
            sys::public_pattern(&one.pattern)
                .as_ref()
                .unwrap_or(&one.pattern)
                == &route.pattern
        })
    });
    let document = document.into_document("Casemate API", version);
    let help = json!({ "help": text, "see_also": [], "openapi": document });
    Ok(Answer::Bare(Json::of(&help)))
}

fn overview(manifest: &Manifest) -> String {
    let mut text = format!("## DESCRIPTION\n\n{}\n\n## PATHS\n", manifest.summary);
    for route in &manifest.routes {
        let operation = route.operation.name();
        text.push_str(&format!(
            "\n    {} ({operation})\n        {}\n",
            route.pattern, route.summary
        ));
    }
    text
}

/// What can be done at a path.
fn routes_at<'a>(manifest: &'a Manifest, matcher: &Matcher, path: &str) -> Vec<&'a Route> {
    let folder = format!("{path}/");
    Operation::ALL
        .into_iter()
        .filter_map(|operation| {
            let path = if operation.is_of_folder() {
                &folder
            } else {
                path
            };
            manifest
                .routes
                .get(matcher.find(operation, path).ok()?.route)
        })
        .collect()
}

fn of_path(path: &str, pattern: &str, routes: &[&Route]) -> String {
    let mut text = format!("Request:        {path}\nMatching Route: {pattern}\n");
    for route in routes {
        text.push_str(&format!(
            "\n## {}\n\n{}\n",
            route.operation.name().to_uppercase(),
            route.summary
        ));
        if !route.description.is_empty() {
            text.push_str(&format!("\n{}\n", route.description));
        }
        for field in route
            .fields
            .iter()
            .filter(|field| field.source != FieldSource::Path)
        {
            text.push_str(&parameter(field));
        }
    }
    text
}

fn parameter(field: &Field) -> String {
    let kind = serde_json::to_value(field.kind).unwrap_or_default();
    let kind = kind.as_str().unwrap_or_default();
    let needed = if field.required { ", required" } else { "" };
    format!(
        "\n    {} ({kind}{needed})\n        {}\n",
        field.name, field.summary
    )
}
