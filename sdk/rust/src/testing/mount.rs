//! The mount under test.

use super::bench::{Bench, Caller};
use super::plugin::Plugin;
use crate::engine::Serve;
use crate::field::Input;
use crate::host::Host;
use crate::{
    Ctx, Failure, FailureKind, Grant, Json, Lease, Level, Login, Map, Operation, Renewal, Reply,
    Result, Secret, internal, invalid, not_found,
};
use core::cell::RefCell;
use core::net::IpAddr;
use core::time::Duration;
use manifest::{FieldSource, Limits, Matcher, NoMatch, validate};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A component on the bench. What a test says of it (`as_caller`, `at_time`, …) holds until it says
/// otherwise.
pub struct TestMount {
    plugin: Plugin,
    bench: Rc<RefCell<Bench>>,
    warnings: RefCell<Vec<String>>,
}

#[expect(clippy::panic, reason = "a test fails by panicking")]
impl TestMount {
    /// Mounts an engine or a method, and runs its `on_start`.
    ///
    /// # Panics
    /// When the host would refuse its manifest, or its start fails.
    pub fn new(plugin: impl Into<Plugin>) -> Self {
        Self::with_options(plugin, &[])
    }

    /// As `new`, with options of the mount.
    ///
    /// # Panics
    /// When the host would refuse its manifest, or its start fails.
    pub fn with_options(plugin: impl Into<Plugin>, options: &[(&str, &str)]) -> Self {
        let plugin = plugin.into();
        if let Err(wrong) = plugin.manifest.check(&Limits::default()) {
            panic!("the host refuses the manifest: {wrong}");
        }
        let bench = Bench::new(plugin.manifest.storage.clone());
        let mount = Self {
            plugin,
            bench: Rc::new(RefCell::new(bench)),
            warnings: RefCell::new(Vec::new()),
        };
        for (name, value) in options {
            mount
                .bench
                .borrow_mut()
                .options
                .insert((*name).into(), (*value).into());
        }
        if let Err(failure) = mount.start() {
            panic!("the start fails: {failure}");
        }
        mount
    }
}

/// What a test says.
impl TestMount {
    /// From now on this one calls.
    pub fn as_caller(&self, caller: Caller) -> &Self {
        self.bench.borrow_mut().caller = Some(caller);
        self
    }

    /// From now on it is so many milliseconds after the epoch.
    pub fn at_time(&self, now_ms: u64) -> &Self {
        self.bench.borrow_mut().now_ms = now_ms;
        self
    }

    /// So much time goes by.
    pub fn after(&self, time: Duration) -> &Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.bench.borrow_mut().now_ms += millis;
        self
    }

    /// Tunes the mount: an option, and `on_start` as the host runs it after a change.
    ///
    /// # Errors
    /// Those of `on_start`.
    pub fn with_option(&self, name: &str, value: &str) -> Result<&Self> {
        self.bench
            .borrow_mut()
            .options
            .insert(name.into(), value.into());
        self.start()?;
        Ok(self)
    }

    /// Tunes the mount's lease times.
    pub fn with_ttl(&self, default: Duration, max: Duration) -> &Self {
        let mut bench = self.bench.borrow_mut();
        bench.default_ttl_seconds = default.as_secs();
        bench.max_ttl_seconds = max.as_secs();
        self
    }

    /// From now on requests come from this address.
    pub fn from_address(&self, address: IpAddr) -> &Self {
        self.bench.borrow_mut().address = Some(address);
        self
    }

    /// From now on the client has proven to hold these: DER, leaf first.
    pub fn with_certificates(&self, certificates: Vec<Vec<u8>>) -> &Self {
        self.bench.borrow_mut().certificates = certificates;
        self
    }

    /// From now on requests have these headers.
    pub fn with_headers(&self, headers: &[(&str, &str)]) -> &Self {
        let owned = headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        self.bench.borrow_mut().headers = owned.collect();
        self
    }

    /// From now on this answers the component's HTTP requests. Without it no host is granted.
    pub fn with_upstream(&self, upstream: super::Upstream) -> &Self {
        self.bench.borrow_mut().upstream = Some(upstream);
        self
    }

    /// From now on there is a password policy of this name: so many of these characters.
    pub fn with_password_policy(&self, name: &str, characters: &str, length: usize) -> &Self {
        self.bench
            .borrow_mut()
            .password_policies
            .insert(name.into(), (characters.chars().collect(), length));
        self
    }

    /// From now on public keys are what these say, and signatures are real. Without it they are those
    /// of the stand-in.
    pub fn with_public_keys(&self, keys: super::PublicKeys) -> &Self {
        self.bench.borrow_mut().public_keys = Some(keys);
        self
    }

    /// The n-th storage call of each call fails, counted from 1; 0 for none.
    pub fn failing_storage_at(&self, n: u32) -> &Self {
        self.bench.borrow_mut().fails_at = (n > 0).then_some(n);
        self
    }
}

/// What a test asks.
impl TestMount {
    /// GET.
    ///
    /// # Errors
    /// As the caller would see them.
    pub fn read(&self, path: &str) -> Result<Reply> {
        self.call(Operation::Read, path, json_object())
    }

    /// LIST; the slash at the end of the path may be left out.
    ///
    /// # Errors
    /// As the caller would see them: an empty list is not found.
    pub fn list(&self, path: &str) -> Result<Reply> {
        self.call(Operation::List, &folder(path), json_object())
    }

    /// SCAN; the slash at the end of the path may be left out.
    ///
    /// # Errors
    /// As the caller would see them: an empty list is not found.
    pub fn scan(&self, path: &str) -> Result<Reply> {
        self.call(Operation::Scan, &folder(path), json_object())
    }

    /// DELETE.
    ///
    /// # Errors
    /// As the caller would see them.
    pub fn delete(&self, path: &str) -> Result<Reply> {
        self.call(Operation::Delete, path, json_object())
    }

    /// POST and PUT.
    ///
    /// # Errors
    /// As the caller would see them.
    pub fn update(&self, path: &str, body: Json) -> Result<Reply> {
        self.call(Operation::Update, path, body)
    }

    /// PATCH.
    ///
    /// # Errors
    /// As the caller would see them.
    pub fn patch(&self, path: &str, body: Json) -> Result<Reply> {
        self.call(Operation::Patch, path, body)
    }

    /// Any operation, with a body or a query. A login's grant is an internal failure here: ask `login`.
    ///
    /// # Errors
    /// As the caller would see them.
    pub fn call(&self, operation: Operation, path: &str, body: Json) -> Result<Reply> {
        match self.run(operation, path, body)? {
            Login::Reply(Reply::Keys(keys)) if keys.is_empty() => Err(not_found()),
            Login::Reply(Reply::Secret(secret)) => self.checked(secret).map(Reply::Secret),
            Login::Reply(reply) => Ok(reply),
            Login::Grant(_) => Err(internal("this route grants: ask `login`")),
        }
    }

    /// A login, as nobody. The grant's alias must be the one that `identify` gives.
    ///
    /// # Errors
    /// As the caller would see them.
    pub fn login(&self, path: &str, body: Json) -> Result<Grant> {
        self.login_on(Operation::Update, path, body)
    }

    /// As `login`, by another operation.
    ///
    /// # Errors
    /// As the caller would see them.
    pub fn login_on(&self, operation: Operation, path: &str, body: Json) -> Result<Grant> {
        let caller = self.bench.borrow_mut().caller.take();
        let identified = self.identify_on(operation, path, body.clone());
        let login = identified.and_then(|alias| Ok((alias, self.run(operation, path, body)?)));
        self.bench.borrow_mut().caller = caller;
        match login? {
            (Some(alias), Login::Grant(grant)) if alias != grant.alias => Err(internal(format!(
                "identified as {alias:?}, granted to {:?}",
                grant.alias
            ))),
            (_, Login::Grant(grant)) => Ok(grant),
            (_, Login::Reply(_)) => Err(internal("answers with a reply: ask `call`")),
        }
    }

    /// Whom a login claims to be.
    ///
    /// # Errors
    /// As the caller would see them.
    pub fn identify(&self, path: &str, body: Json) -> Result<Option<String>> {
        self.identify_on(Operation::Update, path, body)
    }

    fn identify_on(&self, by: Operation, path: &str, body: Json) -> Result<Option<String>> {
        self.read_only(by, path, body, |serve, _, ctx, input| match serve {
            Serve::Login(identify, _) => identify.call(ctx, input),
            Serve::Read(_) | Serve::Write(_) => Err(internal("not a login")),
        })
    }

    /// Is what an update or a patch would write there already? None where the route does not say.
    ///
    /// # Errors
    /// As the caller would see them.
    pub fn exists(&self, operation: Operation, path: &str, body: Json) -> Result<Option<bool>> {
        self.read_only(operation, path, body, |_, exists, ctx, input| {
            exists.map(|exists| exists.call(ctx, input)).transpose()
        })
    }

    /// `on_start`, which must be idempotent.
    ///
    /// # Errors
    /// Those of the component.
    pub fn start(&self) -> Result<()> {
        self.plugin
            .start
            .map_or(Ok(()), |start| self.transact(start))
    }

    /// `on_tick`.
    ///
    /// # Errors
    /// Those of the component.
    pub fn tick(&self) -> Result<()> {
        self.plugin.tick.map_or(Ok(()), |tick| self.transact(tick))
    }

    /// Renews a leased secret.
    ///
    /// # Errors
    /// Those of the component; invalid where the kind cannot be renewed.
    pub fn renew(&self, lease: Lease, increment: Duration) -> Result<Renewal> {
        let kind = self
            .plugin
            .gives
            .iter()
            .find(|kind| kind.name == lease.kind);
        let renew = kind.and_then(|kind| kind.renew);
        let renew = renew.ok_or_else(|| invalid("lease is not renewable"))?;
        self.transact(|ctx| renew(ctx, lease, increment))
    }

    /// Takes a leased secret back.
    ///
    /// # Errors
    /// Those of the component.
    pub fn revoke(&self, lease: Lease) -> Result<()> {
        let kind = self
            .plugin
            .gives
            .iter()
            .find(|kind| kind.name == lease.kind);
        let kind = kind.ok_or_else(|| internal("a lease of an undeclared kind"))?;
        self.transact(|ctx| (kind.revoke)(ctx, lease))
    }

    /// Renews a token. Without a hook it is renewed as its terms say.
    ///
    /// # Errors
    /// Those of the component.
    pub fn renew_grant(&self, grant: Grant, increment: Duration) -> Result<Renewal> {
        match self.plugin.renew {
            Some(renew) => self.transact(|ctx| renew(ctx, grant, increment)),
            None => Ok(Renewal::to(grant.terms)),
        }
    }

    /// The lease that the host would make of a secret now.
    pub fn lease_of(&self, secret: &Secret) -> Lease {
        Lease {
            id: String::from("mount/creds/0123456789abcdefghijklmn"),
            kind: secret.kind.into(),
            private: secret.private.clone(),
            issued_at_ms: self.bench.borrow().now_ms,
            terms: secret.terms,
        }
    }
}

/// What a test looks at.
impl TestMount {
    /// Warnings of the last call, the host's among them.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.borrow().clone()
    }

    /// Everything that is stored.
    pub fn stored(&self) -> BTreeMap<String, Vec<u8>> {
        self.bench.borrow().committed.clone()
    }

    /// One stored value, as JSON; null where there is none.
    pub fn stored_value(&self, key: &str) -> Json {
        let bench = self.bench.borrow();
        let bytes = bench.committed.get(key);
        bytes
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default()
    }

    /// Lines of the log, all of them.
    pub fn lines(&self) -> Vec<(Level, String)> {
        self.bench.borrow().lines.clone()
    }

    /// How often the last call asked storage.
    pub fn storage_calls(&self) -> u32 {
        self.bench.borrow().storage_calls
    }
}

impl TestMount {
    fn run(&self, operation: Operation, path: &str, body: Json) -> Result<Login> {
        let (index, input) = self.admit(operation, path, body)?;
        let input = Input::parse(&input)?;
        let route = self.plugin.routes.get(index);
        let serve = route.map(|route| route.serve).ok_or_else(not_found)?;
        self.transact(|ctx| match serve {
            Serve::Write(handler) => handler.call(ctx, &input).map(Login::Reply),
            Serve::Read(handler) => handler.call(ctx, &input).map(Login::Reply),
            Serve::Login(_, handler) => handler.call(ctx, &input),
        })
    }

    fn read_only<T>(
        &self,
        operation: Operation,
        path: &str,
        body: Json,
        call: impl Fn(Serve, Option<crate::handler::Reading<bool>>, &Ctx, &Input<'_>) -> Result<T>,
    ) -> Result<T> {
        let (index, input) = self.admit(operation, path, body)?;
        let input = Input::parse(&input)?;
        let route = self.plugin.routes.get(index).ok_or_else(not_found)?;
        self.bench.borrow_mut().is_read_only = true;
        let result = self.transact(|ctx| call(route.serve, route.exists, ctx, &input));
        self.bench.borrow_mut().is_read_only = false;
        result
    }

    /// What the host does before it calls.
    fn admit(&self, operation: Operation, path: &str, body: Json) -> Result<(usize, String)> {
        let Json::Object(body) = body else {
            return Err(invalid("failed to decode JSON input: not an object"));
        };
        let bench = self.bench.borrow();
        let option = |name: &str| bench.options.get(name).map(String::as_str);
        let matcher = Matcher::new(&self.plugin.manifest, option);
        let matcher = matcher.map_err(|wrong| internal(wrong.to_string()))?;
        let found = matcher.find(operation, path).map_err(|none| {
            let kind = match none {
                NoMatch::Path => FailureKind::NotFound,
                NoMatch::Operation => FailureKind::Unsupported,
            };
            Failure::new(kind, none.to_string())
        })?;
        let route = self
            .plugin
            .manifest
            .routes
            .get(found.route)
            .ok_or_else(not_found)?;
        let validated =
            validate(route, &found.parameters, body).map_err(|wrong| match wrong.source {
                FieldSource::Path => Failure::new(FailureKind::NotFound, "unsupported path"),
                _ => invalid(wrong.to_string()),
            })?;
        self.warnings.replace(validated.warnings());
        Ok((found.route, Json::Object(validated.input).to_string()))
    }

    /// One call: all of its writes, or none.
    fn transact<T>(&self, call: impl FnOnce(&mut Ctx) -> Result<T>) -> Result<T> {
        self.bench.borrow_mut().storage_calls = 0;
        let mut ctx = Ctx::new(Host(Rc::clone(&self.bench)));
        let result = call(&mut ctx);
        self.warnings.borrow_mut().extend(ctx.into_warnings());
        let mut bench = self.bench.borrow_mut();
        match result.is_ok() {
            true => bench.commit(),
            false => bench.forget(),
        }
        result
    }

    fn checked(&self, secret: Secret) -> Result<Secret> {
        match self
            .plugin
            .gives
            .iter()
            .any(|kind| kind.name == secret.kind)
        {
            true => Ok(secret),
            false => Err(internal(format!(
                "{:?} is no declared kind of secret",
                secret.kind
            ))),
        }
    }
}

fn folder(path: &str) -> String {
    match path {
        "" => String::new(),
        path if path.ends_with('/') => path.to_owned(),
        path => format!("{path}/"),
    }
}

fn json_object() -> Json {
    Json::Object(Map::new())
}
