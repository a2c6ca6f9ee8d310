//! `lease …`.

use super::seconds;
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::{Session, code};
use crate::tree::generic::Lease;
use serde_json::json;

pub(super) fn run(session: &mut Session<'_>, command: Lease) -> Result<u8, Stop> {
    match command {
        Lease::Lookup { id } => {
            let request = ApiRequest::put("sys/leases/lookup", json!({ "lease_id": id }));
            let answer = session
                .ask(&request)
                .during(&format!("error looking up lease id {id}"))?;
            session.show(&answer)
        }
        Lease::Renew { id, increment } => {
            let increment = seconds("increment", increment.as_deref())?;
            let body = json!({ "lease_id": id, "increment": increment });
            let request = ApiRequest::put("sys/leases/renew", body);
            let answer = session
                .ask(&request)
                .during(&format!("Error renewing {id}"))?;
            session.show(&answer)
        }
        Lease::Revoke {
            id,
            force,
            prefix,
            sync,
        } => {
            let how = Revoking::of(force, prefix, sync)?;
            revoke(session, id.trim_start_matches('/'), how)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revoking {
    One { sync: bool },
    Prefix { sync: bool },
    ForcedPrefix,
}

impl Revoking {
    fn of(force: bool, prefix: bool, sync: bool) -> Result<Self, Stop> {
        match (force, prefix) {
            (true, false) => Err(Stop::usage(
                "Specifying -force requires also specifying -prefix",
            )),
            (true, true) => Ok(Self::ForcedPrefix),
            (false, true) => Ok(Self::Prefix { sync }),
            (false, false) => Ok(Self::One { sync }),
        }
    }

    fn request(self, id: &str) -> ApiRequest {
        let id = id.trim_end_matches('/');
        match self {
            Self::One { sync } => {
                ApiRequest::put(format!("sys/leases/revoke/{id}"), json!({ "sync": sync }))
            }
            Self::Prefix { sync } => ApiRequest::put(
                format!("sys/leases/revoke-prefix/{id}"),
                json!({ "sync": sync }),
            ),
            Self::ForcedPrefix => ApiRequest::put_empty(format!("sys/leases/revoke-force/{id}")),
        }
    }
}

fn revoke(session: &mut Session<'_>, id: &str, how: Revoking) -> Result<u8, Stop> {
    let during = match how {
        Revoking::One { .. } => format!("Error revoking lease {id}"),
        Revoking::Prefix { .. } => format!("Error revoking leases with prefix {id}"),
        Revoking::ForcedPrefix => format!("Error force revoking leases with prefix {id}"),
    };
    session.ask(&how.request(id)).during(&during)?;
    match how {
        Revoking::One { sync: true } => session.success(&format!("Success! Revoked lease: {id}")),
        Revoking::Prefix { sync: true } => {
            session.success(&format!("Success! Revoked any leases with prefix: {id}"))
        }
        Revoking::One { sync: false } | Revoking::Prefix { sync: false } => {
            session.success("All revocation operations queued successfully!")
        }
        Revoking::ForcedPrefix => {
            session.warn(
                "Warning! Force-removing leases can cause the server to become out of sync with\n\
                 secret engines!",
            )?;
            session.success(&format!(
                "Success! Force revoked any leases with prefix: {id}"
            ))?;
            Ok(code::OK)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let check = |force, prefix, sync, path: &str| {
            let request = Revoking::of(force, prefix, sync).unwrap().request("a/b");
            assert_eq!(request.path, format!("sys/leases/{path}/a/b"));
        };
        check(false, false, false, "revoke");
        check(false, true, true, "revoke-prefix");
        check(true, true, false, "revoke-force");
        assert!(Revoking::of(true, false, false).is_err());
    }
}
