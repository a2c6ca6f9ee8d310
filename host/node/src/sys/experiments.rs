//! What Vault tells of settings that nobody uses here: which experiments are on, and for whom the
//! policies of groups count.

use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Refusal};
use manifest::Access::{Sudo, Token};
use manifest::FieldKind::Text;
use manifest::Operation::{Read, Update};
use serde_json::json;

const MODE: &[NativeField] = &[body(
    "group_policy_application_mode",
    Text,
    "`within_namespace_hierarchy`.",
)];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "experiments", Token, Now(list), &[], "Lists the experiments: there are none."),
    on(Read, "config/group-policy-application", Sudo, Now(read), &[], "Tells where policies of groups count."),
    on(Update, "config/group-policy-application", Sudo, Now(write), MODE, "Says where policies of groups count."),
];

/// Policies of a group count in the group's namespace and below it.
const WITHIN: &str = "within_namespace_hierarchy";

fn list(_: &mut Ask<'_>) -> Told {
    Ok(Answer::data(
        &json!({ "available_experiments": [], "enabled": [] }),
    ))
}

fn read(_: &mut Ask<'_>) -> Told {
    Ok(Answer::data(
        &json!({ "group_policy_application_mode": WITHIN }),
    ))
}

/// Takes what holds already: another mode is not there, and to say yes to it would be a lie.
fn write(ask: &mut Ask<'_>) -> Told {
    match ask.text("group_policy_application_mode") {
        WITHIN => Ok(Answer::Empty),
        "any" => Err(Refusal::invalid(
            "group_policy_application_mode \"any\" is not supported: policies of groups count within their namespace and below",
        )),
        _ => Err(Refusal::invalid(
            "group_policy_application_mode must be \"within_namespace_hierarchy\"",
        )),
    }
}
