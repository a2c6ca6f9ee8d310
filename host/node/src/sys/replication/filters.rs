//! The paths filters of secondaries, and what they come to.

use super::{preview, the_primary, the_secondary};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::refusal::from_barrier;
use crate::replication::{exclusions, known};
use base::{Answer, Envelope, Json, Refusal};
use locality::{Exclusion, FilterMode, Filterable, PathFilter, SystemKey};
use manifest::Access::Token;
use manifest::FieldKind::{Text, TextList};
use manifest::Operation::{Delete, Read, Update};
use serde_json::{Value, json};

const ID: &[NativeField] = &[path("id", "The name of the secondary.")];
const FILTER: &[NativeField] = &[
    path("id", "The name of the secondary."),
    body("mode", Text, "allow or deny; allow where nothing is given."),
    body(
        "paths",
        TextList,
        "Mounts, auth methods and namespaces, from the root.",
    ),
];
/// More paths than this are no filter.
const PATHS_MAX: usize = 10_000;

/// The routes.
#[rustfmt::skip]
pub(in crate::sys) const ROUTES: &[NativeRoute] = &[
    on(Update, "replication/performance/primary/paths-filter/{id}", Token, Now(write), FILTER, "Sets what a secondary is not to have."),
    on(Read, "replication/performance/primary/paths-filter/{id}", Token, Now(read), ID, "What a secondary is not to have, as it was set."),
    on(Delete, "replication/performance/primary/paths-filter/{id}", Token, Now(delete), ID, "Lets a secondary have everything."),
    on(Update, "replication/performance/primary/paths-filter/{id}/preview", Token, Now(preview::answer), FILTER, "What a filter would take away and bring, without setting it."),
    on(Read, "replication/performance/primary/dynamic-filter/{id}", Token, Now(dynamic), ID, "What a secondary does not have now."),
    on(Read, "replication/performance/secondary/dynamic-filter/{id}", Token, Now(followed), ID, "What this secondary knows that it does not have."),
];

/// A filter as a client wrote it.
pub(super) fn parse(mode: &str, paths: &[String]) -> Result<PathFilter, Refusal> {
    let mode = match mode {
        "allow" => FilterMode::Allow,
        "deny" => FilterMode::Deny,
        other => {
            let text = format!("mode {other:?} is neither \"allow\" nor \"deny\"");
            return Err(Refusal::invalid(text));
        }
    };
    if paths.len() > PATHS_MAX {
        return Err(Refusal::invalid(format!("more than {PATHS_MAX} paths")));
    }
    let normal = paths.iter().map(|path| {
        PathFilter::normal(path).ok_or_else(|| Refusal::invalid(format!("{path:?} is not a path")))
    });
    Ok(PathFilter {
        mode,
        paths: normal.collect::<Result<_, _>>()?,
    })
}

/// The filter that a request carries.
pub(super) fn asked(ask: &Ask<'_>) -> Result<PathFilter, Refusal> {
    let paths = ask
        .texts("paths")
        .ok_or_else(|| Refusal::invalid("paths are missing"))?;
    parse(ask.some_text("mode").unwrap_or("allow"), &paths)
}

/// The secondary that a request names.
pub(super) fn id(ask: &Ask<'_>) -> Result<String, Refusal> {
    let id = ask.text("id");
    known::check_id(id)?;
    Ok(id.to_owned())
}

/// What to tell of paths that name nothing: they may be typos.
pub(super) fn typos(filter: &PathFilter, there: &Filterable) -> Vec<String> {
    let unknown = filter.unknown(there).into_iter();
    unknown
        .map(|path| format!("{path:?} names no mount, auth method or namespace that there is"))
        .collect()
}

fn write(ask: &mut Ask<'_>) -> Told {
    the_primary(ask)?;
    let (id, filter) = (id(ask)?, asked(ask)?);
    let there = exclusions::filterable(ask.tx)?;
    let mut warnings = typos(&filter, &there);
    if known::stored(ask.tx, &id)?.is_none() {
        warnings.push(format!("no secondary of the id {id:?} is known yet"));
    }
    ask.tx
        .write_json(&SystemKey::path_filter(&id), &filter)
        .map_err(from_barrier)?;
    if warnings.is_empty() {
        return Ok(Answer::Empty);
    }
    Ok(Answer::Envelope(Box::new(Envelope {
        warnings,
        ..Envelope::default()
    })))
}

fn read(ask: &mut Ask<'_>) -> Told {
    the_primary(ask)?;
    let id = id(ask)?;
    let filter = exclusions::filter_of(ask.tx, &id)?.ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&json!({
        "mode": match filter.mode {
            FilterMode::Allow => "allow",
            FilterMode::Deny => "deny",
        },
        "paths": filter.paths,
    })))
}

fn delete(ask: &mut Ask<'_>) -> Told {
    the_primary(ask)?;
    let id = id(ask)?;
    ask.tx.delete(&SystemKey::path_filter(&id));
    Ok(Answer::Empty)
}

fn dynamic(ask: &mut Ask<'_>) -> Told {
    the_primary(ask)?;
    let id = id(ask)?;
    let exclusion = exclusions::of(ask.tx, &id)?;
    let there = exclusions::filterable(ask.tx)?;
    Ok(Answer::data(&shown(&exclusion, &there)))
}

/// The paths of what is left out and exists.
fn shown(exclusion: &Exclusion, there: &Filterable) -> Value {
    let mounts = there.mounts.iter();
    let mounts = mounts.filter(|mount| exclusion.mounts.contains(&(mount.namespace, mount.id)));
    let namespaces = there.namespaces.iter();
    let namespaces = namespaces.filter(|(id, _)| exclusion.namespaces.contains(id));
    let mut mounts: Vec<&str> = mounts.map(|mount| mount.path.as_str()).collect();
    let mut namespaces: Vec<&str> = namespaces.map(|(_, path)| path.as_str()).collect();
    mounts.sort_unstable();
    namespaces.sort_unstable();
    json!({
        "dynamic_filtered_mounts": mounts,
        "dynamic_filtered_namespaces": namespaces,
    })
}

/// A secondary is not told names of what it is not to have.
fn followed(ask: &mut Ask<'_>) -> Told {
    let secondary = the_secondary(ask)?;
    if id(ask)? != secondary.record.id {
        return Err(Refusal::not_found());
    }
    Ok(Answer::Envelope(Box::new(Envelope {
        warnings: vec![String::from(
            "the primary tells no secondary the names of what is filtered: ask it",
        )],
        ..Envelope::with_data(Json::of(&shown(
            &Exclusion::default(),
            &Filterable::default(),
        )))
    })))
}
