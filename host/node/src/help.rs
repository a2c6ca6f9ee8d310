//! `?help=1`: what a path is for, from the same manifest that routes it.

use crate::pipeline::{NO_SUCH_PATH, Place};
use base::{Answer, Json, Refusal, RefusalKind};
use manifest::{Field, FieldSource, Manifest, Matcher, Operation, Route};
use serde_json::json;

/// The help of a path; of the mount, where the path ends at it.
pub(crate) fn answer(place: &Place) -> Result<Answer, Refusal> {
    let unsupported = || Refusal::new(RefusalKind::NotFound, NO_SUCH_PATH);
    let mount = place.mount.as_ref().ok_or_else(unsupported)?;
    let (manifest, matcher) = mount.1.routes().ok_or_else(unsupported)?;
    let path = place.below_mount().trim_end_matches('/');
    let text = match path {
        "" => overview(manifest),
        path => of_path(manifest, matcher, path).ok_or_else(unsupported)?,
    };
    let help = json!({ "help": text, "see_also": [], "openapi": null });
    Ok(Answer::Bare(Json::of(&help)))
}

fn overview(manifest: &Manifest) -> String {
    let mut text = format!("## DESCRIPTION\n\n{}\n\n## PATHS\n", manifest.summary);
    for route in &manifest.routes {
        let operation = name(route.operation);
        text.push_str(&format!(
            "\n    {} ({operation})\n        {}\n",
            route.pattern, route.summary
        ));
    }
    text
}

fn of_path(manifest: &Manifest, matcher: &Matcher, path: &str) -> Option<String> {
    let folder = format!("{path}/");
    let routes: Vec<&Route> = Operation::ALL
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
        .collect();
    let mut text = format!(
        "Request:        {path}\nMatching Route: {}\n",
        routes.first()?.pattern
    );
    for route in routes {
        text.push_str(&format!(
            "\n## {}\n\n{}\n",
            name(route.operation).to_uppercase(),
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
    Some(text)
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

const fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Read => "read",
        Operation::Update => "update",
        Operation::Patch => "patch",
        Operation::Delete => "delete",
        Operation::List => "list",
        Operation::Scan => "scan",
    }
}
