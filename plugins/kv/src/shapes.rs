//! Version 2: paths of version 1, which people keep trying. They are told what to do instead.

use sdk::{Ctx, Fields, Raw, Reply, Result, unsupported};

#[derive(Fields)]
pub(crate) struct Anything {
    /// A path that is none.
    #[field(path)]
    #[expect(dead_code, reason = "wherever it leads, the answer is one")]
    path: String,
    /// Whatever was sent.
    #[field(rest, sensitive)]
    #[expect(dead_code, reason = "whatever it holds, the answer is one")]
    body: Raw,
}

#[derive(Fields)]
pub(crate) struct Body {
    /// Whatever was sent.
    #[field(rest, sensitive)]
    #[expect(dead_code, reason = "whatever it holds, the answer is one")]
    body: Raw,
}

macro_rules! wrong_path {
    ($($name:ident $context:ty, $command:literal;)*) => {
        $(pub(crate) fn $name(ctx: $context, _: Anything) -> Result<Reply> {
            ctx.warn(concat!(
                "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API ",
                "endpoints to use. If using the OpenBao CLI, use 'bao kv ", $command,
                "' for this operation."
            ));
            Ok(Reply::Missing(Raw::null()))
        })*
    };
}

wrong_path! {
    read &Ctx, "get";
    update &mut Ctx, "put";
    patch &mut Ctx, "patch";
    delete &mut Ctx, "delete";
    list &Ctx, "list";
    scan &Ctx, "scan";
}

const ROOT: &str = "Non-listing operations on the root of a K/V v2 mount are not supported.";

/// `data` and its like, without a secret's path.
pub(crate) fn read_root(ctx: &Ctx, _: Body) -> Result<Reply> {
    ctx.warn(ROOT);
    Ok(Reply::Missing(Raw::null()))
}

/// As `read_root`.
pub(crate) fn write_root(ctx: &mut Ctx, _: Body) -> Result<Reply> {
    ctx.warn(ROOT);
    Ok(Reply::Missing(Raw::null()))
}

/// A place that has no such operation, though the path around it has an answer.
pub(crate) fn none(_: &Ctx, _: Anything) -> Result<Reply> {
    Err(unsupported())
}
