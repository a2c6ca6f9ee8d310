//! An engine that keeps some of what it stores to its cluster, and shares the rest. It tries to have
//! it otherwise, wherever a caller says how.

use sdk::prelude::*;

const fn engine() -> Engine {
    let engine = Engine::new(
        "divided",
        env!("CARGO_PKG_VERSION"),
        "Shares some, and keeps some.",
    )
    .keeps("shared/", Replicated)
    .keeps("own/", Local)
    .update("get", "Reads any key.", get)
    .update("there", "Reads any key, where the primary is.", get)
    .on_primary_cluster()
    .update("put", "Stores at any key.", put)
    .update("remove", "Removes any key.", remove)
    .update("both", "Stores one value at both places.", both)
    .update("swallows", "Ignores that a write fails.", swallows)
    .update("halfway", "Commits what is kept, then shares.", halfway)
    .update("copy", "Shares what is kept.", copy)
    .on_start(start)
    .on_tick(tick);
    with_secrets(engine)
}

const fn with_secrets(engine: Engine) -> Engine {
    engine
        .update("lend", "Gives a secret that has an end.", lend)
        .update("sell", "Shares a value, and gives a secret.", sell)
        .gives_renewable(
            "lent",
            "A secret whose end is kept or shared.",
            renew,
            take_back,
        )
}

sdk::export_engine!(engine);

#[derive(Fields)]
struct At {
    /// The key.
    key: String,
}

#[derive(Fields)]
struct Put {
    /// The key.
    key: String,
    /// The value.
    value: String,
}

#[derive(Fields)]
struct Value {
    /// The value.
    value: String,
}

fn get(ctx: &mut Ctx, at: At) -> Result<Reply> {
    let value: String = ctx.get(&at.key)?.ok_or_else(not_found)?;
    Reply::data(&json!({ "value": value }))
}

fn put(ctx: &mut Ctx, asked: Put) -> Result<Reply> {
    ctx.put(&asked.key, &asked.value)?;
    Ok(Reply::Empty)
}

fn remove(ctx: &mut Ctx, at: At) -> Result<Reply> {
    ctx.delete(&at.key)?;
    Ok(Reply::Empty)
}

fn both(ctx: &mut Ctx, asked: Value) -> Result<Reply> {
    ctx.put("own/both", &asked.value)?;
    ctx.put("shared/both", &asked.value)?;
    Reply::data(&json!({ "value": asked.value }))
}

/// Where the write is refused it says that all is well, having kept the value instead.
fn swallows(ctx: &mut Ctx, asked: Value) -> Result<Reply> {
    let refused = ctx.put("shared/swallowed", &asked.value).is_err();
    ctx.put("own/swallowed", &asked.value)?;
    Reply::data(&json!({ "refused": refused }))
}

fn halfway(ctx: &mut Ctx, asked: Value) -> Result<Reply> {
    ctx.put("own/halfway", &asked.value)?;
    ctx.checkpoint()?;
    ctx.put("shared/halfway", &asked.value)?;
    Ok(Reply::Empty)
}

/// What it may: only it knows what it was trusted with.
fn copy(ctx: &mut Ctx, at: At) -> Result<Reply> {
    let kept: Option<String> = ctx.get(&format!("own/{}", at.key))?;
    ctx.put(&format!("shared/{}", at.key), &kept.unwrap_or_default())?;
    Ok(Reply::Empty)
}

#[derive(Fields)]
struct Lend {
    /// Where the end of the secret is noted.
    key: String,
    /// Seconds that it lives.
    #[field(default = 600)]
    seconds: u64,
}

fn lend(_: &mut Ctx, asked: Lend) -> Result<Reply> {
    Ok(Reply::Secret(Secret {
        kind: "lent",
        data: Raw::of(&json!({ "key": asked.key }))?,
        private: Raw::of(&asked.key)?,
        terms: Terms {
            ttl: Duration::from_secs(asked.seconds),
            max_ttl: Duration::from_secs(3_600),
            renewable: true,
        },
    }))
}

fn sell(ctx: &mut Ctx, asked: Lend) -> Result<Reply> {
    ctx.put("shared/sold", &asked.key)?;
    lend(ctx, asked)
}

/// What is shared at its end is shared with each renewal as well.
fn renew(ctx: &mut Ctx, lease: Lease, increment: Duration) -> Result<Renewal> {
    let key: String = lease.private()?;
    if key.starts_with("shared/") {
        ctx.put("shared/renewed", &key)?;
    }
    let terms = Terms {
        ttl: increment,
        ..lease.terms
    };
    Ok(Renewal {
        terms,
        private: None,
    })
}

fn take_back(ctx: &mut Ctx, lease: Lease) -> Result<()> {
    let key: String = lease.private()?;
    ctx.put(&key, &"taken back")
}

/// Each cluster starts it; only one may share what it writes then.
fn start(ctx: &mut Ctx) -> Result<()> {
    ctx.put("own/started", &"yes")?;
    if ctx.option("start").as_deref() == Some("shares") {
        let _ = ctx.put("shared/started", &ctx.make_uuid());
    }
    Ok(())
}

fn tick(ctx: &mut Ctx) -> Result<()> {
    ctx.put("own/ticked", &"yes")
}
