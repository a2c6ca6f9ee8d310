//! An engine that does what its caller and its mount's options say: commits half-way, starts slowly,
//! looks after itself.
//!
//! Written with the SDK, so that what it does is what an author can do.

use sdk::Page;
use sdk::prelude::*;

const fn engine() -> Engine {
    let engine = Engine::new("courier", env!("CARGO_PKG_VERSION"), "Does as it is told.")
        .keeps("data/", Replicated)
        .reaches("*.test")
        .reaches("127.0.0.1")
        .read("data/{name}", "Reads what is stored.", read)
        .update("data/{name}", "Stores a value.", write)
        .update(
            "halfway/{name}",
            "Commits an intent, then stores what follows.",
            halfway,
        )
        .update("bulk/{name}", "Stores very many values.", bulk)
        .read("headers/{name}", "Shows a header that came.", header)
        .update("memory/{name}", "Takes 100 MiB of memory.", memory)
        .update("loop/{name}", "Never ends.", endless)
        .update("page/{name}", "Answers with headers of its own.", page)
        .update("fetch/{name}", "Asks a host outside.", fetch)
        .update(
            "mint/{name}",
            "Asks a host outside, and gives a secret for what it made.",
            mint,
        )
        .update(
            "password/{name}",
            "Stores a password that is made by a policy.",
            password,
        )
        .on_start(start)
        .on_tick(tick);
    with_secrets(engine)
}

const fn with_secrets(engine: Engine) -> Engine {
    engine
        .on(
            Operation::Read,
            "creds/{name}",
            "Gives a secret that has an end.",
            creds,
        )
        .gives("creds", "A secret that has an end.", revoke)
        .on(
            Operation::Read,
            "renewable/{name}",
            "Gives a secret whose end can be put off.",
            renewable,
        )
        .gives_renewable(
            "renewable",
            "A secret whose end can be put off.",
            renew,
            revoke,
        )
        .on(
            Operation::Update,
            "lend/{name}",
            "Gives a secret, and keeps a value for its end.",
            lend,
        )
        .gives("lent", "A secret that a value is kept for.", take_back)
}

sdk::export_engine!(engine);

/// So many random bytes are asked for by nobody else: tests stop the call there.
const GATE_BYTES: u32 = 77;

/// More than the host removes in one step.
const BULK: u32 = 2_500;

#[derive(Fields)]
struct At {
    /// Name of the value.
    #[field(path, kind = "name")]
    name: String,
}

#[derive(Fields)]
struct Write {
    /// Name of the value.
    #[field(path, kind = "name")]
    name: String,
    /// The value.
    value: String,
}

#[derive(Fields)]
struct Headers {
    /// Name of the page.
    #[field(path, kind = "name")]
    name: String,
    /// Headers of the answer, in this order: `name: value`.
    headers: Vec<String>,
}

#[derive(Fields)]
struct Halfway {
    /// Name of the value that is read before.
    #[field(path, kind = "name")]
    name: String,
    /// Does it fail in the end?
    #[field(default = false)]
    fails: bool,
}

#[derive(Fields)]
struct Fetch {
    /// Name of the value that is read before.
    #[field(path, kind = "name")]
    name: String,
    /// Whom to ask.
    url: String,
    /// GET, POST, …
    #[field(default = "GET")]
    method: String,
    /// Certificate to trust.
    trust: Option<Bytes>,
    /// Stop at the gate, and commit half-way behind it?
    #[field(default = false)]
    commits: bool,
}

fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let value: String = ctx.get(&key(&at.name))?.ok_or_else(not_found)?;
    Reply::data(&json!({ "value": value }))
}

fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    ctx.put(&key(&new.name), &new.value)?;
    Ok(Reply::Empty)
}

/// As many as one call may.
fn bulk(ctx: &mut Ctx, at: At) -> Result<Reply> {
    for number in 0..BULK {
        ctx.put(&format!("data/{}/{number}", at.name), &number)?;
    }
    Ok(Reply::Empty)
}

/// Lives 600 seconds, and with all renewals 1000.
fn renewable(_: &mut Ctx, at: At) -> Result<Reply> {
    Ok(Reply::Secret(Secret {
        kind: "renewable",
        data: Raw::of(&json!({ "name": at.name }))?,
        private: Raw::of(&at.name)?,
        terms: Terms {
            ttl: Duration::from_secs(600),
            max_ttl: Duration::from_secs(1_000),
            renewable: true,
        },
    }))
}

/// As long as it is asked for; what is kept is longer by a letter each time.
fn renew(_: &mut Ctx, lease: Lease, increment: Duration) -> Result<Renewal> {
    let name: String = lease.private()?;
    let terms = Terms {
        ttl: increment,
        ..lease.terms
    };
    Ok(Renewal {
        terms,
        private: Some(Raw::of(&format!("{name}r"))?),
    })
}

fn header(ctx: &Ctx, at: At) -> Result<Reply> {
    let all = ctx.headers().into_iter();
    let value = all
        .filter(|(name, _)| *name == at.name)
        .map(|(_, value)| value);
    Reply::data(&json!({ "values": value.collect::<Vec<_>>() }))
}

fn page(_: &mut Ctx, asked: Headers) -> Result<Reply> {
    let header = |line: String| match line.split_once(": ") {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(invalid("no header")),
    };
    let headers = asked.headers.into_iter().map(header);
    Ok(Reply::Page(Page {
        status: 418,
        content_type: String::from("text/plain"),
        headers: headers.collect::<Result<_>>()?,
        body: asked.name.into_bytes(),
    }))
}

fn memory(_: &mut Ctx, _: At) -> Result<Reply> {
    let taken = vec![1_u8; 100 << 20];
    Reply::data(&json!({ "taken": core::hint::black_box(taken).len() }))
}

fn endless(_: &mut Ctx, _: At) -> Result<Reply> {
    loop {
        core::hint::spin_loop();
    }
}

/// Its revocation fails as long as there is a value `stuck`, and never ends while there is
/// a value `hangs`.
fn creds(_: &mut Ctx, at: At) -> Result<Reply> {
    Ok(Reply::Secret(Secret {
        kind: "creds",
        data: Raw::of(&json!({ "name": at.name }))?,
        private: Raw::of(&at.name)?,
        terms: Terms {
            ttl: Duration::from_secs(600),
            ..Terms::default()
        },
    }))
}

fn revoke(ctx: &mut Ctx, lease: Lease) -> Result<()> {
    if ctx.contains(&key("stuck"))? {
        return Err(internal("as it was told"));
    }
    if ctx.contains(&key("hangs"))? {
        loop {
            core::hint::spin_loop();
        }
    }
    let name: String = lease.private()?;
    ctx.put(&key(&format!("revoked-{name}")), &"yes")
}

/// The value is nowhere but in what is kept with the lease.
fn lend(_: &mut Ctx, asked: Write) -> Result<Reply> {
    Ok(Reply::Secret(Secret {
        kind: "lent",
        data: Raw::of(&json!({ "name": asked.name }))?,
        private: Raw::of(&asked.value)?,
        terms: Terms {
            ttl: Duration::from_secs(600),
            ..Terms::default()
        },
    }))
}

fn take_back(ctx: &mut Ctx, lease: Lease) -> Result<()> {
    let value: String = lease.private()?;
    ctx.put(&key("taken-back"), &value)
}

fn halfway(ctx: &mut Ctx, asked: Halfway) -> Result<Reply> {
    let before: String = ctx.get(&key(&asked.name))?.unwrap_or_default();
    ctx.put(&key("intent"), &before)?;
    ctx.random_bytes(GATE_BYTES);
    ctx.checkpoint()?;
    let seen: String = ctx.get(&key(&asked.name))?.unwrap_or_default();
    ctx.put(&key("after"), &"written")?;
    if asked.fails {
        return Err(invalid("as it was told"));
    }
    Reply::data(&json!({ "before": before, "seen": seen }))
}

/// Reads, asks, and stores what came of it.
fn fetch(ctx: &mut Ctx, asked: Fetch) -> Result<Reply> {
    let _: Option<String> = ctx.get(&key(&asked.name))?;
    let mut request = ctx.http(&asked.method, &asked.url);
    if let Some(certificate) = &asked.trust {
        request = request.trust(&certificate.0);
    }
    let response = request.send()?;
    let body = String::from_utf8_lossy(&response.body).into_owned();
    ctx.random_bytes(GATE_BYTES);
    if asked.commits {
        ctx.checkpoint()?;
    }
    ctx.put(&key("fetched"), &body)?;
    Reply::data(&json!({ "status": response.status, "body": body }))
}

/// As an engine does that makes users somewhere: what it asked for is a secret.
fn mint(ctx: &mut Ctx, asked: Fetch) -> Result<Reply> {
    let name = asked.name.clone();
    fetch(ctx, asked)?;
    creds(ctx, At { name })
}

fn password(ctx: &mut Ctx, asked: Write) -> Result<Reply> {
    let made = ctx.make_password(&asked.value)?;
    ctx.random_bytes(GATE_BYTES);
    ctx.put(&key(&asked.name), &made)?;
    Reply::data(&json!({ "password": made }))
}

fn start(ctx: &mut Ctx) -> Result<()> {
    ctx.put(&key("started"), &"yes")?;
    match ctx.option("start").as_deref() {
        Some("hangs") => loop {
            core::hint::spin_loop();
        },
        Some("steps") => fails_after_a_step(ctx),
        _ => Ok(()),
    }
}

fn tick(ctx: &mut Ctx) -> Result<()> {
    match ctx.option("tick").as_deref() {
        Some("steps") => fails_after_a_step(ctx),
        _ => Ok(()),
    }
}

/// What stood before the checkpoint stays.
fn fails_after_a_step(ctx: &mut Ctx) -> Result<()> {
    let steps: String = ctx.get(&key("steps"))?.unwrap_or_default();
    ctx.put(&key("steps"), &format!("{steps}x"))?;
    ctx.checkpoint()?;
    ctx.put(&key("lost"), &"written")?;
    Err(internal("as it was told"))
}

fn key(name: &str) -> String {
    format!("data/{name}")
}
