//! `status` and `operator …`.

use crate::cli::{Script, differences, line};

/// What a server says of itself.
pub(super) const STATUS: Script = Script {
    name: "status",
    lines: &[
        line("status"),
        line("status -format=json"),
        line("status").formats(&[]).fields(&["sealed", "version"]),
        line("status -field=missing")
            .once()
            .differs(&differences::STATUS_FIELD),
        line("status extra"),
        line("operator init -status"),
        line("operator init"),
        line("operator init -key-shares=1 -key-threshold=1"),
        line("operator key-status"),
        line("operator rotate"),
        line("operator unseal -reset"),
        line("operator unseal -non-interactive"),
        line("operator unseal nonsense"),
        line("operator members"),
        line("operator nonsense").in_other_words(),
        line("version").differs(&differences::VERSION),
        line("print token"),
        line("print").in_other_words(),
        line("status").with(&[("BAO_ADDR", "http://127.0.0.1:1")]),
        line("read a").with(&[("BAO_ADDR", "http://127.0.0.1:1")]),
        line("read a").with(&[("BAO_ADDR", "nonsense")]),
        line("status -address=http://127.0.0.1:1"),
    ],
};

/// Sealing.
pub(super) const SEAL: Script = Script {
    name: "seal",
    lines: &[
        line("operator seal").once(),
        line("status"),
        line("operator init -status"),
        line("operator unseal AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        line("operator unseal -reset"),
        line("read secret/a"),
        line("operator seal"),
        line("token lookup"),
    ],
};
