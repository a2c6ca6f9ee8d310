//! `sys/health`: the body, and the status that the asker may choose for each state.

use crate::envelope::Writer;
use crate::query::read_flag;
use base::HealthReport;
use http::StatusCode;

/// What the caller asked `sys/health` for. Names it does not know are ignored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HealthQuery {
    active: StatusCode,
    standby: StatusCode,
    sealed: StatusCode,
    uninitialized: StatusCode,
    standby_is_fine: bool,
}

impl HealthQuery {
    /// Reads the overrides. None when one is malformed.
    pub(crate) fn read(query: &[(String, String)]) -> Option<Self> {
        let mut wanted = Self {
            active: StatusCode::OK,
            standby: StatusCode::TOO_MANY_REQUESTS,
            sealed: StatusCode::SERVICE_UNAVAILABLE,
            uninitialized: StatusCode::NOT_IMPLEMENTED,
            standby_is_fine: false,
        };
        for (name, value) in query {
            match name.as_str() {
                // Without a value it is wanted, as with `?standbyok`.
                "standbyok" => wanted.standby_is_fine = value.is_empty() || read_flag(value)?,
                "perfstandbyok" => {
                    read_flag(value)?;
                }
                "activecode" => wanted.active = read_code(value)?,
                "standbycode" => wanted.standby = read_code(value)?,
                "sealedcode" => wanted.sealed = read_code(value)?,
                "uninitcode" => wanted.uninitialized = read_code(value)?,
                "drsecondarycode"
                | "performancestandbycode"
                | "removedcode"
                | "haunhealthycode" => {
                    read_code(value)?;
                }
                _ => {}
            }
        }
        Some(wanted)
    }

    /// The status for a state.
    pub(crate) const fn status(self, report: &HealthReport) -> StatusCode {
        match (report.initialized, report.sealed, report.standby) {
            (false, _, _) => self.uninitialized,
            (true, true, _) => self.sealed,
            (true, false, true) if self.standby_is_fine => self.active,
            (true, false, true) => self.standby,
            (true, false, false) => self.active,
        }
    }
}

fn read_code(value: &str) -> Option<StatusCode> {
    // 1xx are no final answers, and some clients take them for a broken server.
    let code = value.parse().ok().filter(|code| *code >= 200)?;
    StatusCode::from_u16(code).ok()
}

/// The body.
pub(crate) fn write_health(report: &HealthReport) -> Vec<u8> {
    let mut out = Writer(Vec::with_capacity(400));
    out.field("{\"initialized\":", &report.initialized);
    out.field(",\"sealed\":", &report.sealed);
    out.field(",\"standby\":", &report.standby);
    out.field(",\"performance_standby\":", &false);
    out.field(
        ",\"replication_performance_mode\":",
        report.performance_mode,
    );
    out.field(",\"replication_dr_mode\":", report.recovery_mode);
    out.field(",\"server_time_utc\":", &report.server_time_utc);
    out.field(",\"version\":", &report.version);
    out.raw(",\"enterprise\":false");
    if let Some((name, id)) = &report.cluster {
        out.field(",\"cluster_name\":", name);
        out.field(",\"cluster_id\":", id);
    }
    if let Some(replicated) = &report.replicated {
        out.field(",\"last_wal\":", &replicated.last_wal);
    }
    let replicated = report.replicated.unwrap_or_default();
    out.raw(",\"echo_duration_ms\":0");
    out.field(",\"clock_skew_ms\":", &replicated.clock_skew_ms);
    let age = &replicated.age_ms;
    out.field(",\"replication_primary_canary_age_ms\":", age);
    out.raw("}\n");
    out.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        let report = |initialized, sealed, standby| HealthReport {
            performance_mode: if sealed { "unknown" } else { "disabled" },
            recovery_mode: "disabled",
            replicated: None,
            initialized,
            sealed,
            standby,
            server_time_utc: 1,
            version: String::new(),
            cluster: None,
        };
        let check = |query: &str, report: HealthReport, expected: Option<u16>| {
            let pairs = crate::query::read_pairs(query).unwrap();
            let status = HealthQuery::read(&pairs).map(|q| q.status(&report).as_u16());
            assert_eq!(status, expected, "{query}");
        };
        check("", report(true, false, false), Some(200));
        check("", report(true, false, true), Some(429));
        check("", report(true, true, true), Some(503));
        check("", report(false, true, true), Some(501));
        check("standbyok=true", report(true, false, true), Some(200));
        check("standbyok", report(true, false, true), Some(200));
        check(
            "standbyok=1&activecode=204",
            report(true, false, true),
            Some(204),
        );
        check("standbyok=false", report(true, false, true), Some(429));
        check("standbyok=zz", report(true, false, false), None);
        check("activecode=299&x=y", report(true, false, false), Some(299));
        check("standbycode=200", report(true, false, true), Some(200));
        check(
            "sealedcode=200&uninitcode=201",
            report(true, true, true),
            Some(200),
        );
        check(
            "sealedcode=200&uninitcode=201",
            report(false, true, true),
            Some(201),
        );
        check("activecode=zz", report(true, false, false), None);
        check("activecode=100", report(true, false, false), None);
        check("activecode=1200", report(true, false, false), None);
        // States that this server is never in: their codes are read, and answer nothing.
        for name in [
            "drsecondarycode",
            "performancestandbycode",
            "removedcode",
            "haunhealthycode",
        ] {
            let query = format!("{name}=299");
            check(&query, report(true, false, false), Some(200));
            check(&query, report(true, false, true), Some(429));
            check(&query, report(true, true, true), Some(503));
            check(&query, report(false, true, true), Some(501));
            check(&format!("{name}=zz"), report(true, false, false), None);
        }
        check("perfstandbyok=true", report(true, false, true), Some(429));
        check("perfstandbyok", report(true, false, false), Some(200));
        check("perfstandbyok=zz", report(true, false, false), None);
        // The active node of a secondary cluster is active.
        let secondary = HealthReport {
            performance_mode: "secondary",
            ..report(true, false, false)
        };
        check("drsecondarycode=299", secondary, Some(200));
    }
}
