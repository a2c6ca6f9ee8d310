//! `kv metadata …`.

use super::kv::{show_path, show_titled};
use super::kv_place::{KvKey, locate};
use crate::data::pairs;
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::{Session, code};
use crate::show::Format;
use crate::tree::kv::{Metadata, MetadataFields, Place};
use serde_json::{Map, Value, json};

pub(super) fn run(session: &mut Session<'_>, command: Metadata) -> Result<u8, Stop> {
    match command {
        Metadata::Get { place } => get(session, &place),
        Metadata::Put { place, fields } => {
            let body = body(&fields, &[])?;
            let path = versioned(session, &place)?.path("metadata");
            let request = ApiRequest::put(&path, body);
            super::generic::written(session, &request, &path)
        }
        Metadata::Patch {
            place,
            fields,
            remove_custom_metadata,
        } => {
            let mut body = body(&fields, &remove_custom_metadata)?;
            // A patch of nothing changes nothing, and is refused where there is nothing.
            if let Value::Object(body) = &mut body {
                body.entry("custom_metadata").or_insert_with(|| json!({}));
            }
            let path = versioned(session, &place)?.path("metadata");
            let request = ApiRequest::patch(&path, body);
            super::generic::written(session, &request, &path)
        }
        Metadata::Delete { place } => {
            let path = versioned(session, &place)?.path("metadata");
            let request = ApiRequest::delete(&path);
            session
                .ask(&request)
                .during(&format!("Error deleting {path}"))?;
            session.success(&format!("Success! Data deleted (if it existed) at: {path}"))
        }
    }
}

fn versioned(session: &mut Session<'_>, place: &Place) -> Result<KvKey, Stop> {
    let key = locate(session, place)?;
    match key.versioned {
        true => Ok(key),
        false => Err(Stop::usage("Metadata not supported on KV Version 1")),
    }
}

fn body(fields: &MetadataFields, removed: &[String]) -> Result<Value, Stop> {
    let mut body = Map::new();
    super::set(&mut body, "cas_required", fields.cas_required);
    let wanted = fields.max_versions.filter(|count| *count >= 0);
    super::set(&mut body, "max_versions", wanted);
    let after = match fields.delete_version_after.as_deref() {
        // A negative duration takes the setting back.
        Some(text) if text.starts_with('-') => Some(text.to_owned()),
        Some(text) => Some(super::duration("delete-version-after", text)?),
        None => None,
    };
    super::set(&mut body, "delete_version_after", after);
    let mut custom = pairs("custom-metadata", &fields.custom_metadata)?;
    custom.extend(removed.iter().map(|key| (key.clone(), Value::Null)));
    super::set(
        &mut body,
        "custom_metadata",
        (!custom.is_empty()).then_some(custom),
    );
    Ok(Value::Object(body))
}

fn get(session: &mut Session<'_>, place: &Place) -> Result<u8, Stop> {
    let path = versioned(session, place)?.path("metadata");
    let request = ApiRequest::get(&path);
    let found = session
        .find(&request)
        .during(&format!("Error reading {path}"))?;
    let Some(answer) = found else {
        return session.nothing(&format!("No value found at {path}"));
    };
    let settings = &session.settings;
    let wrapped = answer
        .envelope()
        .is_some_and(|envelope| envelope.wrap_info.is_some());
    if wrapped || settings.format != Format::Table || settings.field.is_some() {
        return session.show(&answer);
    }
    let mut data = answer.data();
    let Some(Value::Object(versions)) = data.remove("versions") else {
        return session.nothing(&format!("No value found at {path}"));
    };
    show_path(session, "Metadata Path", &path)?;
    show_titled(session, "Metadata", &data)?;
    let mut numbers: Vec<(u64, &Value)> = versions
        .iter()
        .filter_map(|(number, version)| Some((number.parse().ok()?, version)))
        .collect();
    numbers.sort_by_key(|(number, _)| *number);
    for (number, version) in numbers {
        if let Value::Object(version) = version {
            session.say("")?;
            show_titled(session, &format!("Version {number}"), version)?;
        }
    }
    Ok(code::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let fields = MetadataFields {
            cas_required: Some(false),
            custom_metadata: vec!["a=b".to_owned()],
            delete_version_after: Some("90".to_owned()),
            max_versions: Some(0),
        };
        assert_eq!(
            body(&fields, &["c".to_owned()]).unwrap(),
            json!({
                "cas_required": false,
                "custom_metadata": {"a": "b", "c": null},
                "delete_version_after": "1m30s",
                "max_versions": 0,
            })
        );
        assert_eq!(body(&MetadataFields::default(), &[]).unwrap(), json!({}));
    }
}
