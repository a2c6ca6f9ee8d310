//! Version 2, `config`: what the mount demands of every secret.

use crate::answer::SettingsAnswer;
use crate::given::Seconds;
use crate::store;
use sdk::{Ctx, Fields, Reply, Result, duration_text};

#[derive(Fields)]
pub(crate) struct Write {
    /// Most versions to keep of each secret; 10 for 0.
    #[field(body)]
    max_versions: Option<u32>,
    /// Must every write say which version it is for?
    #[field(body)]
    cas_required: Option<bool>,
    /// How long a version lives before it is deleted. Negative: for ever, whatever a secret says.
    #[field(body)]
    delete_version_after: Option<Seconds>,
    /// Must every change of a secret's metadata say which revision it is for?
    #[field(body)]
    metadata_cas_required: Option<bool>,
}

pub(crate) fn read(ctx: &Ctx, (): ()) -> Result<Reply> {
    let settings = store::settings(ctx)?;
    Reply::data(&SettingsAnswer {
        cas_required: settings.cas_required,
        delete_version_after: duration_text(settings.delete_version_after),
        max_versions: settings.max_versions,
        metadata_cas_required: settings.metadata_cas_required,
    })
}

pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let before = store::settings(ctx)?;
    let mut settings = before;
    if let Some(limit) = new.max_versions {
        settings.max_versions = limit;
    }
    if let Some(required) = new.cas_required {
        settings.cas_required = required;
    }
    if let Some(required) = new.metadata_cas_required {
        settings.metadata_cas_required = required;
    }
    if let Some(Seconds(seconds)) = new.delete_version_after {
        settings.delete_version_after = seconds.max(-1);
    }
    if settings != before {
        store::put_settings(ctx, &settings)?;
    }
    Ok(Reply::Empty)
}
