//! What is meant to differ of seals, shares and what a server says of itself.

use crate::compare::differences::differences;

differences! {
    VAULTS_MEMBERS: "members as in Vault",
        "Health, seal status and leader have Vault's members; OpenBao left some out.";
    PERFORMANCE_MODE: "`replication_performance_mode`",
        "OpenBao says that it is a primary, though it has no secondaries; we say what the cluster is.";
    CONVERSIONS: "wording of failed conversions",
        "A field that cannot be converted is named; how Go words its reason is not repeated.";
    SHARE_LENGTH: "length of shares",
        "A share of another length than the seal's is refused at once.";
    TOKEN_LENGTH: "length of tokens",
        "The one-time password of a root token is as long as a token of ours.";
    STATUSES: "statuses of refusals",
        "OpenBao answers 500 to some wrong shares, nonces and configurations; all of ours are 400.";
    BAD_KEYS: "a PGP key that cannot be used",
        "The refusal says which it is, and in words of our own what is wrong with it.";
    ATTEMPTS: "`sys/generate-root-token/attempt`",
        "Members that OpenBao leaves out are there and empty.";
    ONE_ATTEMPT: "an attempt that is in the way",
        "OpenBao adds that it is one of this namespace; there is one seal.";
    GO_FORMATTING: "%!w in texts of rotations",
        "OpenBao's texts have a formatting error; ours do not.";
    REPEATED: "a share that verifies twice",
        "In a rotation OpenBao forgets those that came before; we refuse the one that is there already.";
    OPEN_BACKUP: "the backup of encrypted shares",
        "A backup without keys to encrypt to is refused for rotations too.";
    RECOVERY: "`rotate/recovery`, `rekey-recovery-key`",
        "There are no recovery keys; all steps answer so.";
    STRANGERS: "`sys/rekey` and `sys/generate-root` without a token",
        "What callers with a token begin, those without one neither see nor end.";
    IN_FLIGHT: "`sys/in-flight-req`",
        "`client_id` is empty.";
    HOST: "`sys/host-info`",
        "What the kernel tells; virtualization and the id of the machine are not told.";
    OWN_MOUNTS: "the server's own mounts",
        "OpenBao lists headers that `sys/` and `identity/` read, and wraps `sys/` by the seal; ours need neither.";
    VERBS: "404 without a body",
        "Every refusal of ours is JSON that says why.";
}
