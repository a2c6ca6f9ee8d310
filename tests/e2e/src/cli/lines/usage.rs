//! Wrong command lines.

use crate::cli::{Script, line};

/// Mistakes.
pub(super) const MISTAKES: Script = Script {
    name: "mistakes",
    lines: &[
        line("read").once(),
        line("read a b c").once(),
        line("write").once(),
        line("delete").once().in_other_words(),
        line("list").once(),
        line("list a b").once(),
        line("kv get").once(),
        line("kv get a b").once(),
        line("kv put").once().in_other_words(),
        line("kv metadata get").once(),
        line("kv rollback").once().in_other_words(),
        line("lease lookup").once().in_other_words(),
        line("lease renew").once().in_other_words(),
        line("lease revoke").once(),
        line("lease revoke -force a").once(),
        line("policy read").once(),
        line("unwrap a b").once(),
        line("read -nonsense a").once(),
        line("read -nonsense=1 a").once(),
        line("read -format=nonsense a").once(),
        line("nonsense").once().in_other_words(),
        line("kv nonsense").once().in_other_words(),
        line("kv").once().in_other_words(),
        line("").once().in_other_words(),
    ],
};
