//! `cel/role`: programs with names.

use super::program::Program;
use crate::store;
use crate::token::times::Leeways;
use sdk::{Ctx, Fields, ListRange, Map, Reply, Result, invalid, json};
use serde::{Deserialize, Serialize};

/// Seconds, of a role that says nothing.
const CLOCK_SKEW_SECONDS: i64 = 60;
const LEEWAY_SECONDS: i64 = 150;

/// A role as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Role {
    pub(super) program: Program,
    pub(super) bound_audiences: Vec<String>,
    message: String,
    clock_skew_leeway: i64,
    expiration_leeway: i64,
    not_before_leeway: i64,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            program: Program::default(),
            bound_audiences: Vec::new(),
            message: String::new(),
            clock_skew_leeway: CLOCK_SKEW_SECONDS,
            expiration_leeway: LEEWAY_SECONDS,
            not_before_leeway: LEEWAY_SECONDS,
        }
    }
}

#[derive(Fields)]
pub(crate) struct At {
    /// Name of the role.
    #[field(path, kind = "name")]
    name: String,
}

#[derive(Fields)]
pub(crate) struct Write {
    /// Name of the role.
    #[field(path, kind = "name")]
    name: String,
    /// The program: "variables", a list of objects with "name" and "expression" that are evaluated in
    /// order, and "expression", whose value is a pb.Auth for a login, or false or a text for none.
    cel_program: Option<Map>,
    /// Audiences; where there are any, a token must be for one of them.
    bound_audiences: Option<Vec<String>>,
    /// A text for people.
    message: Option<String>,
    /// Seconds that clocks may differ by: 60 for 0, none for -1.
    #[field(kind = "signed-duration")]
    clock_skew_leeway: Option<i64>,
    /// Seconds that a token without an end is good for: 150 for 0, none for -1.
    #[field(kind = "signed-duration")]
    expiration_leeway: Option<i64>,
    /// Seconds before its end that a token without a start begins: 150 for 0, none for -1.
    #[field(kind = "signed-duration")]
    not_before_leeway: Option<i64>,
}

pub(crate) fn list(ctx: &Ctx, range: ListRange) -> Result<Reply> {
    range.names(ctx, store::CEL_ROLES).map(Reply::Keys)
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    store::delete_cel_role(ctx, &at.name)?;
    Ok(Reply::Empty)
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let role = store::cel_role(ctx, &at.name)?.ok_or_else(sdk::not_found)?;
    shown(&at.name, &role)
}

/// Replaces the role.
pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    if new.cel_program.is_none() {
        return Err(invalid("missing required field 'cel_program'"));
    }
    change(ctx, new, Role::default())
}

/// Changes what is named.
pub(crate) fn patch(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let role = store::cel_role(ctx, &new.name)?
        .ok_or_else(|| invalid("Unable to fetch cel role entry to patch"))?;
    change(ctx, new, role)
}

fn change(ctx: &mut Ctx, new: Write, mut role: Role) -> Result<Reply> {
    if let Some(program) = &new.cel_program {
        role.program.change(program).map_err(invalid)?;
    }
    if let Some(audiences) = new.bound_audiences {
        role.bound_audiences = audiences;
    }
    if let Some(message) = new.message {
        role.message = message;
    }
    for (leeway, given) in [
        (&mut role.clock_skew_leeway, new.clock_skew_leeway),
        (&mut role.expiration_leeway, new.expiration_leeway),
        (&mut role.not_before_leeway, new.not_before_leeway),
    ] {
        *leeway = given.unwrap_or(*leeway);
    }
    store::put_cel_role(ctx, &new.name, &role)?;
    shown(&new.name, &role)
}

fn shown(name: &str, role: &Role) -> Result<Reply> {
    Reply::data(&json!({
        "bound_audiences": role.bound_audiences,
        "cel_program": role.program,
        "clock_skew_leeway": role.clock_skew_leeway,
        "expiration_leeway": role.expiration_leeway,
        "message": role.message,
        "name": name,
        "not_before_leeway": role.not_before_leeway,
    }))
}

impl Role {
    pub(super) const fn leeways(&self) -> Leeways {
        Leeways {
            clock_skew: self.clock_skew_leeway,
            expiration: self.expiration_leeway,
            not_before: self.not_before_leeway,
        }
    }
}
