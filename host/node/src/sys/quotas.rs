//! `sys/quotas`: rate limits and lease counts. Only the root namespace has them, for all.

use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::quotas::{self, Config, Kind, Limit, Quota};
use crate::refusal::from_barrier;
use crate::tables::Mount;
use base::{Answer, Refusal, RequestPath};
use locality::{PhysicalKey, SystemKey};
use manifest::Access::{self, Token};
use manifest::FieldKind::{Boolean, Duration, Float, Integer, Name, Text, TextList};
use manifest::FieldSource;
use manifest::Operation::{Delete, List, Read, Update};
use mount::{MountKind, Namespace};
use serde_json::{Value, json};
use std::sync::Arc;

const NAME: NativeField = NativeField {
    kind: Name,
    ..path("name", "Name of the quota.")
};
const PATH: NativeField = body(
    "path",
    Text,
    "A namespace, a mount, or a path below a mount; empty for everything.",
);
const ROLE: NativeField = body("role", Text, "Only logins with this role.");
const INHERITABLE: NativeField = body(
    "inheritable",
    Boolean,
    "Does it hold for the namespaces below as well?",
);
const TYPE: NativeField = body("type", Text, "The kind of quota, for who sends it back.");
const NAMED: &[NativeField] = &[NAME];
const RATE: &[NativeField] = &[
    NAME,
    PATH,
    ROLE,
    INHERITABLE,
    TYPE,
    body("rate", Float, "Requests of one client in an interval."),
    body("interval", Duration, "How long an interval is."),
    body(
        "block_interval",
        Duration,
        "How long a client is turned away that wanted more.",
    ),
];
const LEASES: &[NativeField] = &[
    NAME,
    PATH,
    ROLE,
    INHERITABLE,
    TYPE,
    body("max_leases", Integer, "Leases at once."),
];
const CONFIG: &[NativeField] = &[
    body(
        "rate_limit_exempt_paths",
        TextList,
        "Beginnings of paths that no rate limit holds for, in every namespace.",
    ),
    body(
        "absolute_rate_limit_exempt_paths",
        TextList,
        "The same, with the namespace before the path.",
    ),
    body(
        "enable_rate_limit_audit_logging",
        Boolean,
        "Record requests that a rate limit turns away?",
    ),
    body(
        "enable_rate_limit_response_headers",
        Boolean,
        "Tell clients what is left?",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "quotas/config", Token, Now(read_config), &[], "Reads what holds for all quotas."),
    on(Update, "quotas/config", Token, Now(write_config), CONFIG, "Changes what holds for all quotas."),
    on(List, "quotas/rate-limit", Token, Now(|ask| list(ask, Kind::Rate)), &[], "Lists the rate limits."),
    on(Read, "quotas/rate-limit/{name}", Token, Now(|ask| read(ask, Kind::Rate)), NAMED, "Reads a rate limit."),
    on(Update, "quotas/rate-limit/{name}", Token, Now(|ask| write(ask, Kind::Rate)), RATE, "Writes a rate limit."),
    on(Delete, "quotas/rate-limit/{name}", Token, Now(|ask| delete(ask, Kind::Rate)), NAMED, "Deletes a rate limit."),
    on(List, "quotas/lease-count", Token, Now(|ask| list(ask, Kind::Leases)), &[], "Lists the limits on leases."),
    on(Read, "quotas/lease-count/{name}", Token, Now(|ask| read(ask, Kind::Leases)), NAMED, "Reads a limit on leases."),
    on(Update, "quotas/lease-count/{name}", Token, Now(|ask| write(ask, Kind::Leases)), LEASES, "Writes a limit on leases."),
    on(Delete, "quotas/lease-count/{name}", Token, Now(|ask| delete(ask, Kind::Leases)), NAMED, "Deletes a limit on leases."),
];

/// An interval without an own length.
const INTERVAL_SECONDS: u64 = 1;

/// Quotas of a kind.
const QUOTAS_MAX: usize = 10_000;

fn read_config(ask: &mut Ask<'_>) -> Told {
    let config = quotas::stored_config(ask.tx)?;
    Ok(Answer::data(&json!({
        "absolute_rate_limit_exempt_paths": config.absolute_exempt_paths,
        "enable_rate_limit_audit_logging": config.audits,
        "enable_rate_limit_response_headers": config.tells_headers,
        "rate_limit_exempt_paths": config.exempt_paths,
    })))
}

/// What is not given is as if it had been given empty.
fn write_config(ask: &mut Ask<'_>) -> Told {
    let paths = |name| ask.texts(name).unwrap_or_default();
    let config = Config {
        exempt_paths: paths("rate_limit_exempt_paths"),
        absolute_exempt_paths: paths("absolute_rate_limit_exempt_paths"),
        audits: ask.flag("enable_rate_limit_audit_logging"),
        tells_headers: ask.flag("enable_rate_limit_response_headers"),
    };
    quotas::store_config(ask.tx, &config)?;
    Ok(Answer::Empty)
}

fn list(ask: &mut Ask<'_>, kind: Kind) -> Told {
    let names = names(ask, kind)?;
    if names.is_empty() {
        return Err(Refusal::not_found());
    }
    Ok(Answer::data(&json!({ "keys": names })))
}

fn names(ask: &mut Ask<'_>, kind: Kind) -> Result<Vec<String>, Refusal> {
    let all = SystemKey::quotas(kind.name());
    let keys = ask.tx.keys(&all, None, usize::MAX).map_err(from_barrier)?;
    let name = |key: &PhysicalKey| {
        key.path()
            .strip_prefix(all.physical().path())
            .map(String::from)
    };
    Ok(keys.iter().filter_map(name).collect())
}

fn read(ask: &mut Ask<'_>, kind: Kind) -> Told {
    let name = ask.text("name").to_owned();
    let quota = quotas::find(ask.tx, kind, &name)?;
    let quota = quota.ok_or_else(Refusal::not_found)?;
    let tables = ask.node.tables();
    let mut shown = json!({
        "inheritable": quota.inheritable,
        "name": quota.name,
        "path": quota.path_now(&tables),
        "role": quota.role,
        "type": kind.name(),
    });
    let of_kind = match &quota.limit {
        Limit::Rate {
            rate,
            interval,
            block_interval,
        } => json!({
            "block_interval": block_interval,
            "interval": interval,
            "rate": number(*rate),
        }),
        Limit::Leases { max } => json!({
            "counter": quotas::count(&mut ask.node.begin(), &tables, &quota, u64::MAX)?,
            "max_leases": max,
        }),
    };
    if let (Value::Object(shown), Value::Object(of_kind)) = (&mut shown, of_kind) {
        shown.extend(of_kind);
    }
    Ok(Answer::data(&shown))
}

/// A whole number without a point, as clients get it.
fn number(rate: f64) -> Value {
    let whole = format!("{rate:.0}").parse::<u64>().ok();
    match whole {
        Some(whole) if rate.fract() == 0.0 => whole.into(),
        _ => rate.into(),
    }
}

fn write(ask: &mut Ask<'_>, kind: Kind) -> Told {
    let limit = match kind {
        Kind::Rate => rate(ask)?,
        Kind::Leases => leases(ask)?,
    };
    let quota = quota(ask, limit)?;
    let mut count = 0;
    for name in names(ask, kind)? {
        count += 1;
        if name == quota.name {
            continue;
        }
        let other = quotas::find(ask.tx, kind, &name)?;
        if other.is_some_and(|other| is_for_the_same(&other, &quota)) {
            let text = format!("quota rule with similar properties exists under the name {name:?}");
            return Err(Refusal::invalid(text));
        }
    }
    if count > QUOTAS_MAX {
        return Err(Refusal::invalid("too many quotas"));
    }
    let key = SystemKey::quota(kind.name(), &quota.name);
    ask.tx.write_json(&key, &quota).map_err(from_barrier)?;
    Ok(Answer::Empty)
}

fn is_for_the_same(one: &Quota, other: &Quota) -> bool {
    let place = |quota: &Quota| (quota.namespace, quota.mount);
    place(one) == place(other) && one.below == other.below && one.role == other.role
}

fn rate(ask: &Ask<'_>) -> Result<Limit, Refusal> {
    let rate = ask.input.get("rate").and_then(Value::as_f64);
    let rate = rate.filter(|rate| rate.is_finite() && *rate > 0.0);
    let rate = rate.ok_or_else(|| Refusal::invalid("'rate' is invalid"))?;
    let seconds = |name| ask.number(name).unwrap_or_default();
    Ok(Limit::Rate {
        rate,
        interval: match seconds("interval") {
            0 => INTERVAL_SECONDS,
            given => given,
        },
        block_interval: seconds("block_interval"),
    })
}

fn leases(ask: &Ask<'_>) -> Result<Limit, Refusal> {
    let max = ask.number("max_leases").filter(|max| *max > 0);
    let max = max.ok_or_else(|| Refusal::invalid("'max_leases' is invalid"))?;
    if !ask.text("role").is_empty() {
        return Err(Refusal::invalid("leases are not counted by role"));
    }
    Ok(Limit::Leases { max })
}

fn quota(ask: &Ask<'_>, limit: Limit) -> Result<Quota, Refusal> {
    let path = ask.text("path").trim_start_matches('/');
    let (namespace, rest) = namespace(ask, path)?;
    let role = ask.text("role");
    let (mount, below) = match rest.as_str() {
        "" => (None, String::new()),
        _ => {
            let (mount, below) = mount(ask, &namespace, &rest)?;
            (Some(mount), below)
        }
    };
    if !role.is_empty() {
        check_role(path, mount.as_deref(), &below)?;
    }
    let is_global = path.is_empty();
    let inheritable = ask.input.get("inheritable").and_then(Value::as_bool);
    Ok(Quota {
        name: ask.text("name").to_owned(),
        namespace: namespace.id,
        mount: mount.map(|mount| mount.0.id),
        below,
        role: role.to_owned(),
        inheritable: inheritable.unwrap_or(is_global),
        limit,
    })
}

/// The namespace of a path, and what follows it.
fn namespace(ask: &Ask<'_>, path: &str) -> Result<(Arc<Namespace>, RequestPath), Refusal> {
    let invalid = || Refusal::invalid(format!("invalid mount path {path:?}"));
    let tables = ask.node.tables();
    let given = RequestPath::parse(path).map_err(|_| invalid())?;
    let whole = given.clone().into_folder();
    let found = tables.namespaces.resolve("", &whole).ok_or_else(invalid)?;
    let (namespace, rest) = found;
    let rest = match rest.as_str() {
        "" => rest,
        // With its end as it was given.
        _ => given.strip(&namespace.path).ok_or_else(invalid)?,
    };
    Ok((namespace, rest))
}

/// The mount of a path, and what follows it.
fn mount(
    ask: &Ask<'_>,
    namespace: &Namespace,
    path: &RequestPath,
) -> Result<(Arc<Mount>, String), Refusal> {
    let tables = ask.node.tables();
    let located = tables.of(namespace.id).and_then(|table| table.locate(path));
    let Some(located) = located else {
        let folder = path.clone().into_folder();
        let text = format!("invalid mount path {:?}", folder.as_str());
        return Err(Refusal::invalid(text));
    };
    Ok((located.mount, located.rest.as_str().to_owned()))
}

fn check_role(path: &str, mount: Option<&Mount>, below: &str) -> Result<(), Refusal> {
    if !below.is_empty() {
        return Err(Refusal::invalid(
            "Quotas cannot contain both a path suffix and a role. If a role is provided, path must be a valid auth mount with a concept of roles",
        ));
    }
    let Some(mount) = mount.filter(|mount| mount.0.kind == MountKind::Auth) else {
        let path = mount.map_or(path, |mount| mount.0.path.as_str());
        let text = format!(
            "Mount path {path:?} is not a valid auth method and therefore unsuitable for use with role-based quotas"
        );
        return Err(Refusal::invalid(text));
    };
    if names_roles(mount) || quotas::can_be_asked(mount) {
        return Ok(());
    }
    let path = mount.0.path.as_str();
    let text = format!("Mount path {path:?} does not support use with role-based quotas");
    Err(Refusal::invalid(text))
}

/// Does a login say which role it is for?
fn names_roles(mount: &Mount) -> bool {
    let Some((manifest, _)) = mount.1.routes() else {
        return false;
    };
    let mut logins = manifest.routes.iter();
    logins.any(|route| {
        let mut fields = route.fields.iter();
        route.access == Access::Login
            && fields.any(|field| field.name == "role" && field.source == FieldSource::Body)
    })
}

fn delete(ask: &mut Ask<'_>, kind: Kind) -> Told {
    ask.tx
        .delete(&SystemKey::quota(kind.name(), ask.text("name")));
    Ok(Answer::Empty)
}
