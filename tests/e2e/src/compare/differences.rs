//! Where we mean to answer otherwise than OpenBao, and why. `docs/reference/compatibility.md` tells
//! the same to users; a test holds the two together.

/// One difference that is meant.
#[derive(Debug)]
pub struct Difference {
    /// How the documentation calls it.
    pub name: &'static str,
    /// Why we differ.
    pub reason: &'static str,
}

macro_rules! differences {
    ($($name:ident: $title:literal, $reason:literal;)*) => {
        $(#[doc = $reason] pub const $name: $crate::compare::Difference =
            $crate::compare::Difference { name: $title, reason: $reason };)*
        /// All of them.
        pub const ALL: &[&$crate::compare::Difference] = &[$(&$name),*];
    };
}

pub(super) use differences;

differences! {
    EXACT_NUMBERS: "exact numbers in KV v2",
        "OpenBao rounds numbers of a versioned secret to 64-bit floats; a secret must come back as it was written.";
    HUGE_NUMBERS: "numbers beyond 64-bit floats",
        "OpenBao refuses a number such as 1e400 in any body; we keep numbers as text and need not.";
    EMPTY_NOT_FOUND: "404 without a body",
        "OpenBao answers a patch of nothing with an empty body; every refusal of ours is JSON.";
    PATCH_OF_NULL: "patch of a secret without data",
        "OpenBao answers 500 where the version's data is null; we take null for an empty object, as RFC 7396 does.";
    PATCHED_CUSTOM_NUMBERS: "numbers in patched custom metadata",
        "OpenBao answers 500 to a number or boolean that it takes as text when metadata is written; we take it in both.";
    VERSIONS_OUT_OF_RANGE: "max_versions out of range",
        "OpenBao lets -1 and 2^32 overflow silently; we refuse them.";
    NULLS_IN_LISTS: "nulls inside lists of a patch",
        "OpenBao removes nulls from objects inside lists; RFC 7396 takes a list as it is.";
    NULL_DURATION: "null as delete_version_after",
        "OpenBao ignores it, though null sets the other settings back; we set it back as well.";
    UPGRADE: "upgrade from version 1",
        "OpenBao warns that the mount will be unavailable for a while; here it never is.";
    MOUNT_VERSION: "versions of a mount that do not exist",
        "Both refuse them; we say why.";
    NEGATIVE_TTL: "negative ttl in KV v1",
        "OpenBao hands a negative lease_duration to clients; we take it for a ttl that is no duration.";
    FOLDER_READ: "reading a path that ends in a slash",
        "OpenBao answers 500 where a secret of the name exists; nothing is ever stored at such a path, so we answer 404.";
    FOLDER_INFO: "details of folders",
        "OpenBao describes a folder by the secret of the same name, if there is one; a folder has no metadata.";
    IDENTITY_REFUSALS: "refusals of the identity store",
        "OpenBao answers 500 to members that are not there and to metadata beyond their limits; what the caller can mend is a 400.";
    TEMPLATE_FAULTS: "faults in the JSON of a token template",
        "Both refuse it with 400; how Go words the reason is not repeated.";
    TOKEN_FAULTS: "why an identity token does not count",
        "Both say that it is not active; the reason is in words of our own.";
    CALLERS_FAULT: "500 for what the caller can mend",
        "OpenBao answers 500 to some requests that are at fault themselves; we say the same with 400.";
    ABSOLUTE_EXEMPT_PATHS: "`absolute_rate_limit_exempt_paths`",
        "As in Vault, paths can be exempt in one namespace; OpenBao exempts them in all.";
    UNKNOWN_USERS_LOCKED: "wrong passwords of users who are not there",
        "OpenBao locks out only those who exist, which tells who does; we lock out names.";
    UNKNOWN_USER_RENEWAL: "renewal for a user who is gone",
        "OpenBao answers 204 and renews nothing; we say so.";
    UNIX_SOCKETS: "what token_bound_cidrs takes",
        "OpenBao takes anything with a slash for a Unix socket, also a network that is none; we take addresses and networks.";
    LONG_PASSWORDS: "passwords longer than 72 bytes",
        "OpenBao hashes with bcrypt, which takes no more; we hash with argon2id.";
    OWN_NAME: "the server's name in texts",
        "OpenBao names itself; we do not.";
    BIND_SECRET_ID: "bind-secret-id of an AppRole",
        "OpenBao lists the path and does not find it; we serve it.";
    GO_FORMATTING: "%!w in texts of AppRole",
        "OpenBao's texts end in a formatting error; ours do not.";
    APPROLE_NETWORKS: "AppRole logins from outside token_bound_cidrs",
        "OpenBao grants a token that is good for nothing; we refuse the login.";
    NEGATIVE_USES: "token_num_uses below zero",
        "OpenBao refuses it in a role and takes it as a part of one; we refuse it in both.";
    ENDED_SECRET_IDS: "secret ids that have ended",
        "OpenBao lists them, and refuses the same custom one, until they are tidied; here they are gone when they end.";
    GET_LOGIN: "other verbs at a login",
        "OpenBao answers as if to a login; there is none, so that we answer 405.";
    HOTP_URLS: "URLs of keys that are no TOTP",
        "OpenBao takes any URL with a secret; we take those that begin with otpauth://totp/.";
    TOTP_ISSUERS: "separators in an issuer",
        "OpenBao writes & and = into the URL as they are, so that it is read as another one; we escape them.";
    TOTP_SIZES: "sizes of TOTP keys and barcodes",
        "OpenBao takes any; we take keys of up to 512 bytes and barcodes of up to 2048 pixels.";
}
