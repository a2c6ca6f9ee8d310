//! How certificates and revocation lists are signed.

use sdk::crypto::{Hash, Salt, Scheme};
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::AlgorithmIdentifier;

/// A signature, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) scheme: Scheme,
    /// What it is over.
    pub(crate) signed: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

/// Has the key (SubjectPublicKeyInfo) made the signature?
pub(crate) type Verify<'a> = &'a dyn Fn(&[u8], &Signature) -> bool;

/// The scheme of an algorithm; none for those that are unknown or broken, SHA-1 among them.
pub(crate) fn scheme(algorithm: &AlgorithmIdentifier<'_>) -> Option<Scheme> {
    let oid = algorithm.algorithm.to_id_string();
    match oid.as_str() {
        "1.2.840.113549.1.1.10" => pss(algorithm),
        "1.2.840.113549.1.1.11" => Some(Scheme::RsaPkcs1V15(Hash::Sha2_256)),
        "1.2.840.113549.1.1.12" => Some(Scheme::RsaPkcs1V15(Hash::Sha2_384)),
        "1.2.840.113549.1.1.13" => Some(Scheme::RsaPkcs1V15(Hash::Sha2_512)),
        "1.2.840.10045.4.3.2" => Some(Scheme::EcdsaDer(Hash::Sha2_256)),
        "1.2.840.10045.4.3.3" => Some(Scheme::EcdsaDer(Hash::Sha2_384)),
        "1.2.840.10045.4.3.4" => Some(Scheme::EcdsaDer(Hash::Sha2_512)),
        "1.3.101.112" => Some(Scheme::Native),
        _ => None,
    }
}

fn pss(algorithm: &AlgorithmIdentifier<'_>) -> Option<Scheme> {
    let SignatureAlgorithm::RSASSA_PSS(parameters) = algorithm.try_into().ok()? else {
        return None;
    };
    let hash_oid = parameters.hash_algorithm_oid().to_id_string();
    let mask = parameters.mask_gen_algorithm().ok()?;
    if mask.hash.to_id_string() != hash_oid || parameters.trailer_field() != 1 {
        return None;
    }
    let hash = match hash_oid.as_str() {
        "2.16.840.1.101.3.4.2.1" => Hash::Sha2_256,
        "2.16.840.1.101.3.4.2.2" => Hash::Sha2_384,
        "2.16.840.1.101.3.4.2.3" => Hash::Sha2_512,
        _ => return None,
    };
    Some(Scheme::RsaPss(hash, Salt::Bytes(parameters.salt_length())))
}
