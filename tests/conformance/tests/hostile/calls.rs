//! Misbehavior in a call.

use crate::journal::Journal;
use crate::world::World;
use base::{RefusalKind, Timestamp};
use plugin::{CallError, FailureKind, Lease, LeaseTerms, Outcome};

/// Runs a route that ends badly: the reason is logged with where it happened, the caller gets a
/// message without it, and the mount still works.
async fn stopped(world: &World, path: &str, reason: &str) -> CallError {
    let journal = Journal::begin();
    let error = world.run(path).await.unwrap_err();
    assert!(error.is_fault(), "{path}: {error:?}");
    assert!(error.to_string().contains(reason), "{path}: {error}");
    let line = ["WARN", "component stopped", "hostile/", "request-1", reason];
    assert!(journal.has(&line), "{path}: {}", journal.text());
    let refusal = error.to_refusal();
    assert_eq!(refusal.kind, RefusalKind::Internal, "{path}");
    assert!(
        refusal.message.contains("plugin"),
        "{path}: {}",
        refusal.message
    );
    let neighbor = world.run("read").await.unwrap();
    assert!(matches!(neighbor.outcome, Outcome::Data(_)), "{path}");
    error
}

#[tokio::test]
async fn each_is_stopped_for_its_reason() {
    let world = World::engine();
    let reasons = [
        ("memory", "bytes of memory"),
        ("recursion", "call stack exhausted"),
        ("frames", "out of bounds memory access"),
        ("trap", "unreachable"),
        ("huge", "bytes in its answer"),
        ("huge-keys", "bytes in its answer"),
        ("floods", "written bytes"),
        ("calls", "storage calls"),
        ("bad-json", "data is not JSON"),
        ("bad-raw", "status 100"),
        ("bad-header", "malformed header"),
        ("bad-kind", "undeclared kind"),
        ("entropy", "random bytes at once"),
        ("passwords", "more than 100 passwords"),
        ("hoards", "resource"),
        ("mails", "bytes of HTTP requests in the making"),
    ];
    for (path, reason) in reasons {
        stopped(&world, path, reason).await;
    }
    stopped(&world.impatient(), "loops", "ran longer than 300ms").await;
}

#[tokio::test]
async fn nothing_of_a_call_that_failed_is_committed() {
    let world = World::engine();
    assert!(matches!(
        world.run("trap").await,
        Err(CallError::Trapped(_))
    ));
    assert_eq!(world.stored("data/half"), None);
    let Err(CallError::Failure(failure)) = world.run("fails").await else {
        panic!("it fails");
    };
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert_eq!(world.stored("data/half"), None);
    world.run("write").await.unwrap();
    assert_eq!(
        world.stored("data/value").as_deref(),
        Some(&br#"{"key":"value"}"#[..])
    );
}

#[tokio::test]
async fn nothing_is_open_outside_its_prefix() {
    let world = World::engine();
    world.store(["secret".to_owned()].into_iter());
    let journal = Journal::begin();
    assert_eq!(world.keys("outside").await, Vec::<String>::new());
    assert_eq!(world.stored("secret").as_deref(), Some(&b"x"[..]));
    assert!(journal.has(&[
        "WARN",
        "outside every declared prefix",
        "secret",
        "hostile/"
    ]));
}

#[tokio::test]
async fn a_component_may_go_on_after_a_value_that_is_too_large() {
    assert_eq!(World::engine().keys("large").await, ["1048576"]);
}

#[tokio::test]
async fn a_listing_of_many_keys_is_one_bounded_page() {
    let world = World::engine();
    world.fill((0..1_000_000).map(|number| format!("data/many/{number:06}")));
    assert_eq!(world.keys("list").await, ["1000", "000999"]);
}

#[tokio::test]
async fn a_scan_gives_every_key_once_and_in_order() {
    let world = World::engine();
    let keys = [
        "a", "a-b", "a/b", "a/b/c", "a/b/d", "a0", "b/c/d/e", "b/d", "c",
    ];
    world.store(keys.iter().map(|key| format!("data/{key}")));
    assert_eq!(world.keys("scan").await, keys);
}

#[tokio::test]
async fn a_flood_of_log_lines_is_cut_and_stays_on_its_lines() {
    let world = World::engine();
    let journal = Journal::begin();
    world.run("logs").await.unwrap();
    let text = journal.text();
    assert_eq!(text.lines().count(), 101);
    assert!(journal.has(&["WARN", "only 100 log lines", "hostile/", "request-1"]));
    assert!(!text.contains("\nERROR"));
    assert!(text.lines().all(|line| line.len() < 2_300));
}

#[tokio::test]
async fn what_only_reads_cannot_write() {
    let world = World::engine();
    let matched = world.matched("read");
    let done = world.component.exists(world.call(), matched).await.unwrap();
    assert!(!done.value);
    let method = World::method();
    let matched = method.matched("login");
    let done = method
        .component
        .identify(method.call(), matched)
        .await
        .unwrap();
    assert_eq!(done.value.as_deref(), Some("login"));
}

#[tokio::test]
async fn only_a_login_route_grants() {
    let world = World::method();
    let Outcome::Grant(grant) = world.run("login").await.unwrap().outcome else {
        panic!("a login grants");
    };
    assert_eq!(grant.alias, "mallory");
    let journal = Journal::begin();
    let error = world.run("config").await.unwrap_err();
    assert!(matches!(error, CallError::GrantNotAllowed(1)), "{error:?}");
    assert!(journal.has(&["WARN", "granted a token on route 1", "hostile-method"]));
    let error = world.run("nameless").await.unwrap_err();
    assert!(matches!(error, CallError::BadReply(_)), "{error:?}");
    let renewed = world
        .component
        .renew_grant(world.call(), *grant, 30)
        .await
        .unwrap()
        .value;
    assert_eq!(renewed.terms.ttl_seconds, 30);
    assert_eq!(renewed.warnings, [r#"{"kept":true}"#]);
}

#[tokio::test]
async fn leases_come_back_and_their_answers_are_checked() {
    let world = World::engine();
    let lease = Lease {
        id: "hostile/creds/1".to_owned(),
        kind: "declared".to_owned(),
        private: base::Json::of("handle"),
        issued_at: Timestamp::from_millis(1),
        terms: LeaseTerms::default(),
    };
    let renewed = world
        .component
        .renew_lease(world.call(), lease.clone(), 30)
        .await;
    assert!(matches!(renewed, Err(CallError::BadReply(_))));
    let mut done = world
        .component
        .revoke(world.call(), lease.clone())
        .await
        .unwrap();
    let kept = done.view.get("data/revoked").unwrap().unwrap();
    assert_eq!(kept.expose(), br#""handle""#);
    let method = World::method();
    let wrong = method.component.revoke(method.call(), lease).await;
    assert!(matches!(wrong, Err(CallError::NoSuchExport("revoke"))));
}

#[tokio::test]
async fn start_and_tick_are_bounded_like_any_call() {
    let world = World::engine();
    let mut done = world.component.start(world.call()).await.unwrap();
    assert!(done.view.get("data/started").unwrap().is_some());
    let world = world.impatient();
    let stopped = world.component.tick(world.call()).await;
    assert!(matches!(stopped, Err(CallError::Deadline(_))));
}

#[tokio::test]
async fn a_write_that_belongs_elsewhere_drops_the_instance() {
    let mut world = World::engine();
    world.fence = barrier::WriteFence::LocalOnly;
    let error = world.run("write").await.unwrap_err();
    assert!(matches!(error, CallError::WrongPlace), "{error:?}");
    assert!(!error.is_fault());
    assert!(matches!(
        world.run("read").await.unwrap().outcome,
        Outcome::Data(_)
    ));
}

#[tokio::test]
async fn a_checkpoint_commits_what_was_before_it() {
    let world = World::engine();
    assert_eq!(world.keys("checkpoint").await, ["Ok(())"]);
    assert!(world.stored("data/before").is_some());
    assert!(world.stored("data/after").is_some());
}

#[tokio::test]
async fn keys_are_used_and_never_seen() {
    let world = World::engine();
    let went = world.keys("keys").await;
    let expected = [
        "opens",
        "forged",
        "export",
        "exists",
        "stored",
        "outside",
        "unknown",
        "hidden",
        "signs",
        "signs-ecdsa",
        "signs-rsa",
        "mac",
        "exports",
        "derives",
        "wraps",
        "agrees",
        "lists",
        "deletes",
        "password",
        "wrong-password",
        "digest",
    ];
    assert_eq!(went, expected);
}

#[tokio::test]
async fn nothing_outside_is_granted() {
    assert_eq!(
        World::engine().keys("outbound").await,
        ["http://169.254.169.254/"]
    );
}

#[tokio::test]
async fn a_password_is_made_by_a_policy_that_there_is_and_no_other() {
    let told = World::engine().keys("policies").await;
    assert_eq!(told.len(), 6);
    assert_eq!(told[0], "password");
    for other in &told[1..] {
        assert!(other.contains("UnknownPolicy"), "{other}");
    }
}
