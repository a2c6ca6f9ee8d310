//! A small engine on the bench, in all that an author relies on.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as tests do"
)]

use sdk::prelude::*;
use sdk::testing::{Caller, TestMount};

#[derive(Fields)]
struct At {
    /// Path of the secret below the mount.
    #[field(path)]
    path: String,
}

#[derive(Fields)]
struct Keep {
    /// Path of the secret below the mount.
    #[field(path)]
    path: String,
    /// The pairs to keep, as given.
    #[field(rest, sensitive)]
    data: Raw,
}

#[derive(Fields)]
struct Role {
    /// Name of the role.
    #[field(path, kind = "name")]
    name: String,
    /// How long its secrets live.
    #[field(default = 3600)]
    ttl: Duration,
    /// Of what sort.
    #[field(name = "type", allowed = ["plain", "fancy"], default = "plain")]
    sort: String,
    /// Hosts that may use it.
    hosts: Option<Vec<String>>,
    /// A remark.
    #[field(label = "A remark")]
    remark: Change<String>,
}

const fn engine() -> Engine {
    Engine::new("keeper", "1.2.3", "Keeps.")
        .keeps("data/", Replicated)
        .keeps("roles/", Local)
        .only_with("mode", &["", "open"])
        .read("data/{path..}", "Reads a secret.", read)
        .update("data/{path..}", "Writes a secret.", write)
        .exists(there)
        .delete("data/{path..}", "Deletes a secret.", delete)
        .list("data/{path..}", "Lists secrets.", list)
        .scan("data/{path..}", "Lists all secrets below.", scan)
        .always()
        .update("roles/{name}", "Writes a role.", write_role)
        .patch("roles/{name}", "Changes a role.", write_role)
        .on(Operation::Read, "creds/{name}", "Makes a secret.", creds)
        .update("passwords/{name}", "Makes a password.", password)
        .read("who", "Says who asks.", who)
        .update("ask", "Asks an upstream.", ask)
        .gives_renewable("creds", "A secret.", renew, revoke)
        .on_start(start)
}

sdk::export_engine!(engine);

fn start(ctx: &mut Ctx) -> Result<()> {
    ctx.put("data/.started", &ctx.option("mode"))
}

fn key(path: &str) -> String {
    format!("data/{path}")
}

fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    ctx.get(&key(&at.path))?
        .map(Reply::Data)
        .ok_or_else(not_found)
}

fn write(ctx: &mut Ctx, new: Keep) -> Result<Reply> {
    ctx.put(&key(&new.path), &new.data)?;
    if new.path.ends_with("poison") {
        return Err(invalid("not this one"));
    }
    ctx.warn("written");
    Ok(Reply::Empty)
}

fn there(ctx: &Ctx, new: Keep) -> Result<bool> {
    ctx.contains(&key(&new.path))
}

fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    ctx.delete(&key(&at.path))?;
    Ok(Reply::Empty)
}

fn list(ctx: &Ctx, at: At) -> Result<Reply> {
    ctx.list(&key(&at.path)).map(Reply::Keys)
}

fn scan(ctx: &Ctx, at: At) -> Result<Reply> {
    ctx.scan(&key(&at.path)).map(Reply::Keys)
}

fn write_role(ctx: &mut Ctx, role: Role) -> Result<Reply> {
    let remark = match &role.remark {
        Change::Keep => "kept",
        Change::Clear => "cleared",
        Change::Set(text) => text.as_str(),
    };
    let stored = json!({
        "ttl": role.ttl.as_secs(), "type": role.sort, "hosts": role.hosts, "remark": remark,
    });
    ctx.put(&format!("roles/{}", role.name), &stored)?;
    Reply::data(&stored)
}

fn creds(ctx: &mut Ctx, at: Named) -> Result<Reply> {
    let id = ctx.make_uuid();
    ctx.put(&format!("roles/{}/{id}", at.name), &id)?;
    Ok(Reply::Secret(Secret {
        kind: "creds",
        data: Raw::of(&json!({ "id": id }))?,
        private: Raw::of(&format!("roles/{}/{id}", at.name))?,
        terms: Terms {
            renewable: true,
            ..Terms::default()
        },
    }))
}

fn password(ctx: &mut Ctx, at: Named) -> Result<Reply> {
    Reply::data(&json!({ "password": ctx.make_password(&at.name)? }))
}

#[derive(Fields)]
struct Named {
    /// Name of the role.
    #[field(path)]
    name: String,
}

fn renew(_: &mut Ctx, lease: Lease, increment: Duration) -> Result<Renewal> {
    Ok(Renewal::to(Terms {
        ttl: increment,
        ..lease.terms
    }))
}

fn revoke(ctx: &mut Ctx, lease: Lease) -> Result<()> {
    ctx.delete(&lease.private::<String>()?)
}

fn ask(ctx: &mut Ctx, (): ()) -> Result<Reply> {
    let request = ctx
        .http("POST", "https://upstream.example/x")
        .header("a", "b");
    let response = request
        .body(b"hello")
        .timeout(Duration::from_secs(5))
        .send()?;
    Reply::data(&json!({ "status": response.status }))
}

fn who(ctx: &Ctx, (): ()) -> Result<Reply> {
    Reply::data(&json!({ "name": ctx.caller_display_name(), "at": ctx.now_ms() }))
}

#[test]
fn reads_back_what_was_written() {
    let mount = TestMount::new(engine());
    mount
        .update("data/team/db", json!({ "user": "app", "path": 1 }))
        .unwrap();
    let read = mount.read("data/team/db").unwrap();
    assert_eq!(read.to_value(), json!({ "user": "app", "path": 1 }));
    assert_eq!(
        mount.list("data").unwrap(),
        Reply::Keys(vec![".started".into(), "team/".into()])
    );
    assert_eq!(
        mount.list("data/team").unwrap(),
        Reply::Keys(vec!["db".into()])
    );
    assert_eq!(
        mount.scan("data").unwrap(),
        Reply::Keys(vec![".started".into(), "team/db".into()])
    );
    mount.delete("data/team/db").unwrap();
    assert_eq!(mount.read("data/team/db"), Err(not_found()));
    assert_eq!(mount.list("data/team"), Err(not_found()));
}

#[test]
fn numbers_survive_as_they_were_written() {
    let mount = TestMount::new(engine());
    let exact: Json = serde_json::from_str(r#"{"a":12345678901234567890,"b":1.50}"#).unwrap();
    mount.update("data/n", exact).unwrap();
    let Reply::Data(data) = mount.read("data/n").unwrap() else {
        panic!("no data");
    };
    assert_eq!(data.as_str(), r#"{"a":12345678901234567890,"b":1.50}"#);
}

#[test]
fn a_failing_handler_leaves_nothing() {
    let mount = TestMount::new(engine());
    assert_eq!(
        mount.update("data/poison", json!({})),
        Err(invalid("not this one"))
    );
    assert_eq!(mount.stored_value("data/poison"), Json::Null);
    assert_eq!(mount.warnings(), Vec::<String>::new());
}

#[test]
fn failing_storage_is_told_and_leaves_nothing() {
    let mount = TestMount::new(engine());
    let failure = mount
        .failing_storage_at(1)
        .update("data/a", json!({ "k": 1 }))
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    mount
        .failing_storage_at(2)
        .update("data/a", json!({ "k": 1 }))
        .unwrap();
    assert_eq!(mount.storage_calls(), 1);
}

#[test]
fn fields_have_defaults_and_kinds() {
    let mount = TestMount::new(engine());
    let given = mount.update(
        "roles/a",
        json!({ "ttl": "1h30m", "hosts": "a, b", "zz": 1 }),
    );
    let expected = json!({ "ttl": 5400, "type": "plain", "hosts": ["a", "b"], "remark": "kept" });
    assert_eq!(given.unwrap().to_value(), expected);
    assert_eq!(
        mount.warnings(),
        ["Endpoint ignored these unrecognized parameters: [zz]"]
    );
    let given = mount.patch("roles/a", json!({ "type": "fancy", "remark": null }));
    let expected = json!({ "ttl": 3600, "type": "fancy", "hosts": null, "remark": "cleared" });
    assert_eq!(given.unwrap().to_value(), expected);
    let failure = mount
        .update("roles/a", json!({ "type": "grey" }))
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid);
    let failure = mount.update("roles/-", json!({})).unwrap_err();
    assert_eq!(
        failure,
        Failure::new(FailureKind::NotFound, "unsupported path")
    );
}

#[test]
fn existence_is_told_without_writing() {
    let mount = TestMount::new(engine());
    let exists = || {
        mount
            .exists(Operation::Update, "data/a", json!({ "k": 1 }))
            .unwrap()
    };
    assert_eq!(exists(), Some(false));
    mount.update("data/a", json!({ "k": 1 })).unwrap();
    assert_eq!(exists(), Some(true));
    assert_eq!(
        mount.exists(Operation::Update, "roles/a", json!({})),
        Ok(None)
    );
}

#[test]
fn a_lease_is_renewed_and_taken_back() {
    let mount = TestMount::new(engine());
    let Reply::Secret(secret) = mount.read("creds/a").unwrap() else {
        panic!("no secret");
    };
    let lease = mount.lease_of(&secret);
    let key: String = lease.private().unwrap();
    assert_ne!(mount.stored_value(&key), Json::Null);
    let renewed = mount.renew(lease.clone(), Duration::from_secs(60)).unwrap();
    assert_eq!(renewed.terms.ttl, Duration::from_secs(60));
    mount.revoke(lease.clone()).unwrap();
    assert_eq!(mount.stored_value(&key), Json::Null);
    mount.revoke(lease).unwrap();
}

#[test]
fn an_upstream_is_what_the_test_says() {
    let mount = TestMount::new(engine());
    let failure = mount.update("ask", json!({})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid);
    mount.with_upstream(|sent| {
        assert_eq!(
            (sent.method.as_str(), sent.body.as_slice()),
            ("POST", b"hello".as_slice())
        );
        Ok(sdk::http::Response {
            status: 418,
            ..sdk::http::Response::default()
        })
    });
    assert_eq!(
        mount.update("ask", json!({})).unwrap().to_value(),
        json!({ "status": 418 })
    );
}

#[test]
fn callers_times_and_options_are_what_the_test_says() {
    let mount = TestMount::new(engine());
    mount.as_caller(Caller::named("alice")).at_time(5);
    let who = mount.read("who").unwrap().to_value();
    assert_eq!(who, json!({ "name": "alice", "at": 5 }));
    assert_eq!(mount.stored_value("data/.started"), Json::Null);
    mount.with_option("mode", "shut").unwrap();
    assert_eq!(mount.stored_value("data/.started"), json!("shut"));
    let failure = mount.read("data/a").unwrap_err();
    assert_eq!(
        failure,
        Failure::new(FailureKind::NotFound, "unsupported path")
    );
    let failure = mount.delete("who").unwrap_err();
    assert_eq!(failure, unsupported());
}

#[test]
fn passwords_are_of_the_policies_that_the_test_has() {
    let mount = TestMount::new(engine());
    mount
        .with_password_policy("strong", "abc", 20)
        .with_password_policy("empty", "", 20);
    let made = |name: &str| mount.update(&format!("passwords/{name}"), json!({}));
    let (first, second) = (made("strong").unwrap(), made("strong").unwrap());
    let text = first.to_value();
    let text = text["password"].as_str().unwrap();
    assert_eq!(text.len(), 20);
    assert!(text.chars().all(|one| "abc".contains(one)), "{text}");
    assert_ne!(first.to_value(), second.to_value());
    let unknown = made("weak").unwrap_err();
    assert_eq!(unknown.kind, FailureKind::Invalid);
    assert_eq!(unknown.message, r#"password policy "weak" does not exist"#);
    let unmet = made("empty").unwrap_err();
    assert!(unmet.message.starts_with("hardly any password"));
}
