//! `namespace …`.

use super::generic::show_list;
use crate::data::pairs;
use crate::error::{During, Stop};
use crate::request::{ApiRequest, clean_path};
use crate::session::Session;
use crate::tree::mounts::Namespace;
use serde_json::{Map, Value};

const API: &str = "sys/namespaces";

pub(super) fn run(session: &mut Session<'_>, command: Namespace) -> Result<u8, Stop> {
    match command {
        Namespace::Create {
            path,
            custom_metadata,
        } => {
            let mut body = Map::new();
            let custom = pairs("custom-metadata", &custom_metadata)?;
            super::set(
                &mut body,
                "custom_metadata",
                (!custom.is_empty()).then_some(custom),
            );
            let path = format!("{API}/{}", clean_path(&path));
            let request = ApiRequest::post(path, Value::Object(body));
            let answer = session.ask(&request).during("Error creating namespace")?;
            session.show(&answer)
        }
        Namespace::Lookup { path } => {
            let request = ApiRequest::get(format!("{API}/{}", clean_path(&path)));
            match session
                .find(&request)
                .during("Error looking up namespace")?
            {
                Some(answer) => session.show(&answer),
                None => session.nothing("Namespace not found"),
            }
        }
        Namespace::Delete { path } => {
            let path = clean_path(&path);
            let request = ApiRequest::delete(format!("{API}/{path}"));
            session.ask(&request).during("Error deleting namespace")?;
            session.success(&format!("Success! Namespace deletion scheduled: {path}/"))
        }
        Namespace::List { detailed } => show_list(session, &ApiRequest::list(API), API, detailed),
    }
}
