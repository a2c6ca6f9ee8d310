//! Rate limits: asked before anything else is done for a request.

use super::{Current, and_around, roles};
use crate::pipeline::{Place, operation};
use crate::tables::Mount;
use crate::trail::Trail;
use crate::unsealed::Unsealed;
use base::{RateReport, RateRoom, Refusal, RefusalKind, Request};
use core::time::Duration;
use gate::{Asked, Rate, Verdict};
use manifest::Access;
use std::sync::Arc;

/// What rate limits say of a request.
#[derive(Default)]
pub(crate) struct Limited {
    /// Why it must not go on.
    pub(crate) refusal: Option<Refusal>,
    /// What the client is told.
    pub(crate) report: RateReport,
}

impl Unsealed {
    /// Takes the room of a request under the limit that it falls under.
    pub(crate) async fn limit_rate(self: &Arc<Self>, request: &Request) -> Limited {
        if let Err(refusal) = self.refresh().await {
            return Limited {
                refusal: Some(refusal),
                ..Limited::default()
            };
        }
        let current = self.quotas.current();
        // Without a namespace of that name it is a request like others.
        let place = Place::find(&self.tables(), request).ok();
        let role = self.role_of(&current, request, place.as_ref()).await;
        let place = place.as_ref();
        let Some((number, rate)) = self.rate_of(&current, request, place, role.as_deref()) else {
            return Limited::default();
        };
        let client = request.client.address.ip();
        let verdict = self.quotas.windows.take(number, &rate, client, self.now());
        let report = match current.config.tells_headers {
            true => report(&rate, verdict),
            false => RateReport::default(),
        };
        let refusal = match verdict {
            Verdict::Passes { .. } => None,
            Verdict::Exceeds { .. } | Verdict::Blocked { .. } => {
                Some(self.refuse(&current, request, place))
            }
        };
        Limited { refusal, report }
    }

    /// The role of a login, where there are quotas for roles.
    async fn role_of(
        self: &Arc<Self>,
        current: &Current,
        request: &Request,
        place: Option<&Place>,
    ) -> Option<String> {
        let place = place?;
        let mount = place.mount.as_ref()?;
        if !current.rate_rules.wants_role(mount.0.id) {
            return None;
        }
        let below = place.path.as_str().strip_prefix(mount.0.path.as_str())?;
        if !is_login(request, mount, below) {
            return None;
        }
        match request.data.get("role").and_then(serde_json::Value::as_str) {
            Some(role) => Some(role.to_owned()),
            None => roles::asked(self, place, mount, request).await,
        }
    }

    /// The limit of a request, and under which number it counts.
    fn rate_of(
        &self,
        current: &Current,
        request: &Request,
        place: Option<&Place>,
        role: Option<&str>,
    ) -> Option<(u64, Rate)> {
        let path = place.map_or(request.path.as_str(), |place| place.path.as_str());
        let around = place.map_or("", |place| &place.namespace.path);
        if current.exempt.holds(path) || current.exempt_everywhere.holds(&format!("{around}{path}"))
        {
            return None;
        }
        let mount = place.and_then(|place| place.mount.as_ref());
        let tables = self.tables();
        let namespace = place.map_or_else(|| tables.namespaces.root(), |place| &place.namespace);
        let below = place.zip(mount).and_then(|(place, mount)| {
            let path = place.path.as_str();
            path.strip_prefix(mount.0.path.as_str())
        });
        let asked = Asked {
            namespaces: &and_around(&tables.namespaces, namespace),
            mount: mount.map(|mount| mount.0.id),
            below: below.unwrap_or_default(),
            role,
        };
        let counting = current.rates.get(current.rate_rules.find(&asked)?)?;
        Some((counting.number, counting.quota.limit.rate()?))
    }

    /// Refuses it, and records that where it is wanted.
    fn refuse(
        self: &Arc<Self>,
        current: &Current,
        request: &Request,
        place: Option<&Place>,
    ) -> Refusal {
        let path = request.path.as_str();
        let text = format!("request path {path:?}: rate limit quota exceeded");
        let refusal = Refusal::new(RefusalKind::TooMany, text);
        if !current.config.audits {
            return refusal;
        }
        let mut trail = Trail::new(self);
        if let Some(place) = place {
            trail.place(place);
        }
        let recorded = trail.response(self, request, &Err(refusal.clone()));
        recorded.err().unwrap_or(refusal)
    }
}

fn is_login(request: &Request, mount: &Mount, below: &str) -> bool {
    let route = || {
        let (manifest, matcher) = mount.1.routes()?;
        let found = matcher.find(operation(request.operation)?, below).ok()?;
        manifest.routes.get(found.route)
    };
    route().is_some_and(|route| route.access == Access::Login)
}

fn report(rate: &Rate, verdict: Verdict) -> RateReport {
    let room = |remaining, reset: Duration| {
        Some(RateRoom {
            limit: rate.requests,
            remaining,
            reset: until(reset),
        })
    };
    match verdict {
        Verdict::Passes { remaining, reset } => RateReport {
            room: room(remaining, reset),
            retry_after: None,
        },
        Verdict::Exceeds { reset, retry } => RateReport {
            room: room(0, reset),
            retry_after: Some(until(retry)),
        },
        Verdict::Blocked { retry } => RateReport {
            room: None,
            retry_after: Some(until(retry)),
        },
    }
}

/// Whole seconds. The moment itself is never quite there yet when a client learns of it.
fn until(time: Duration) -> u64 {
    time.saturating_sub(Duration::from_millis(1)).as_secs()
}
