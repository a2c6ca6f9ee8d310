//! What a node counts and times. Of a usual request: one time, by mount and operation, of which all
//! others are sums.

use crate::in_flight::InFlight;
use crate::tables::Mount;
use base::{MountId, NamespaceId, Operation};
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use telemetry::{Config, Counter, Distribution, Metric, Scrape, Timer};

/// Everything that is counted in a node, for the life of the process.
#[derive(Default)]
pub struct Meters {
    mounts: Mutex<HashMap<(NamespaceId, MountId), Arc<MountTimes>>>,
    /// Of mounts that are gone.
    gone: Mutex<Gone>,
    /// Requests that lead to no mount.
    pub(crate) astray: Timer,
    pub(crate) audit_requests: Timer,
    pub(crate) audit_requests_failed: Counter,
    pub(crate) audit_responses: Timer,
    pub(crate) audit_responses_failed: Counter,
    pub(crate) commits: Timer,
    /// Of this secondary with its primary, what was fetched by that included.
    pub(crate) comparisons: Timer,
    pub(crate) revocations: Timer,
    tokens: Mutex<BTreeMap<TokenMade, u64>>,
    /// When leases were last counted, and how many there were.
    pub(crate) leases: Mutex<Option<(Duration, f64)>>,
    pub(crate) scrape: Scrape,
    pub(crate) in_flight: InFlight,
}

#[derive(Default)]
struct Gone {
    requests: Distribution,
    logins: Distribution,
}

/// Labels of `token.creation`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenMade {
    pub(crate) namespace: String,
    pub(crate) method: String,
    pub(crate) mount_point: String,
    pub(crate) ttl: &'static str,
    pub(crate) kind: &'static str,
}

/// Different labels that are told apart; what comes later is counted together.
const TOKEN_LABELS_MAX: usize = 500;

/// What a request is, beside its mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Work(Operation),
    Login,
}

/// Names of operations in metrics, in the order of the timers; logins come last.
const OPERATIONS: [&str; 7] = ["read", "update", "patch", "delete", "list", "scan", "help"];
const LOGIN: usize = OPERATIONS.len();

const fn position(purpose: Purpose) -> usize {
    match purpose {
        Purpose::Work(Operation::Read) => 0,
        Purpose::Work(Operation::Update) => 1,
        Purpose::Work(Operation::Patch) => 2,
        Purpose::Work(Operation::Delete) => 3,
        Purpose::Work(Operation::List) => 4,
        Purpose::Work(Operation::Scan) => 5,
        Purpose::Work(Operation::Help) => 6,
        Purpose::Login => LOGIN,
    }
}

/// The times of a mount's requests. Memory is taken for what was asked for.
#[derive(Default)]
pub(crate) struct MountTimes([OnceLock<Box<Timer>>; LOGIN + 1]);

impl MountTimes {
    pub(crate) fn record(&self, purpose: Purpose, took: Duration) {
        if let Some(timer) = self.0.get(position(purpose)) {
            timer.get_or_init(Box::default).record(took);
        }
    }

    fn read(&self, position: usize) -> Option<Distribution> {
        let timer = self.0.get(position)?.get()?;
        Some(timer.read())
    }

    /// All of them but logins.
    fn requests(&self) -> Distribution {
        let each = (0..LOGIN).filter_map(|position| self.read(position));
        each.fold(Distribution::default(), |sum, one| sum.plus(&one))
    }

    fn logins(&self) -> Distribution {
        self.read(LOGIN).unwrap_or_default()
    }
}

impl Meters {
    /// With these settings.
    pub fn new(config: Config) -> Self {
        Self {
            scrape: Scrape::new(config),
            ..Self::default()
        }
    }

    /// The times of a mount, which outlive what runs it.
    pub(crate) fn times_of(&self, namespace: NamespaceId, mount: MountId) -> Arc<MountTimes> {
        let mut mounts = self.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(mounts.entry((namespace, mount)).or_default())
    }

    /// A token was made.
    pub(crate) fn token_made(&self, made: TokenMade) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = tokens.contains_key(&made) || tokens.len() < TOKEN_LABELS_MAX;
        let made = match is_known {
            true => made,
            false => TokenMade {
                mount_point: String::from("others"),
                ..made
            },
        };
        if is_known || tokens.contains_key(&made) || tokens.len() < 2 * TOKEN_LABELS_MAX {
            *tokens.entry(made).or_default() += 1;
        }
    }

    /// Forgets the times of mounts that are gone, but not what they add to the sums.
    pub(crate) fn keep_only(&self, is_there: impl Fn(NamespaceId, MountId) -> bool) {
        let mut mounts = self.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        mounts.retain(|(namespace, mount), times| {
            let stays = is_there(*namespace, *mount);
            if !stays {
                gone.requests = core::mem::take(&mut gone.requests).plus(&times.requests());
                gone.logins = core::mem::take(&mut gone.logins).plus(&times.logins());
            }
            stays
        });
    }

    /// What is counted, without what only an unsealed node knows.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let mut metrics = self.of_requests();
        metrics.extend([
            Metric::timer("audit.log_request", self.audit_requests.read()),
            Metric::timer("audit.log_response", self.audit_responses.read()),
            Metric::counter(
                "audit.log_request_failure",
                self.audit_requests_failed.read(),
            ),
            Metric::counter(
                "audit.log_response_failure",
                self.audit_responses_failed.read(),
            ),
            Metric::timer("expire.revoke", self.revocations.read()),
        ]);
        metrics
    }

    fn of_requests(&self) -> Vec<Metric> {
        let mounts = self.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        let mut requests = gone.requests.clone().plus(&self.astray.read());
        let mut logins = gone.logins.clone();
        for times in mounts.values() {
            requests = requests.plus(&times.requests());
            logins = logins.plus(&times.logins());
        }
        vec![
            Metric::timer("core.handle_request", requests),
            Metric::timer("core.handle_login_request", logins),
        ]
    }

    /// The times of one mount, by the path under which it is known now.
    pub(crate) fn of_mount(
        &self,
        namespace: NamespaceId,
        prefix: &str,
        mount: &Mount,
    ) -> Vec<Metric> {
        let times = self.times_of(namespace, mount.0.id);
        let place = format!("{prefix}{}", mount.0.path).replace('/', "-");
        let each = OPERATIONS
            .iter()
            .enumerate()
            .filter_map(|(position, name)| {
                let own = times.read(position);
                // To log in is to write.
                let login = (*name == "update").then(|| times.read(LOGIN)).flatten();
                let both = match (own, login) {
                    (Some(own), Some(login)) => own.plus(&login),
                    (own, login) => own.or(login)?,
                };
                Some(Metric::timer(format!("route.{name}.{place}"), both))
            });
        each.collect()
    }

    /// How many tokens were made.
    pub(crate) fn of_tokens(&self, cluster: &str) -> Vec<Metric> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let each = tokens.iter().map(|(made, count)| {
            Metric::counter("token.creation", *count)
                .label("auth_method", made.method.as_str())
                .label("cluster", cluster)
                .label("creation_ttl", made.ttl)
                .label("mount_point", made.mount_point.as_str())
                .label("namespace", made.namespace.as_str())
                .label("token_type", made.kind)
        });
        each.collect()
    }
}

/// Vault's classes of lifetimes.
pub(crate) fn ttl_class(ttl: Duration) -> &'static str {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const CLASSES: [(u64, &str); 9] = [
        (MINUTE, "1m"),
        (10 * MINUTE, "10m"),
        (20 * MINUTE, "20m"),
        (HOUR, "1h"),
        (2 * HOUR, "2h"),
        (DAY, "1d"),
        (2 * DAY, "2d"),
        (7 * DAY, "7d"),
        (30 * DAY, "30d"),
    ];
    let seconds = ttl.as_secs();
    let class = CLASSES.iter().find(|(max, _)| seconds <= *max);
    match class {
        Some((_, name)) if seconds > 0 => name,
        _ => "+Inf",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: NamespaceId = NamespaceId::ROOT;

    fn count(metrics: &[Metric], name: &str) -> u64 {
        let metric = metrics.iter().find(|metric| metric.name == name).unwrap();
        match &metric.reading {
            telemetry::Reading::Timer(times) => times.count(),
            telemetry::Reading::Counter(count) => *count,
            telemetry::Reading::Gauge(_) => panic!("a gauge"),
        }
    }

    #[test]
    fn sums_outlive_the_mounts() {
        let meters = Meters::default();
        let (one, other) = (MountId::new(1), MountId::new(2));
        let took = Duration::from_millis(1);
        meters
            .times_of(ROOT, one)
            .record(Purpose::Work(Operation::Read), took);
        meters.times_of(ROOT, one).record(Purpose::Login, took);
        meters
            .times_of(ROOT, other)
            .record(Purpose::Work(Operation::Update), took);
        meters.astray.record(took);
        for _ in 0..2 {
            let metrics = meters.metrics();
            assert_eq!(count(&metrics, "core.handle_request"), 3);
            assert_eq!(count(&metrics, "core.handle_login_request"), 1);
            meters.keep_only(|_, mount| mount == other);
        }
        assert_eq!(meters.mounts.lock().unwrap().len(), 1);
    }

    #[test]
    fn labels_of_tokens_are_bounded() {
        let meters = Meters::default();
        for number in 0..5000 {
            meters.token_made(TokenMade {
                namespace: String::from("root"),
                method: String::from("userpass"),
                mount_point: format!("auth/{number}/"),
                ttl: "1h",
                kind: "service",
            });
        }
        let metrics = meters.of_tokens("c");
        assert_eq!(metrics.len(), TOKEN_LABELS_MAX + 1);
        let all: u64 = metrics
            .iter()
            .map(|metric| count(core::slice::from_ref(metric), "token.creation"))
            .sum();
        assert_eq!(all, 5000);
    }

    #[test]
    fn classes_of_lifetimes() {
        let check = |seconds, expected| {
            assert_eq!(ttl_class(Duration::from_secs(seconds)), expected);
        };
        check(0, "+Inf");
        check(60, "1m");
        check(61, "10m");
        check(3600, "1h");
        check(32 * 86_400, "+Inf");
    }
}
