//! One setting of a role at a time: each is read, changed, and set back to what a new role has.

use crate::networks;
use crate::role::{self, Role};
use crate::roles::{At, filled, unsupported_path, uses};
use sdk::prelude::*;
use sdk::{TokenFields, clean_policies};

fn read(ctx: &Ctx, at: &At, answer: impl FnOnce(Role) -> Json) -> Result<Reply> {
    let role = role::find(ctx, &at.role_name)?.ok_or_else(not_found)?;
    Reply::data(&answer(role))
}

fn change(
    ctx: &mut Ctx,
    name: &str,
    change: impl FnOnce(&mut Role) -> Result<()>,
) -> Result<Reply> {
    let mut role = role::find(ctx, name)?.ok_or_else(unsupported_path)?;
    change(&mut role)?;
    role::save(ctx, name, &role)?;
    Ok(Reply::Empty)
}

fn set_back(ctx: &mut Ctx, at: &At, set_back: impl FnOnce(&mut Role)) -> Result<Reply> {
    if let Some(mut role) = role::find(ctx, &at.role_name)? {
        set_back(&mut role);
        role::save(ctx, &at.role_name, &role)?;
    }
    Ok(Reply::Empty)
}

fn missing(name: &str) -> Failure {
    invalid(format!("missing {name}"))
}

pub(crate) fn read_local(ctx: &Ctx, at: At) -> Result<Reply> {
    read(
        ctx,
        &at,
        |role| json!({ "local_secret_ids": role.local_secret_ids }),
    )
}

/// A module for one setting: its fields, what is answered, how it is changed and set back.
macro_rules! parts {
    ($(
        $module:ident {
            fields { $($(#[$attribute:meta])* $field:ident: $type:ty,)+ }
            read: $read:expr;
            write: $write:expr;
            set_back: $set_back:expr;
        }
    )+) => {$(
        pub(crate) mod $module {
            use super::*;

            #[derive(Fields)]
            pub(crate) struct Write {
                /// Name of the role.
                #[field(path, kind = "name")]
                role_name: String,
                $($(#[$attribute])* $field: Option<$type>,)+
            }

            pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
                super::read(ctx, &at, $read)
            }

            pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
                let write: fn(&mut Role, $(Option<$type>),+) -> Result<()> = $write;
                change(ctx, &new.role_name, |role| write(role, $(new.$field),+))
            }

            pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
                super::set_back(ctx, &at, $set_back)
            }
        }
    )+};
}

parts! {
    bind_secret_id {
        fields {
            /// Does a login need a secret id?
            bind_secret_id: bool,
        }
        read: |role| json!({ "bind_secret_id": role.bind_secret_id });
        write: |role, binds| {
            role.bind_secret_id = binds.ok_or_else(|| missing("bind_secret_id"))?;
            Ok(())
        };
        set_back: |role| role.bind_secret_id = true;
    }
    secret_id_bound_cidrs {
        fields {
            /// Networks to log in from.
            secret_id_bound_cidrs: Vec<String>,
        }
        read: |role| json!({ "secret_id_bound_cidrs": role.secret_id_bound_cidrs });
        write: write_networks;
        set_back: |role| role.secret_id_bound_cidrs = None;
    }
    secret_id_num_uses {
        fields {
            /// How often a secret id can be used; 0 for any number.
            secret_id_num_uses: i64,
        }
        read: |role| json!({ "secret_id_num_uses": role.secret_id_num_uses });
        write: |role, given| {
            let given = given.ok_or_else(|| missing("secret_id_num_uses"))?;
            role.secret_id_num_uses = uses("secret_id_num_uses", given)?;
            Ok(())
        };
        set_back: |role| role.secret_id_num_uses = 0;
    }
    secret_id_ttl {
        fields {
            /// How long a secret id lives; 0 for no end.
            secret_id_ttl: Duration,
        }
        read: |role| json!({ "secret_id_ttl": role.secret_id_ttl });
        write: |role, ttl| {
            role.secret_id_ttl = ttl.ok_or_else(|| missing("secret_id_ttl"))?.as_secs();
            Ok(())
        };
        set_back: |role| role.secret_id_ttl = 0;
    }
    policies {
        fields {
            /// Policies of the tokens.
            token_policies: Vec<String>,
            /// Older name of `token_policies`.
            #[field(deprecated)]
            policies: Vec<String>,
        }
        read: |role| with_older(&role, json!({ "token_policies": role.token.token_policies }));
        write: |role, mut token_policies, policies| {
            role.older.take("policies", policies, &mut token_policies);
            let policies = token_policies.ok_or_else(|| missing("token_policies"))?;
            role.token.token_policies = clean_policies(policies);
            Ok(())
        };
        set_back: |role| {
            role.token.token_policies.clear();
            role.older.forget("policies");
        };
    }
    period {
        fields {
            /// Makes the tokens periodic: each renewal is for so long, without an end.
            token_period: Duration,
            /// Older name of `token_period`.
            #[field(deprecated)]
            period: Duration,
        }
        read: |role| with_older(&role, json!({ "token_period": role.token.token_period }));
        write: |role, mut token_period, period| {
            role.older.take("period", period, &mut token_period);
            let token_period = Some(token_period.ok_or_else(|| missing("period"))?);
            role.token.change(TokenFields { token_period, ..TokenFields::default() })
        };
        set_back: |role| {
            role.token.token_period = 0;
            role.older.forget("period");
        };
    }
    token_ttl {
        fields {
            /// How long a token lives at first; 0 for the mount's default.
            token_ttl: Duration,
        }
        read: |role| json!({ "token_ttl": role.token.token_ttl });
        write: |role, ttl| {
            let ttl = ttl.ok_or_else(|| missing("token_ttl"))?.as_secs();
            let max = role.token.token_max_ttl;
            if max > 0 && ttl > max {
                return Err(invalid("token_ttl should not be greater than token_max_ttl"));
            }
            role.token.token_ttl = ttl;
            Ok(())
        };
        set_back: |role| role.token.token_ttl = 0;
    }
    token_max_ttl {
        fields {
            /// How long a token lives at most, with all renewals; 0 for as long as the mount allows.
            token_max_ttl: Duration,
        }
        read: |role| json!({ "token_max_ttl": role.token.token_max_ttl });
        write: |role, max| {
            let max = max.ok_or_else(|| missing("token_max_ttl"))?.as_secs();
            if max > 0 && role.token.token_ttl > max {
                return Err(invalid("token_max_ttl should be greater than or equal to token_ttl"));
            }
            role.token.token_max_ttl = max;
            Ok(())
        };
        set_back: |role| role.token.token_max_ttl = 0;
    }
    token_num_uses {
        fields {
            /// How often a token can be used; 0 for any number.
            token_num_uses: i64,
        }
        read: |role| json!({ "token_num_uses": role.token.token_num_uses });
        write: |role, given| {
            let token_num_uses = Some(given.ok_or_else(|| missing("token_num_uses"))?);
            role.token.change(TokenFields { token_num_uses, ..TokenFields::default() })
        };
        set_back: |role| role.token.token_num_uses = 0;
    }
    token_bound_cidrs {
        fields {
            /// Networks that the tokens are good from; empty for all.
            token_bound_cidrs: Vec<String>,
        }
        read: |role| json!({ "token_bound_cidrs": filled(&role.token.token_bound_cidrs) });
        write: |role, token_bound_cidrs| {
            let changed = role.token.change(TokenFields { token_bound_cidrs, ..TokenFields::default() });
            changed.map_err(|failure| {
                invalid(format!("failed to parse token_bound_cidrs: {}", failure.message))
            })
        };
        set_back: |role| role.token.token_bound_cidrs.clear();
    }
}

/// The same as `secret_id_bound_cidrs`, by a name that nobody should use.
pub(crate) mod bound_cidr_list {
    use super::*;

    #[derive(Fields)]
    pub(crate) struct Write {
        /// Name of the role.
        #[field(path, kind = "name")]
        role_name: String,
        /// Networks to log in from.
        #[field(deprecated)]
        bound_cidr_list: Option<Vec<String>>,
    }

    pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
        ctx.warn(
            "The \"bound_cidr_list\" field is deprecated and will be removed. Please use \"secret_id_bound_cidrs\" instead.",
        );
        super::read(ctx, &at, |_| json!({ "bound_cidr_list": null }))
    }

    pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
        change(ctx, &new.role_name, |role| {
            write_networks(role, new.bound_cidr_list)
        })
    }

    pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
        set_back(ctx, &at, |role| role.secret_id_bound_cidrs = None)
    }
}

fn write_networks(role: &mut Role, given: Option<Vec<String>>) -> Result<()> {
    if let Some(given) = given {
        networks::check("CIDR", &given)?;
        role.secret_id_bound_cidrs = Some(given);
    }
    Ok(())
}

/// The answer for one setting with what is said of it under its older name.
fn with_older(role: &Role, mut answer: Json) -> Json {
    let older = role.older.answer(&role.token).unwrap_or_default();
    if let Some(members) = answer.as_object_mut() {
        let is_asked_for =
            |name: &String, members: &Map| members.contains_key(&format!("token_{name}"));
        for (name, value) in older {
            if is_asked_for(&name, members) {
                members.insert(name, value);
            }
        }
    }
    answer
}
