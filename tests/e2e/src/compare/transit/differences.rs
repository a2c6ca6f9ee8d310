//! Where the transit engine means to answer otherwise, and why.

crate::compare::differences::differences! {
    MISTAKES: "mistakes of the caller in transit",
        "OpenBao answers 500 to some requests that the caller has to mend; we answer 400, with the same sentence where it says something.";
    FAILED_UPSERT: "encryption that fails with a key that is not there",
        "OpenBao makes the key and then refuses the request; a refused request changes nothing here.";
    EXPORTABLE_LATER: "keys that become exportable",
        "OpenBao exports versions that were made before; here they stay where they are.";
    SEALED_BACKUPS: "backups of keys",
        "OpenBao hands out the key in clear; a backup of ours is sealed, and of use to the mount that made it.";
    DIGEST_LENGTH: "digests of the wrong length",
        "OpenBao signs whatever is called a digest with ECDSA keys; a digest has the length of its hash here.";
    NO_SIGNATURE: "signatures that are none",
        "OpenBao answers 400 to an ECDSA signature that is no DER; it is no valid signature, which is what we answer.";
    RSA_HASHES: "RSA with other hashes",
        "Our cryptographic library signs RSA with SHA-256, SHA-384 and SHA-512 only.";
    FALSE_HMACS: "batches of HMACs that are not valid",
        "OpenBao leaves `valid` out of the items of a batch of HMACs where it is false; we say false, as for signatures.";
    UNKNOWN_MAC_HASH: "unknown algorithms for HMAC",
        "OpenBao names a zero byte in the place of the algorithm; we name the algorithm.";
}
