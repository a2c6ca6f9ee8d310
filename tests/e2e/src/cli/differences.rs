//! Where our client is meant to differ from OpenBao's, and why. `docs/reference/compatibility.md`
//! tells the same to users; a test holds the two together.

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
        $(#[doc = $reason] pub const $name: Difference = Difference { name: $title, reason: $reason };)*
        /// All of them.
        pub const ALL: &[&Difference] = &[$(&$name),*];
    };
}

differences! {
    VERSION: "the version",
        "Each client has its own.";
    EXACT_NUMBERS: "exact numbers in YAML",
        "OpenBao's client rounds numbers to 64-bit floats on their way to YAML; ours prints their digits.";
    PRETTY: "-format=pretty",
        "OpenBao's client refuses it where it has no pretty form; ours prints the table.";
    FIELD: "-field of more commands",
        "OpenBao's client does not know it there; ours has it wherever the answer has fields.";
    CURL_BODY: "the body of a printed curl command",
        "Ours leaves out what is not set, and an absent body is no null; servers take both alike.";
    SCAN_POLICY: "the policy of a scan",
        "OpenBao's client prints the capability read, which does not allow a scan; ours prints scan.";
    AUTH_MOVE: "auth move of a bare path",
        "OpenBao's client wants auth/ before both paths, other than its other commands; ours takes both forms.";
    FLAGS_BEHIND: "flags behind arguments",
        "OpenBao's client takes them for arguments and complains; ours reads them.";
    BY_ACCESSOR: "token capabilities by accessor",
        "OpenBao's client has no flag for what its API offers.";
    NOT_STORED: "login -no-store",
        "OpenBao's client says that the token is stored, and that it is not; ours says only what is true.";
    METHODS: "login by any method",
        "OpenBao's client knows few methods; ours sends what it is given to the method, whose own errors tell more.";
    PLUGIN_BY_FILE: "plugin register",
        "A component is uploaded and its digest computed, so that -sha256 may be left out.";
    DETAILS_IN_YAML: "-detailed lists in YAML",
        "OpenBao's client leaves the details out; ours prints what it prints as JSON.";
    STATUS_FIELD: "status -field of nothing",
        "OpenBao's client exits with 0 where the field is not there; ours with 1, as everywhere.";
    HISTORY_NOTE: "the note of version-history",
        "OpenBao's client adds which versions of Vault it needs.";
    AUTH_HELP: "auth help",
        "Ours is shorter, and knows methods that OpenBao's client does not.";
}
