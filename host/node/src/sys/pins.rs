//! `sys/plugins/pins`: which version mounts run where nobody chose one for them.

use super::catalog::kind;
use crate::catalog::{self, kind_name};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::pins::{self, Pin};
use base::{Answer, Refusal};
use manifest::Access::Sudo;
use manifest::FieldKind::Text;
use manifest::Operation::{Delete, Read, Update};
use serde_json::{Value, json};

const AT: &[NativeField] = &[
    path("type", "`secret` or `auth`."),
    path("name", "Name of the component."),
];
const PIN: &[NativeField] = &[
    path("type", "`secret` or `auth`."),
    path("name", "Name of the component."),
    body("version", Text, "The version, which the catalog must have."),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "plugins/pins", Sudo, Now(all), &[], "All pinned versions."),
    on(Read, "plugins/pins/{type}/{name}", Sudo, Now(read), AT, "The pinned version of a component."),
    on(Update, "plugins/pins/{type}/{name}", Sudo, Now(write), PIN, "Pins a version of a component."),
    on(Delete, "plugins/pins/{type}/{name}", Sudo, Now(delete), AT, "Removes a pin. Mounts go on with what they run."),
];

fn all(ask: &mut Ask<'_>) -> Told {
    let pins = pins::all(ask.tx)?;
    let shown: Vec<Value> = pins.iter().map(shown).collect();
    Ok(Answer::data(&json!({ "pinned_versions": shown })))
}

fn read(ask: &mut Ask<'_>) -> Told {
    let (kind, name) = (kind(ask)?, ask.text("name").to_owned());
    let version = pins::find(ask.tx, kind, &name)?;
    let version = version.ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&shown(&Pin {
        kind,
        name,
        version,
    })))
}

fn write(ask: &mut Ask<'_>) -> Told {
    let pin = Pin {
        kind: kind(ask)?,
        name: ask.text("name").to_owned(),
        version: ask.text("version").to_owned(),
    };
    if pin.version.is_empty() {
        return Err(Refusal::invalid("missing version"));
    }
    let known = catalog::find(ask.node, ask.tx, pin.kind, &pin.name, &pin.version)?;
    known.ok_or_else(|| {
        let Pin { name, version, .. } = &pin;
        let text = format!("plugin not found in the catalog: {name}, version={version}");
        Refusal::invalid(text)
    })?;
    pins::store(ask.tx, &pin)?;
    Ok(Answer::Empty)
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let (kind, name) = (kind(ask)?, ask.text("name").to_owned());
    pins::forget(ask.tx, kind, &name);
    Ok(Answer::Empty)
}

fn shown(pin: &Pin) -> Value {
    json!({ "name": pin.name, "type": kind_name(pin.kind), "version": pin.version })
}
