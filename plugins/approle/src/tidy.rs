//! What has ended, out of storage.
//!
//! Every tick removes some of the secret ids that have ended. What a deleted role left behind, on this
//! cluster or, of local secret ids, on another one, is looked for when an operator asks.

use crate::role;
use crate::shelf::{LOCAL, REPLICATED, Shelf};
use sdk::{Ctx, Reply, Result};

/// Whether an operator has asked. Local: each cluster tidies what it holds.
pub(crate) const REQUEST: &str = "tidy/";
const REQUESTED: &str = "tidy/requested";

/// Most secret ids that one tick, or the deletion of a role, removes.
pub(crate) const REMOVED_MAX: u32 = 500;

/// Has what is left behind looked for.
pub(crate) fn request(ctx: &mut Ctx, (): ()) -> Result<Reply> {
    ask(ctx)?;
    Reply::accepted(
        ctx,
        "Tidy operation successfully started. Any information from the operation will be printed to the server's logs.",
    )
}

/// The same, from within.
pub(crate) fn ask(ctx: &mut Ctx) -> Result<()> {
    ctx.put(REQUESTED, &true)
}

pub(crate) fn tick(ctx: &mut Ctx) -> Result<()> {
    let shelves = shelves(ctx);
    for shelf in shelves {
        shelf.remove_ended(ctx, REMOVED_MAX)?;
    }
    if !ctx.contains(REQUESTED)? {
        return Ok(());
    }
    let mut removed = 0;
    for shelf in shelves {
        removed += remove_left(ctx, shelf, REMOVED_MAX - removed)?;
    }
    // Otherwise the next tick goes on.
    if removed < REMOVED_MAX {
        ctx.delete(REQUESTED)?;
    }
    Ok(())
}

/// Those whose entries this cluster may change.
fn shelves(ctx: &Ctx) -> &'static [&'static Shelf] {
    match ctx.is_primary_cluster() || ctx.is_local() {
        true => &[&LOCAL, &REPLICATED],
        false => &[&LOCAL],
    }
}

/// Removes at most `limit` secret ids whose role is gone. How many it were.
fn remove_left(ctx: &mut Ctx, shelf: &Shelf, limit: u32) -> Result<u32> {
    let mut removed = 0;
    for folder in ctx.list(shelf.secret_ids)? {
        let generation = folder.trim_end_matches('/');
        if removed < limit && !role::is_there(ctx, generation)? {
            removed += shelf.remove_generation(ctx, generation, limit - removed)?;
        }
    }
    Ok(removed)
}
