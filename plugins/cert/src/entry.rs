//! `certs`: certificates that are trusted, and what a login with them gives.

use crate::store;
use crate::x509::Certificate;
use core::time::Duration;
use sdk::{
    Ctx, Fields, Json, ListRange, Map, OlderNames, Reply, Result, TokenFields, TokenRules, invalid,
    json,
};
use serde::{Deserialize, Serialize};

/// Most certificates of one entry.
const CERTIFICATES_MAX: usize = 64;

/// An entry as it is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// PEM, as it was given.
    pub(crate) certificate: String,
    pub(crate) allowed_names: Option<Vec<String>>,
    pub(crate) allowed_common_names: Option<Vec<String>>,
    pub(crate) allowed_dns_sans: Option<Vec<String>>,
    pub(crate) allowed_email_sans: Option<Vec<String>>,
    pub(crate) allowed_uri_sans: Option<Vec<String>>,
    pub(crate) allowed_organizational_units: Option<Vec<String>>,
    pub(crate) required_extensions: Option<Vec<String>>,
    pub(crate) allowed_metadata_extensions: Option<Vec<String>>,
    pub(crate) display_name: String,
    pub(crate) token: TokenRules,
    pub(crate) older: OlderNames,
}

impl Entry {
    /// The certificates; none where the text is not all certificates.
    pub(crate) fn certificates(&self) -> Option<Vec<Certificate>> {
        let blocks = sdk::from_pem(&self.certificate)?;
        if blocks.len() > CERTIFICATES_MAX {
            return None;
        }
        // Keys and the like that stand in the same file are of no account.
        let blocks = blocks.iter().filter(|block| block.label == "CERTIFICATE");
        blocks
            .map(|block| Certificate::parse(&block.bytes))
            .collect()
    }
}

#[derive(Fields)]
pub(crate) struct At {
    /// Name of the entry.
    #[field(path, kind = "name")]
    name: String,
}

#[derive(Fields)]
pub(crate) struct Write {
    /// Name of the entry.
    #[field(path, kind = "name")]
    name: String,
    /// Certificates that are trusted, in PEM.
    certificate: Option<String>,
    /// Globs: one must match the common name, a DNS name or an email address.
    allowed_names: Option<Vec<String>>,
    /// Globs: one must match the common name.
    allowed_common_names: Option<Vec<String>>,
    /// Globs: one must match a DNS name.
    allowed_dns_sans: Option<Vec<String>>,
    /// Globs: one must match an email address.
    allowed_email_sans: Option<Vec<String>>,
    /// Globs: one must match a URI.
    allowed_uri_sans: Option<Vec<String>>,
    /// Globs: one must match an organizational unit.
    allowed_organizational_units: Option<Vec<String>>,
    /// Extensions that must be there: `oid:glob` of a text, or `hex:oid:glob` of the bytes in hexadecimal.
    required_extensions: Option<Vec<String>>,
    /// OIDs of extensions whose texts become metadata.
    allowed_metadata_extensions: Option<Vec<String>>,
    /// For people; the entry's name where there is none.
    display_name: Option<String>,
    /// Must be false: OCSP is not supported.
    ocsp_enabled: Option<bool>,
    /// Must be left out: OCSP is not supported.
    ocsp_ca_certificates: Option<String>,
    /// Must be left out: OCSP is not supported.
    ocsp_servers_override: Option<Vec<String>>,
    /// Must be false: OCSP is not supported.
    ocsp_fail_open: Option<bool>,
    /// Must be false: OCSP is not supported.
    ocsp_query_all_servers: Option<bool>,
    #[field(flatten)]
    token: TokenFields,
    /// Use token_policies.
    #[field(deprecated)]
    policies: Option<Vec<String>>,
    /// Use token_ttl.
    #[field(deprecated)]
    ttl: Option<Duration>,
    /// Use token_ttl.
    #[field(deprecated)]
    lease: Option<i64>,
    /// Use token_max_ttl.
    #[field(deprecated)]
    max_ttl: Option<Duration>,
    /// Use token_period.
    #[field(deprecated)]
    period: Option<Duration>,
    /// Use token_bound_cidrs.
    #[field(deprecated)]
    bound_cidrs: Option<Vec<String>>,
}

pub(crate) fn list(ctx: &Ctx, range: ListRange) -> Result<Reply> {
    range.names(ctx, store::ENTRIES).map(Reply::Keys)
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    store::delete_entry(ctx, &at.name)?;
    Ok(Reply::Empty)
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let entry = store::entry(ctx, &at.name)?.ok_or_else(sdk::not_found)?;
    let mut answer = match json!({
        "allowed_common_names": entry.allowed_common_names,
        "allowed_dns_sans": entry.allowed_dns_sans,
        "allowed_email_sans": entry.allowed_email_sans,
        "allowed_metadata_extensions": entry.allowed_metadata_extensions,
        "allowed_names": entry.allowed_names,
        "allowed_organizational_units": entry.allowed_organizational_units,
        "allowed_uri_sans": entry.allowed_uri_sans,
        "certificate": entry.certificate,
        "display_name": entry.display_name,
        "ocsp_ca_certificates": "",
        "ocsp_enabled": false,
        "ocsp_fail_open": false,
        "ocsp_query_all_servers": false,
        "ocsp_servers_override": null,
        "required_extensions": entry.required_extensions,
    }) {
        Json::Object(answer) => answer,
        _ => Map::new(),
    };
    if let Json::Object(rules) = json!(entry.token) {
        answer.extend(rules);
    }
    answer.extend(entry.older.answer(&entry.token)?);
    Reply::data(&answer)
}

pub(crate) fn write(ctx: &mut Ctx, mut new: Write) -> Result<Reply> {
    let name = new.name.to_lowercase();
    let mut entry = store::entry(ctx, &name)?.unwrap_or_default();
    new.check_ocsp()?;
    entry.change(&mut new);
    entry.change_token(&mut new)?;
    if entry.display_name.is_empty() {
        entry.display_name.clone_from(&name);
    }
    let certificates = entry.certificates().unwrap_or_default();
    let first = certificates
        .first()
        .ok_or_else(|| invalid("failed to parse certificate"))?;
    if !first.limits.is_authority && first.limits.may_log_in == Some(false) {
        return Err(invalid(
            "nonCA certificates should have TLS client authentication set as an extended key usage",
        ));
    }
    for required in entry.required_extensions.iter().flatten() {
        if crate::names::required(required).is_none() {
            return Err(invalid(format!(
                "required extension {required:?} is neither oid:value nor hex:oid:value"
            )));
        }
    }
    store::put_entry(ctx, &name, &entry)?;
    Ok(Reply::Empty)
}

fn set(to: &mut Option<Vec<String>>, given: &mut Option<Vec<String>>) {
    if given.is_some() {
        *to = given.take();
    }
}

impl Write {
    fn check_ocsp(&self) -> Result<()> {
        let asks = [
            self.ocsp_enabled,
            self.ocsp_fail_open,
            self.ocsp_query_all_servers,
        ];
        let certificates = self.ocsp_ca_certificates.as_deref().unwrap_or_default();
        let servers = self.ocsp_servers_override.as_deref().unwrap_or_default();
        let is_asked =
            asks.contains(&Some(true)) || !certificates.is_empty() || !servers.is_empty();
        match is_asked {
            true => Err(invalid("OCSP is not supported")),
            false => Ok(()),
        }
    }
}

impl Entry {
    fn change(&mut self, new: &mut Write) {
        if let Some(certificate) = new.certificate.take() {
            self.certificate = certificate;
        }
        if let Some(name) = new.display_name.take() {
            self.display_name = name;
        }
        set(&mut self.allowed_names, &mut new.allowed_names);
        set(
            &mut self.allowed_common_names,
            &mut new.allowed_common_names,
        );
        set(&mut self.allowed_dns_sans, &mut new.allowed_dns_sans);
        set(&mut self.allowed_email_sans, &mut new.allowed_email_sans);
        set(&mut self.allowed_uri_sans, &mut new.allowed_uri_sans);
        set(
            &mut self.allowed_organizational_units,
            &mut new.allowed_organizational_units,
        );
        set(&mut self.required_extensions, &mut new.required_extensions);
        set(
            &mut self.allowed_metadata_extensions,
            &mut new.allowed_metadata_extensions,
        );
    }

    fn change_token(&mut self, new: &mut Write) -> Result<()> {
        let mut token = core::mem::take(&mut new.token);
        let lease = new.lease.filter(|seconds| *seconds > 0);
        let lease = lease.and_then(|seconds| u64::try_from(seconds).ok());
        let ttl = new.ttl.or_else(|| lease.map(Duration::from_secs));
        let policies = new.policies.take().map(sdk::clean_policies);
        let older = &mut self.older;
        older.take("policies", policies, &mut token.token_policies);
        older.take("ttl", ttl, &mut token.token_ttl);
        older.take("max_ttl", new.max_ttl, &mut token.token_max_ttl);
        older.take("period", new.period, &mut token.token_period);
        older.take(
            "bound_cidrs",
            new.bound_cidrs.take(),
            &mut token.token_bound_cidrs,
        );
        self.token.change(token)
    }
}
