//! `identity/mfa/method/duo` and its like: factors that another company's service checks. There are none.

use super::check_id;
use crate::mfa;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, on, path};
use base::{Answer, Refusal};
use manifest::Access::Token;
use manifest::Operation::{Delete, List, Read, Update};

const AT: &[NativeField] = &[path("method_id", "The method.")];

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(List, "mfa/method/duo", Token, Now(list), &[], "Lists no method."),
    on(Update, "mfa/method/duo", Token, Now(|_| write("duo")), &[], "Is refused."),
    on(Read, "mfa/method/duo/{method_id}", Token, Now(|ask| read(ask, "duo")), AT, "Reads no method."),
    on(Update, "mfa/method/duo/{method_id}", Token, Now(|_| write("duo")), AT, "Is refused."),
    on(Delete, "mfa/method/duo/{method_id}", Token, Now(|ask| delete(ask, "duo")), AT, "Deletes no method."),
    on(List, "mfa/method/okta", Token, Now(list), &[], "Lists no method."),
    on(Update, "mfa/method/okta", Token, Now(|_| write("okta")), &[], "Is refused."),
    on(Read, "mfa/method/okta/{method_id}", Token, Now(|ask| read(ask, "okta")), AT, "Reads no method."),
    on(Update, "mfa/method/okta/{method_id}", Token, Now(|_| write("okta")), AT, "Is refused."),
    on(Delete, "mfa/method/okta/{method_id}", Token, Now(|ask| delete(ask, "okta")), AT, "Deletes no method."),
    on(List, "mfa/method/pingid", Token, Now(list), &[], "Lists no method."),
    on(Update, "mfa/method/pingid", Token, Now(|_| write("pingid")), &[], "Is refused."),
    on(Read, "mfa/method/pingid/{method_id}", Token, Now(|ask| read(ask, "pingid")), AT, "Reads no method."),
    on(Update, "mfa/method/pingid/{method_id}", Token, Now(|_| write("pingid")), AT, "Is refused."),
    on(Delete, "mfa/method/pingid/{method_id}", Token, Now(|ask| delete(ask, "pingid")), AT, "Deletes no method."),
];

fn list(_: &mut Ask<'_>) -> Told {
    Err(Refusal::not_found())
}

fn write(kind: &str) -> Told {
    Err(Refusal::invalid(format!(
        "MFA methods of type {kind} ask a service outside of this server, which is not supported: use totp"
    )))
}

/// A method of another kind is none of this one.
fn check(ask: &mut Ask<'_>, kind: &str) -> Result<(), Refusal> {
    let id = ask.text("method_id").to_owned();
    check_id(&id)?;
    match mfa::method(ask.tx, ask.namespace.id, &id)? {
        None => Ok(()),
        Some(_) => Err(Refusal::invalid(format!(
            "failed to find the method ID under MFA type {kind}."
        ))),
    }
}

fn read(ask: &mut Ask<'_>, kind: &str) -> Told {
    check(ask, kind)?;
    Err(Refusal::not_found())
}

fn delete(ask: &mut Ask<'_>, kind: &str) -> Told {
    check(ask, kind)?;
    Ok(Answer::Empty)
}
