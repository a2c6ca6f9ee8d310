//! `role`: what a token must say for a login, and what the login gives.

use crate::store;
use core::time::Duration;
use sdk::{
    Ctx, Fields, Json, ListRange, Map, OlderNames, Reply, Result, TokenFields, TokenRules, invalid,
    json,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How one logs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleType {
    /// With a token that one has.
    Jwt,
    /// With a browser.
    #[default]
    Oidc,
}

/// How the values of `bound_claims` are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BoundClaimsType {
    #[default]
    String,
    Glob,
}

/// Where the provider sends the browser back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CallbackMode {
    /// To the client, who hands it on.
    #[default]
    Client,
    /// To this server; the client asks for the outcome.
    Direct,
    /// Nowhere: the user types a code elsewhere.
    Device,
}

/// A role as it is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Role {
    pub(crate) role_type: RoleType,
    pub(crate) user_claim: String,
    pub(crate) user_claim_json_pointer: bool,
    pub(crate) bound_audiences: Option<Vec<String>>,
    pub(crate) bound_subject: String,
    pub(crate) bound_claims_type: BoundClaimsType,
    pub(crate) bound_claims: Option<Map>,
    pub(crate) claim_mappings: Option<BTreeMap<String, String>>,
    pub(crate) groups_claim: String,
    pub(crate) clock_skew_leeway: i64,
    pub(crate) expiration_leeway: i64,
    pub(crate) not_before_leeway: i64,
    pub(crate) allowed_redirect_uris: Option<Vec<String>>,
    pub(crate) oidc_scopes: Option<Vec<String>>,
    pub(crate) verbose_oidc_logging: bool,
    pub(crate) max_age: u64,
    pub(crate) callback_mode: CallbackMode,
    pub(crate) poll_interval: i64,
    pub(crate) oauth2_metadata: Option<Vec<String>>,
    pub(crate) oidc_disable_confirmation: bool,
    pub(crate) token: TokenRules,
    pub(crate) older: OlderNames,
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
    /// "jwt" for logins with a token, "oidc" for those with a browser.
    #[field(label = "Role Type")]
    role_type: Option<String>,
    /// The claim that says who the caller is.
    user_claim: Option<String>,
    /// Is user_claim a JSON pointer?
    user_claim_json_pointer: Option<bool>,
    /// Audiences; a token must be for one of them.
    bound_audiences: Option<Vec<String>>,
    /// The subject that a token must have.
    bound_subject: Option<String>,
    /// How bound_claims are compared: "string" or "glob".
    bound_claims_type: Option<String>,
    /// Claims that a token must have, with the values that are taken.
    bound_claims: Option<Map>,
    /// Claims that become metadata, with the names that they get.
    claim_mappings: Option<BTreeMap<String, String>>,
    /// The claim that lists the caller's groups.
    groups_claim: Option<String>,
    /// Seconds that clocks may differ by: 60 for 0, none for -1.
    #[field(kind = "signed-duration")]
    clock_skew_leeway: Option<i64>,
    /// Seconds that a token without an end is good for: 150 for 0, none for -1.
    #[field(kind = "signed-duration")]
    expiration_leeway: Option<i64>,
    /// Seconds before its end that a token without a start begins: 150 for 0, none for -1.
    #[field(kind = "signed-duration")]
    not_before_leeway: Option<i64>,
    /// Where a provider may send a browser back to.
    allowed_redirect_uris: Option<Vec<String>>,
    /// What a provider is asked for, beside "openid".
    oidc_scopes: Option<Vec<String>>,
    /// Are claims written to the log? They may be private.
    verbose_oidc_logging: Option<bool>,
    /// How long ago the user may have logged in at the provider.
    max_age: Option<Duration>,
    /// Where a browser comes back to: "client" or "direct".
    callback_mode: Option<String>,
    /// Seconds between two questions of a client that waits.
    poll_interval: Option<i64>,
    /// Which of the provider's tokens become metadata.
    oauth2_metadata: Option<Vec<String>>,
    /// Is a user who comes back to this server not asked whether it was they who logged in?
    oidc_disable_confirmation: Option<bool>,
    /// Must be false: policies do not take claims.
    token_policies_template_claims: Option<bool>,
    #[field(flatten)]
    token: TokenFields,
    /// Use token_policies.
    #[field(deprecated)]
    policies: Option<Vec<String>>,
    /// Use token_ttl.
    #[field(deprecated)]
    ttl: Option<Duration>,
    /// Use token_max_ttl.
    #[field(deprecated)]
    max_ttl: Option<Duration>,
    /// Use token_period.
    #[field(deprecated)]
    period: Option<Duration>,
    /// Use token_num_uses.
    #[field(deprecated)]
    num_uses: Option<i64>,
    /// Use token_bound_cidrs.
    #[field(deprecated)]
    bound_cidrs: Option<Vec<String>>,
}

pub(crate) fn list(ctx: &Ctx, range: ListRange) -> Result<Reply> {
    range.names(ctx, store::ROLES).map(Reply::Keys)
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    store::delete_role(ctx, &at.name)?;
    Ok(Reply::Empty)
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let role = store::role(ctx, &at.name)?.ok_or_else(sdk::not_found)?;
    let mut answer = match json!({
        "allowed_redirect_uris": role.allowed_redirect_uris,
        "bound_audiences": role.bound_audiences,
        "bound_claims": role.bound_claims,
        "bound_claims_type": role.bound_claims_type,
        "bound_subject": role.bound_subject,
        "callback_mode": role.callback_mode,
        "claim_mappings": role.claim_mappings,
        "clock_skew_leeway": role.clock_skew_leeway,
        "expiration_leeway": role.expiration_leeway,
        "groups_claim": role.groups_claim,
        "max_age": role.max_age,
        "not_before_leeway": role.not_before_leeway,
        "oauth2_metadata": role.oauth2_metadata,
        "oidc_disable_confirmation": role.oidc_disable_confirmation,
        "oidc_scopes": role.oidc_scopes,
        "role_type": role.role_type,
        "token_policies_template_claims": false,
        "user_claim": role.user_claim,
        "user_claim_json_pointer": role.user_claim_json_pointer,
        "verbose_oidc_logging": role.verbose_oidc_logging,
    }) {
        Json::Object(answer) => answer,
        _ => Map::new(),
    };
    if role.poll_interval != 0 {
        answer.insert("poll_interval".into(), role.poll_interval.into());
    }
    if let Json::Object(rules) = json!(role.token) {
        answer.extend(rules);
    }
    answer.extend(role.older.answer(&role.token)?);
    Reply::data(&answer)
}

pub(crate) fn write(ctx: &mut Ctx, mut new: Write) -> Result<Reply> {
    let name = core::mem::take(&mut new.name);
    let mut role = store::role(ctx, &name)?.unwrap_or_default();
    role.change_token(&mut new)?;
    role.change_bounds(&mut new)?;
    role.change_browser(&mut new)?;
    role.check()?;
    if role.verbose_oidc_logging {
        ctx.warn(
            "verbose_oidc_logging has been enabled for this role. This is not recommended in production \
             since sensitive information may be present in OIDC responses.",
        );
    }
    store::put_role(ctx, &name, &role)?;
    Ok(Reply::Empty)
}

fn set<T>(to: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *to = given;
    }
}

impl Role {
    fn change_token(&mut self, new: &mut Write) -> Result<()> {
        if new.token_policies_template_claims == Some(true) {
            return Err(invalid("token_policies_template_claims is not supported"));
        }
        let mut token = core::mem::take(&mut new.token);
        let older = &mut self.older;
        let policies = new.policies.take().map(sdk::clean_policies);
        older.take("policies", policies, &mut token.token_policies);
        older.take("ttl", new.ttl, &mut token.token_ttl);
        older.take("max_ttl", new.max_ttl, &mut token.token_max_ttl);
        older.take("period", new.period, &mut token.token_period);
        older.take("num_uses", new.num_uses, &mut token.token_num_uses);
        older.take(
            "bound_cidrs",
            new.bound_cidrs.take(),
            &mut token.token_bound_cidrs,
        );
        self.token.change(token)
    }

    fn change_bounds(&mut self, new: &mut Write) -> Result<()> {
        self.role_type = match new.role_type.as_deref().unwrap_or_default() {
            "" | "oidc" => RoleType::Oidc,
            "jwt" => RoleType::Jwt,
            other => return Err(invalid(format!("invalid 'role_type': {other}"))),
        };
        set(&mut self.user_claim, new.user_claim.take());
        set(
            &mut self.user_claim_json_pointer,
            new.user_claim_json_pointer,
        );
        set(
            &mut self.bound_audiences,
            new.bound_audiences.take().map(Some),
        );
        set(&mut self.bound_subject, new.bound_subject.take());
        self.bound_claims_type = match new.bound_claims_type.as_deref() {
            None => self.bound_claims_type,
            Some("" | "string") => BoundClaimsType::String,
            Some("glob") => BoundClaimsType::Glob,
            Some(other) => return Err(invalid(format!("invalid 'bound_claims_type': {other}"))),
        };
        set(&mut self.bound_claims, new.bound_claims.take().map(Some));
        set(
            &mut self.claim_mappings,
            new.claim_mappings.take().map(Some),
        );
        set(&mut self.groups_claim, new.groups_claim.take());
        set(&mut self.clock_skew_leeway, new.clock_skew_leeway);
        set(&mut self.expiration_leeway, new.expiration_leeway);
        set(&mut self.not_before_leeway, new.not_before_leeway);
        Ok(())
    }

    fn change_browser(&mut self, new: &mut Write) -> Result<()> {
        set(
            &mut self.allowed_redirect_uris,
            new.allowed_redirect_uris.take().map(Some),
        );
        set(&mut self.oidc_scopes, new.oidc_scopes.take().map(Some));
        set(&mut self.verbose_oidc_logging, new.verbose_oidc_logging);
        set(&mut self.max_age, new.max_age.map(|time| time.as_secs()));
        self.callback_mode = match new.callback_mode.as_deref() {
            None => self.callback_mode,
            Some("" | "client") => CallbackMode::Client,
            Some("direct") => CallbackMode::Direct,
            Some("device") => CallbackMode::Device,
            Some(other) => return Err(invalid(format!("invalid 'callback_mode': {other}"))),
        };
        set(&mut self.poll_interval, new.poll_interval);
        if let Some(names) = new.oauth2_metadata.take() {
            let known = ["access_token", "id_token", "refresh_token"];
            if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
                return Err(invalid(format!("Unrecognized oauth2 metadata name {name}")));
            }
            self.oauth2_metadata = Some(names);
        }
        // Said each time: who leaves it out wants users to be asked.
        self.oidc_disable_confirmation = new.oidc_disable_confirmation.unwrap_or(false);
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.user_claim.is_empty() {
            return Err(invalid("a user claim must be defined on the role"));
        }
        match self.role_type {
            RoleType::Oidc if self.redirect_uris().is_empty() => Err(invalid(
                "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.",
            )),
            RoleType::Jwt if !self.is_bound() => Err(invalid(
                "must have at least one bound constraint when creating/updating a role",
            )),
            _ => Ok(()),
        }?;
        self.check_claims()
    }

    /// Is there anything that a token must have, beside a signature?
    fn is_bound(&self) -> bool {
        !self.audiences().is_empty()
            || !self.bound_subject.is_empty()
            || !self.token.token_bound_cidrs.is_empty()
            || self
                .bound_claims
                .as_ref()
                .is_some_and(|claims| !claims.is_empty())
    }

    fn check_claims(&self) -> Result<()> {
        if self.bound_claims_type == BoundClaimsType::Glob {
            for value in self.bound_claims.iter().flat_map(Map::values) {
                let values = value
                    .as_array()
                    .map_or_else(|| core::slice::from_ref(value), Vec::as_slice);
                if let Some(wrong) = values.iter().find(|value| !value.is_string()) {
                    return Err(invalid(format!("claim is not a string: {wrong}")));
                }
            }
        }
        let mut keys = BTreeSet::new();
        for key in self.claim_mappings.iter().flat_map(BTreeMap::values) {
            if key == "role" {
                return Err(invalid(format!(
                    "metadata key {key:?} is reserved and may not be a mapping destination"
                )));
            }
            if !keys.insert(key) {
                return Err(invalid(format!(
                    "multiple keys are mapped to metadata key {key:?}"
                )));
            }
        }
        Ok(())
    }

    pub(crate) fn audiences(&self) -> &[String] {
        self.bound_audiences.as_deref().unwrap_or_default()
    }

    pub(crate) fn redirect_uris(&self) -> &[String] {
        self.allowed_redirect_uris.as_deref().unwrap_or_default()
    }
}
