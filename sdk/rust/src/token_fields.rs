//! What every auth method lets its operator say of the tokens it grants: the `token_*` fields.
//!
//! ```text
//!  TokenFields   what a request says     #[field(flatten)] in the method's own fields
//!      │ change
//!  TokenRules    what a role keeps       also the members of a role's answer, `#[serde(flatten)]`
//!      │ grant, renewal
//!  Grant, Renewal
//! ```
//!
//! Methods that are older than these fields also take some of them without `token_`: [`OlderNames`].

use crate::network::Network;
use crate::{
    Ctx, Failure, Fields, Grant, Map, Renewal, Result, Terms, TokenKind, TokenShape, denied,
    internal, invalid,
};
use core::net::IpAddr;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// The fields that a role's route takes beside its own. What is left out stays as it was.
#[derive(Fields, Clone, Debug, Default)]
pub struct TokenFields {
    /// Networks that the tokens are good from; empty for all.
    pub token_bound_cidrs: Option<Vec<String>>,
    /// How long a token lives at most, whatever is renewed; 0 for as long as the mount allows.
    pub token_explicit_max_ttl: Option<Duration>,
    /// How long a token lives at most, with all renewals; 0 for as long as the mount allows.
    pub token_max_ttl: Option<Duration>,
    /// Is the policy "default" left out of the tokens' policies?
    pub token_no_default_policy: Option<bool>,
    /// How often a token can be used; 0 for any number.
    pub token_num_uses: Option<i64>,
    /// Makes the tokens periodic: each renewal is for so long, without an end.
    pub token_period: Option<Duration>,
    /// Policies of the tokens.
    pub token_policies: Option<Vec<String>>,
    /// Is a token good only from the address that logged in?
    pub token_strictly_bind_ip: Option<bool>,
    /// How long a token lives at first; 0 for the mount's default.
    pub token_ttl: Option<Duration>,
    /// Which kind of token: "service", "batch", or "default" for the mount's.
    pub token_type: Option<String>,
}

/// What a role keeps of these fields, under the names and in the form that its answers have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "they are named as the fields are, which say it"
)]
pub struct TokenRules {
    pub token_bound_cidrs: Vec<String>,
    pub token_explicit_max_ttl: u64,
    pub token_max_ttl: u64,
    pub token_no_default_policy: bool,
    pub token_num_uses: u32,
    pub token_period: u64,
    pub token_policies: Vec<String>,
    pub token_strictly_bind_ip: bool,
    pub token_ttl: u64,
    pub token_type: TokenType,
}

/// The kind of token, as roles name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "`TokenKind` says it")]
pub enum TokenType {
    #[default]
    Default,
    Service,
    Batch,
}

impl TokenRules {
    /// Takes what a request says, and refuses what does not go together.
    ///
    /// # Errors
    /// Those that Vault gives. What was changed is then of no meaning.
    pub fn change(&mut self, given: TokenFields) -> Result<()> {
        if let Some(texts) = given.token_bound_cidrs {
            self.token_bound_cidrs = networks(&texts)?;
        }
        if let Some(time) = given.token_explicit_max_ttl {
            self.token_explicit_max_ttl = time.as_secs();
        }
        if let Some(time) = given.token_max_ttl {
            self.token_max_ttl = time.as_secs();
        }
        if let Some(is_left_out) = given.token_no_default_policy {
            self.token_no_default_policy = is_left_out;
        }
        if let Some(time) = given.token_period {
            self.token_period = time.as_secs();
        }
        if let Some(policies) = given.token_policies {
            self.token_policies = policies;
        }
        if let Some(is_bound) = given.token_strictly_bind_ip {
            self.token_strictly_bind_ip = is_bound;
        }
        if let Some(time) = given.token_ttl {
            self.token_ttl = time.as_secs();
        }
        if let Some(name) = given.token_type {
            self.token_type = TokenType::from_name(&name)?;
        }
        if let Some(uses) = given.token_num_uses {
            self.token_num_uses = uses_of("'token_num_uses'", uses)?;
        }
        self.check()
    }

    fn check(&self) -> Result<()> {
        let is_batch = self.token_type == TokenType::Batch;
        let wrong = if is_batch && self.token_period > 0 {
            "'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens"
        } else if is_batch && self.token_num_uses > 0 {
            "'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count"
        } else if self.token_strictly_bind_ip && !self.token_bound_cidrs.is_empty() {
            "'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one"
        } else if self.token_max_ttl > 0 && self.token_ttl > self.token_max_ttl {
            "'token_ttl' cannot be greater than 'token_max_ttl'"
        } else {
            return Ok(());
        };
        Err(invalid(wrong))
    }

    /// May somebody log in from where this request comes? Everybody may who is bound to nothing.
    pub fn admits_client(&self, ctx: &Ctx) -> bool {
        self.token_bound_cidrs.is_empty()
            || client_ip(ctx).is_some_and(|address| any_contains(&self.token_bound_cidrs, address))
    }

    /// A grant to `alias` by these rules. The method adds what it knows of the caller.
    ///
    /// # Errors
    /// Denied from an address that the rules leave out; invalid where they have the policy "root",
    /// which no method can grant.
    pub fn grant(&self, ctx: &Ctx, alias: impl Into<String>) -> Result<Grant> {
        if !self.admits_client(ctx) {
            return Err(denied("permission denied"));
        }
        let policies = clean_policies(self.token_policies.clone());
        if policies.iter().any(|policy| policy == "root") {
            return Err(invalid("auth methods cannot create root tokens"));
        }
        let mut grant = Grant::new(alias);
        grant.policies = policies;
        grant.terms = self.terms();
        grant.token = TokenShape {
            kind: match self.token_type {
                TokenType::Default => TokenKind::AsMounted,
                TokenType::Service => TokenKind::Service,
                TokenType::Batch => TokenKind::Batch,
            },
            period: Duration::from_secs(self.token_period),
            explicit_max_ttl: Duration::from_secs(self.token_explicit_max_ttl),
            uses: self.token_num_uses,
            bound_cidrs: self.bound_cidrs(ctx)?,
            no_default_policy: self.token_no_default_policy,
        };
        Ok(grant)
    }

    const fn terms(&self) -> Terms {
        Terms {
            ttl: Duration::from_secs(self.token_ttl),
            max_ttl: Duration::from_secs(self.token_max_ttl),
            renewable: true,
        }
    }

    fn bound_cidrs(&self, ctx: &Ctx) -> Result<Vec<String>> {
        if !self.token_strictly_bind_ip {
            return Ok(self.token_bound_cidrs.clone());
        }
        let address = client_ip(ctx);
        let unknown = || internal("a token bound to a client whose address is not known");
        address
            .map(|address| vec![address.to_string()])
            .ok_or_else(unknown)
    }

    /// What a token is renewed to by these rules as they stand now, where the caller wants
    /// `increment`, or zero for what is usual. The host clamps it.
    pub fn renewal(&self, increment: Duration) -> Renewal {
        let mut terms = self.terms();
        if self.token_period > 0 {
            terms.ttl = Duration::from_secs(self.token_period);
        } else if !increment.is_zero() {
            terms.ttl = increment;
        }
        Renewal::to(terms)
    }
}

impl TokenType {
    fn from_name(name: &str) -> Result<Self> {
        match name {
            "" | "default" => Ok(Self::Default),
            "service" => Ok(Self::Service),
            "batch" => Ok(Self::Batch),
            other => Err(invalid(format!("invalid 'token_type' value {other:?}"))),
        }
    }
}

fn uses_of(name: &str, uses: i64) -> Result<u32> {
    match u32::try_from(uses) {
        Ok(uses) => Ok(uses),
        Err(_) if uses < 0 => Err(invalid(format!("{name} cannot be negative"))),
        Err(_) => Err(invalid(format!("{name} is out of range"))),
    }
}

/// Networks in the form that they are kept and shown in.
fn networks(texts: &[String]) -> Result<Vec<String>> {
    let network = |text: &String| match text.parse::<Network>() {
        Ok(network) => Ok(network.to_string()),
        Err(_) => Err(invalid(format!(
            "error parsing address {text:?}: Unable to convert {text:?} to an IPv4 or IPv6 address, or a UNIX Socket"
        ))),
    };
    texts.iter().map(network).collect()
}

fn any_contains(networks: &[String], address: IpAddr) -> bool {
    let contains = |text: &String| {
        let network = text.parse::<Network>();
        network.is_ok_and(|network| network.contains(address))
    };
    networks.iter().any(contains)
}

fn client_ip(ctx: &Ctx) -> Option<IpAddr> {
    ctx.client_address()?.parse().ok()
}

/// Policies as tokens have them: in lowercase, sorted, each once; "root" alone where it is among them.
pub fn clean_policies(policies: Vec<String>) -> Vec<String> {
    let clean = policies.iter().map(|policy| policy.trim().to_lowercase());
    let clean: BTreeSet<String> = clean.filter(|policy| !policy.is_empty()).collect();
    match clean.contains("root") {
        true => vec![String::from("root")],
        false => clean.into_iter().collect(),
    }
}

/// The older names (`policies` for `token_policies`, …) under which a role's fields were given. Its
/// answers show them as well, until a request gives the newer name alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OlderNames(BTreeSet<String>);

impl OlderNames {
    /// Puts what was given under `name` into the newer field, unless that was given too.
    pub fn take<T>(&mut self, name: &str, old: Option<T>, new: &mut Option<T>) {
        match old {
            Some(old) => {
                new.get_or_insert(old);
                self.0.insert(name.to_owned());
            }
            None if new.is_some() => {
                self.0.remove(name);
            }
            None => {}
        }
    }

    /// The newer field is back at its start, and the older one with it.
    pub fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The members under the older names, but for those that say nothing.
    ///
    /// # Errors
    /// When the rules cannot be written as JSON.
    pub fn answer(&self, rules: &TokenRules) -> Result<Map> {
        let rules = serde_json::to_value(rules);
        let rules = rules.map_err(|wrong| internal(wrong.to_string()))?;
        let says_something = |value: &Value| match value {
            Value::Array(items) => !items.is_empty(),
            Value::Number(number) => number.as_u64() != Some(0),
            _ => true,
        };
        let member = |name: &String| {
            let value = rules.get(format!("token_{name}"));
            let value = value.filter(|value| says_something(value));
            value.map(|value| (name.clone(), value.clone()))
        };
        Ok(self.0.iter().filter_map(member).collect())
    }
}

/// Does a client come from one of the networks? From anywhere where there are none.
///
/// # Errors
/// Internal, where the client's address is not known or a network cannot be read.
pub fn is_client_within(ctx: &Ctx, networks: &[String]) -> Result<bool, Failure> {
    if networks.is_empty() {
        return Ok(true);
    }
    let unknown = || internal("the client's address is not known");
    let address = client_ip(ctx).ok_or_else(unknown)?;
    Ok(any_contains(networks, address))
}
