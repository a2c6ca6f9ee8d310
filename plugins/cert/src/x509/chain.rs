//! From a client's certificate to one that the operator trusts (RFC 5280, section 6).
//!
//! ```text
//!  leaf ──▶ intermediate (sent by the client) ──▶ … ──▶ trusted authority
//!   └──▶ trusted itself, byte for byte
//! ```

use super::certificate::Certificate;
use super::signature::Verify;
use core::cell::Cell;
use core::fmt;

/// Most certificates in a chain.
const CHAIN_MAX: usize = 8;
/// Most signatures that are checked to find one.
const SIGNATURES_MAX: u32 = 64;

/// Why there is no chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Nobody who is trusted has anything to do with it.
    Unknown,
    /// Somebody has, but.
    Expired,
    NotYet,
    Usage,
    PathLength,
    NamesLimited,
    Extension(String),
    TooMany,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("certificate signed by unknown authority"),
            Self::Expired | Self::NotYet => {
                f.write_str("certificate has expired or is not yet valid")
            }
            Self::Usage => f.write_str("certificate specifies an incompatible key usage"),
            Self::PathLength => f.write_str("too many intermediates for path length constraint"),
            Self::NamesLimited => f.write_str("name constraints are not supported"),
            Self::Extension(oid) => write!(f, "unhandled critical extension {oid}"),
            Self::TooMany => f.write_str("too many certificates"),
        }
    }
}

/// Finds a chain.
pub(crate) struct Search<'a> {
    /// What the client sent behind its own.
    pub(crate) intermediates: &'a [Certificate],
    pub(crate) trusted: &'a [Certificate],
    pub(crate) now_seconds: i64,
    pub(crate) verify: Verify<'a>,
    budget: Cell<u32>,
}

impl<'a> Search<'a> {
    pub(crate) const fn new(
        intermediates: &'a [Certificate],
        trusted: &'a [Certificate],
        now_seconds: i64,
        verify: Verify<'a>,
    ) -> Self {
        Self {
            intermediates,
            trusted,
            now_seconds,
            verify,
            budget: Cell::new(SIGNATURES_MAX),
        }
    }

    /// The chain from `leaf`, itself included, to a trusted certificate.
    ///
    /// # Errors
    /// Why there is none; of several reasons one that is not `Unknown`.
    pub(crate) fn chain(&self, leaf: &'a Certificate) -> Result<Vec<&'a Certificate>, Broken> {
        self.check_one(leaf)?;
        if self.trusted.iter().any(|trusted| trusted.der == leaf.der) {
            return Ok(vec![leaf]);
        }
        self.extended(&[leaf])
    }

    fn extended(&self, chain: &[&'a Certificate]) -> Result<Vec<&'a Certificate>, Broken> {
        let mut reason = Broken::Unknown;
        let issuers = self.trusted.iter().map(|issuer| (issuer, true));
        let issuers = issuers.chain(self.intermediates.iter().map(|issuer| (issuer, false)));
        for (issuer, is_trusted) in issuers {
            if !self.has_issued(issuer, chain)? {
                continue;
            }
            let longer = [chain, &[issuer]].concat();
            let judged = self.judge(issuer, chain).and_then(|()| match is_trusted {
                true => Ok(longer),
                false if longer.len() >= CHAIN_MAX => Err(Broken::TooMany),
                false => self.extended(&longer),
            });
            match judged {
                Ok(whole) => return Ok(whole),
                Err(Broken::Unknown) => {}
                Err(other) => reason = other,
            }
        }
        Err(reason)
    }

    /// Has this one signed the last of the chain?
    fn has_issued(&self, issuer: &Certificate, chain: &[&Certificate]) -> Result<bool, Broken> {
        let Some(last) = chain.last() else {
            return Ok(false);
        };
        let is_in_chain = chain.iter().any(|one| one.der == issuer.der);
        let is_named = issuer.subject == last.issuer && !issuer.subject.is_empty();
        let is_keyed = last.authority_key_id.is_empty()
            || issuer.subject_key_id.is_empty()
            || last.authority_key_id == issuer.subject_key_id;
        // Whoever is no authority has issued nothing, whatever it has signed.
        let is_authority =
            issuer.limits.is_authority && issuer.limits.may_sign_certificates != Some(false);
        if is_in_chain || !is_named || !is_keyed || !is_authority {
            return Ok(false);
        }
        let Some(signature) = &last.signature else {
            return Ok(false);
        };
        let budget = self.budget.get().checked_sub(1).ok_or(Broken::TooMany)?;
        self.budget.set(budget);
        Ok((self.verify)(&issuer.key, signature))
    }

    /// May it issue what is below it?
    fn judge(&self, issuer: &Certificate, chain: &[&Certificate]) -> Result<(), Broken> {
        self.check_one(issuer)?;
        if issuer.limits.limits_names {
            return Err(Broken::NamesLimited);
        }
        let below = chain.iter().skip(1).filter(|one| !one.is_self_issued());
        let count = below.count();
        let is_too_long = |most: u32| usize::try_from(most).is_ok_and(|most| count > most);
        match issuer.limits.path_length.is_some_and(is_too_long) {
            true => Err(Broken::PathLength),
            false => Ok(()),
        }
    }

    /// What every certificate of a chain must be.
    fn check_one(&self, one: &Certificate) -> Result<(), Broken> {
        if let Some(oid) = &one.limits.unknown {
            return Err(Broken::Extension(oid.clone()));
        }
        if self.now_seconds < one.not_before {
            return Err(Broken::NotYet);
        }
        if !one.is_current(self.now_seconds) {
            return Err(Broken::Expired);
        }
        // An authority's limits are those of all below it.
        match one.limits.may_log_in {
            Some(false) => Err(Broken::Usage),
            _ => Ok(()),
        }
    }
}
