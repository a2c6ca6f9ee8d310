//! Version 2, `delete/`, `undelete/` and `destroy/`: what becomes of versions.

use crate::store::{self, Secret};
use sdk::{Ctx, Fields, Reply, Result, invalid};

#[derive(Fields)]
pub(crate) struct Versions {
    /// Location of the secret.
    #[field(path)]
    path: String,
    /// Numbers of the versions.
    #[field(body)]
    versions: Option<Vec<i64>>,
}

pub(crate) fn delete(ctx: &mut Ctx, which: Versions) -> Result<Reply> {
    let numbers = numbers(&which, "No version number provided")?;
    if let Some(mut secret) = Secret::find(ctx, &which.path)?
        && secret.record.delete(numbers, ctx.now_ms())
    {
        secret.save(ctx)?;
    }
    Ok(Reply::Empty)
}

pub(crate) fn undelete(ctx: &mut Ctx, which: Versions) -> Result<Reply> {
    let numbers = numbers(&which, "No version number provided")?;
    if let Some(mut secret) = Secret::find(ctx, &which.path)?
        && secret
            .record
            .undelete(numbers, &store::settings(ctx)?, ctx.now_ms())
    {
        secret.save(ctx)?;
    }
    Ok(Reply::Empty)
}

pub(crate) fn destroy(ctx: &mut Ctx, which: Versions) -> Result<Reply> {
    let numbers = numbers(&which, "no version number provided")?;
    if let Some(mut secret) = Secret::find(ctx, &which.path)? {
        let destroyed = secret.record.destroy(numbers);
        if !destroyed.is_empty() {
            secret.forget(ctx, &destroyed)?;
            secret.save(ctx)?;
        }
    }
    Ok(Reply::Empty)
}

fn numbers<'a>(which: &'a Versions, none: &str) -> Result<&'a [i64]> {
    match which.versions.as_deref() {
        None | Some([]) => Err(invalid(none)),
        Some(numbers) => Ok(numbers),
    }
}
