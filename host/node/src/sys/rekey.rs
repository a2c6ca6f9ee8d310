//! `sys/rekey` and `sys/rotate/root`: another set of unseal keys. The first has answers without an
//! envelope, and no token where the listener says so.

use crate::ceremonies::{cancel_by, only_in_root, seal_now};
use crate::keys::seal_threshold;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::pgp::{HandingRefusal, KeptShares, Reading};
use crate::shares;
use base::{Answer, Json, Refusal};
use locality::SystemKey;
use manifest::Access::Token;
use manifest::FieldKind::{Boolean, Integer, Text, TextList};
use manifest::Operation::{Delete, Read, Update};
use seal::{
    Backup, Handed, Handing, HandingError, NewSeal, QuorumError, RekeyPlan, RekeyStatus, Rekeyed,
    Share, UnwrapError, ValidThreshold, Verification, Verified, VerifyStatus,
};
use serde_json::{Value, json};

const PLAN: &[NativeField] = &[
    body("secret_shares", Integer, "How many shares the new key has."),
    body("secret_threshold", Integer, "How many of them unseal."),
    body(
        "require_verification",
        Boolean,
        "Must the new shares be shown before they count?",
    ),
    body(
        "pgp_keys",
        TextList,
        "PGP keys to encrypt the new shares to, one for each, in Base64.",
    ),
    body(
        "backup",
        Boolean,
        "Are the encrypted shares to be kept in the server as well?",
    ),
    body(
        "stored_shares",
        Integer,
        "Ignored: shares are never stored.",
    ),
];
const SHARE: &[NativeField] = &[
    body("key", Text, "A share."),
    body("nonce", Text, "The nonce of the attempt."),
];
const ANYTHING: &[NativeField] = &[
    body("key", Text, "Not looked at."),
    body("nonce", Text, "Not looked at."),
];
const NONCE: &[NativeField] = &[body("nonce", Text, "The nonce of the attempt.")];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "rekey/init", Token, Now(|ask| status(ask, &REKEY)), &[], "How far the change of the unseal keys is."),
    on(Update, "rekey/init", Token, Now(|ask| begin(ask, &REKEY)), PLAN, "Begins to change the unseal keys."),
    on(Delete, "rekey/init", Token, Now(cancel), NONCE, "Ends the change of the unseal keys."),
    on(Update, "rekey/update", Token, Later(|ask| Box::pin(update(ask, &REKEY))), SHARE, "Takes a share of the old key."),
    on(Read, "rekey/verify", Token, Now(|ask| verification(ask, &REKEY)), &[], "How far the verification is."),
    on(Update, "rekey/verify", Token, Later(|ask| Box::pin(verify(ask, &REKEY))), SHARE, "Takes a share of the new key."),
    on(Delete, "rekey/verify", Token, Now(|ask| restart_verification(ask, &REKEY)), NONCE, "Begins the verification anew."),
    on(Read, "rekey/backup", Token, Now(backup), &[], "Shares that were kept, encrypted with PGP."),
    on(Delete, "rekey/backup", Token, Now(delete_backup), &[], "Removes the shares that were kept."),
    on(Read, "rekey/recovery-key-backup", Token, Now(no_backup), &[], "Recovery shares that were kept, encrypted with PGP."),
    on(Delete, "rekey/recovery-key-backup", Token, Now(nothing), &[], "Removes the recovery shares that were kept."),
    on(Read, "rekey-recovery-key/init", Token, Now(no_recovery_rekey), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Update, "rekey-recovery-key/init", Token, Now(no_recovery_rekey), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Delete, "rekey-recovery-key/init", Token, Now(no_recovery_rekey), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Update, "rekey-recovery-key/update", Token, Now(no_recovery_rekey), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Read, "rekey-recovery-key/verify", Token, Now(no_recovery_rekey), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Update, "rekey-recovery-key/verify", Token, Now(no_recovery_rekey), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Delete, "rekey-recovery-key/verify", Token, Now(no_recovery_rekey), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Read, "rotate/root/init", Token, Now(|ask| status(ask, &ROTATE)), &[], "How far the change of the unseal keys is."),
    on(Update, "rotate/root/init", Token, Now(|ask| begin(ask, &ROTATE)), PLAN, "Begins to change the unseal keys."),
    on(Delete, "rotate/root/init", Token, Now(cancel), NONCE, "Ends the change of the unseal keys."),
    on(Update, "rotate/root/update", Token, Later(|ask| Box::pin(update(ask, &ROTATE))), SHARE, "Takes a share of the old key."),
    on(Read, "rotate/root/verify", Token, Now(|ask| verification(ask, &ROTATE)), &[], "How far the verification is."),
    on(Update, "rotate/root/verify", Token, Later(|ask| Box::pin(verify(ask, &ROTATE))), SHARE, "Takes a share of the new key."),
    on(Delete, "rotate/root/verify", Token, Now(|ask| restart_verification(ask, &ROTATE)), NONCE, "Begins the verification anew."),
    on(Read, "rotate/root/backup", Token, Now(backup), &[], "Shares that were kept, encrypted with PGP."),
    on(Delete, "rotate/root/backup", Token, Now(delete_backup), &[], "Removes the shares that were kept."),
    on(Read, "rotate/recovery/backup", Token, Now(no_backup), &[], "Recovery shares that were kept, encrypted with PGP."),
    on(Delete, "rotate/recovery/backup", Token, Now(nothing), &[], "Removes the recovery shares that were kept."),
    on(Read, "rotate/recovery/init", Token, Now(no_recovery_keys), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Update, "rotate/recovery/init", Token, Now(no_recovery_keys), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Delete, "rotate/recovery/init", Token, Now(no_recovery_keys), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Update, "rotate/recovery/update", Token, Now(no_recovery_keys), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Read, "rotate/recovery/verify", Token, Now(no_recovery_keys), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Update, "rotate/recovery/verify", Token, Now(no_recovery_keys), ANYTHING, "Recovery keys need an auto-unseal."),
    on(Delete, "rotate/recovery/verify", Token, Now(no_recovery_keys), ANYTHING, "Recovery keys need an auto-unseal."),
];

/// The two families: what each calls the same thing.
struct Family {
    /// In a refused configuration.
    kind: &'static str,
    /// What is in progress.
    what: &'static str,
    /// The same, where a share of the old key comes and nothing is.
    what_is_not: &'static str,
    /// With its article.
    this: &'static str,
    /// In the text about a share that came twice.
    during: &'static str,
    has_envelope: HasEnvelope,
}

#[derive(Clone, Copy)]
enum HasEnvelope {
    Yes,
    No,
}

const REKEY: Family = Family {
    kind: "rekey",
    what: "rekey",
    what_is_not: "barrier rekey",
    this: "this rekey operation",
    during: "this generation operation",
    has_envelope: HasEnvelope::No,
};
const ROTATE: Family = Family {
    kind: "rotate",
    what: "rotation",
    what_is_not: "rotation",
    this: "rotation",
    during: "this rotation",
    has_envelope: HasEnvelope::Yes,
};

impl Family {
    fn answer(&self, data: &Value) -> Answer {
        match self.has_envelope {
            HasEnvelope::Yes => Answer::data(data),
            HasEnvelope::No => Answer::Bare(Json::of(data)),
        }
    }

    /// The share of a request, which says what is missing as each family does.
    fn share(&self, ask: &Ask<'_>) -> Result<Share, Refusal> {
        let missing = match (self.has_envelope, ask.text("key"), ask.text("nonce")) {
            (HasEnvelope::No, "", _) => "'key' must be specified in request body as JSON",
            (HasEnvelope::Yes, "", _) => "missing required field 'key'",
            (HasEnvelope::Yes, _, "") => "missing required field 'nonce'",
            (_, text, _) => return shares::parse(text),
        };
        Err(Refusal::invalid(missing))
    }

    /// A refusal of the first part, with old shares.
    fn refusal(&self, error: &QuorumError) -> Refusal {
        let Self {
            what,
            what_is_not,
            this,
            ..
        } = self;
        Refusal::invalid(match error {
            QuorumError::InProgress => format!("{what} already in progress"),
            QuorumError::NotInProgress => format!("no {what_is_not} in progress"),
            QuorumError::WrongNonce(right) => {
                format!("incorrect nonce supplied; nonce for {this} is {right:?}")
            }
            QuorumError::Repeated => {
                format!("given key has already been provided during {}", self.during)
            }
            QuorumError::ToVerify(nonce) => format!(
                "{what} already finished; verification must be performed; nonce for the verification operation is {nonce:?}"
            ),
            QuorumError::NotTheKey => {
                let why = UnwrapError.to_string();
                why.replace("unable to retrieve stored keys", "failed to read root key")
            }
            other => other.to_string(),
        })
    }

    /// A refusal of the second part, with new shares.
    fn refusal_of_verification(&self, error: &QuorumError) -> Refusal {
        Refusal::invalid(match error {
            QuorumError::NotInProgress => format!("no {} in progress", self.what),
            QuorumError::WrongNonce(right) => {
                format!("incorrect nonce supplied; nonce for this verify operation is {right:?}")
            }
            QuorumError::Repeated => {
                String::from("given key has already been provided during this verify operation")
            }
            QuorumError::NotTheKey => format!(
                "{} verification failed; incorrect key shares supplied",
                self.what
            ),
            other => return self.refusal(other),
        })
    }

    fn nothing_to_verify(&self) -> Refusal {
        Refusal::invalid(format!("no {} configuration found", self.what))
    }

    fn status(&self, status: Option<&RekeyStatus>, current: ValidThreshold) -> Value {
        let is_bare = matches!(self.has_envelope, HasEnvelope::No);
        let Some(status) = status else {
            let mut none =
                json!({ "started": false, "t": 0, "n": 0, "required": current.threshold() });
            if is_bare {
                extend(
                    &mut none,
                    &json!({ "nonce": "", "progress": 0, "pgp_fingerprints": null, "backup": false, "verification_required": false }),
                );
            }
            return none;
        };
        let nonce = status.verification_nonce.as_deref();
        let mut data = json!({
            "nonce": status.nonce,
            "started": true,
            "t": status.wanted.threshold(),
            "n": status.wanted.shares(),
            "progress": status.progress,
            "required": status.required,
            "verification_required": status.verification == Verification::Required,
        });
        if is_bare || status.fingerprints.is_some() {
            extend(&mut data, &handing(status));
        }
        if !is_bare || nonce.is_some() {
            extend(
                &mut data,
                &json!({ "verification_nonce": nonce.unwrap_or_default() }),
            );
        }
        data
    }

    fn complete(&self, status: &RekeyStatus, handed: &Handed) -> Value {
        let mut data = json!({
            "nonce": status.nonce,
            "complete": true,
            "keys": shares::all_in_hex(handed),
            "keys_base64": shares::all_in_base64(handed),
            "verification_required": status.verification == Verification::Required,
        });
        extend(&mut data, &handing(status));
        let nonce = status.verification_nonce.as_deref();
        if matches!(self.has_envelope, HasEnvelope::Yes) || nonce.is_some() {
            extend(
                &mut data,
                &json!({ "verification_nonce": nonce.unwrap_or_default() }),
            );
        }
        data
    }
}

fn extend(data: &mut Value, more: &Value) {
    if let (Value::Object(data), Value::Object(more)) = (data, more) {
        data.extend(more.clone());
    }
}

/// To whom an attempt hands out.
fn handing(status: &RekeyStatus) -> Value {
    json!({
        "pgp_fingerprints": status.fingerprints,
        "backup": status.backup == Backup::Kept,
    })
}

fn verification_status(status: &VerifyStatus) -> Value {
    json!({
        "nonce": status.nonce,
        "started": true,
        "t": status.wanted.threshold(),
        "n": status.wanted.shares(),
        "progress": status.progress,
    })
}

fn status(ask: &mut Ask<'_>, family: &Family) -> Told {
    only_in_root(ask)?;
    let current = seal_threshold(ask.node)?;
    let status = ask.node.ceremonies.of(ask).rekey.status();
    Ok(family.answer(&family.status(status.as_ref(), current)))
}

fn begin(ask: &mut Ask<'_>, family: &Family) -> Told {
    if ask.node.replication.is_secondary() {
        let text =
            "rekeying can only be performed on the primary cluster when replication is activated";
        return Err(Refusal::invalid(text));
    }
    only_in_root(ask)?;
    let number = |name| ask.input.get(name).and_then(Value::as_i64).unwrap_or(0);
    let wanted = ValidThreshold::new(number("secret_shares"), number("secret_threshold"));
    let threshold = wanted.map_err(|error| {
        let kind = format!("invalid {} seal", family.kind);
        Refusal::invalid(error.to_string().replace("invalid seal", &kind))
    })?;
    let verification = match ask.flag("require_verification") {
        true => Verification::Required,
        false => Verification::Unneeded,
    };
    let plan = RekeyPlan {
        threshold,
        handing: asked_handing(ask, family, threshold)?,
        verification,
    };
    let current = seal_threshold(ask.node)?;
    let entropy = ask.node.parts.entropy.as_ref();
    let mut attempts = ask.node.ceremonies.of(ask);
    attempts
        .rekey
        .begin(plan, current, entropy, ask.now)
        .map_err(|error| family.refusal(&error))?;
    let status = attempts.rekey.status();
    Ok(family.answer(&family.status(status.as_ref(), current)))
}

fn asked_handing(
    ask: &Ask<'_>,
    family: &Family,
    threshold: ValidThreshold,
) -> Result<Handing, Refusal> {
    let backup = match ask.flag("backup") {
        true => Backup::Kept,
        false => Backup::None,
    };
    let keys = ask.texts("pgp_keys").unwrap_or_default();
    let reading = Reading {
        now: ask.now,
        entropy: ask.node.parts.entropy.as_ref(),
    };
    let handing = reading.handing(&keys, backup, threshold);
    handing.map_err(|refusal| {
        Refusal::invalid(match (refusal, family.has_envelope) {
            (HandingRefusal::Holders(error @ HandingError::OpenBackup), _) => error.to_string(),
            (HandingRefusal::Holders(HandingError::Count), HasEnvelope::No) => {
                String::from("incorrect number of PGP keys for rekey")
            }
            (other, _) => format!("invalid {} seal configuration: {other}", family.kind),
        })
    })
}

fn cancel(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let ended = ask
        .node
        .ceremonies
        .of(ask)
        .rekey
        .cancel(cancel_by(ask), ask.now);
    ended.map_err(|error| Refusal::invalid(error.to_string()))?;
    Ok(Answer::Empty)
}

async fn update(ask: &mut Ask<'_>, family: &Family) -> Told {
    only_in_root(ask)?;
    let share = family.share(ask)?;
    let node = ask.node;
    let _turn = node.ceremonies.turn.lock().await;
    let (current, wrapped) = seal_now(ask)?;
    let entropy = node.parts.entropy.as_ref();
    let (submitted, status) = {
        let mut attempts = node.ceremonies.of(ask);
        let rekey = &mut attempts.rekey;
        let nonce = ask.text("nonce");
        let submitted = rekey.submit(nonce, share, &wrapped, entropy, ask.now);
        (submitted, rekey.status())
    };
    let submitted = submitted.map_err(|error| family.refusal(&error))?;
    let gone = || family.refusal(&QuorumError::NotInProgress);
    let status = status.ok_or_else(gone)?;
    let (handed, seal) = match submitted {
        Rekeyed::Progress => return Ok(family.answer(&family.status(Some(&status), current))),
        Rekeyed::ToVerify(handed) => (handed, None),
        Rekeyed::Ready(handed, seal) => (handed, Some(seal)),
    };
    // First of all: who gets no answer finds the new shares here, whether they count or not.
    if status.backup == Backup::Kept
        && let Some(kept) = KeptShares::of(&status.nonce, &handed)
    {
        kept.keep(node).await?;
    }
    if let Some(seal) = seal {
        store(ask, seal).await?;
    }
    Ok(family.answer(&family.complete(&status, &handed)))
}

fn verification(ask: &mut Ask<'_>, family: &Family) -> Told {
    only_in_root(ask)?;
    let status = ask.node.ceremonies.of(ask).rekey.verification();
    let status = status.ok_or_else(|| family.nothing_to_verify())?;
    Ok(family.answer(&verification_status(&status)))
}

async fn verify(ask: &mut Ask<'_>, family: &Family) -> Told {
    only_in_root(ask)?;
    let share = family.share(ask)?;
    let node = ask.node;
    let _turn = node.ceremonies.turn.lock().await;
    let nonce = ask.text("nonce");
    let (verified, status) = {
        let mut attempts = node.ceremonies.of(ask);
        let rekey = &mut attempts.rekey;
        let verified = rekey.verify(nonce, share, node.parts.entropy.as_ref());
        (verified, rekey.verification())
    };
    let verified = verified.map_err(|error| family.refusal_of_verification(&error))?;
    let status = status.ok_or_else(|| family.nothing_to_verify())?;
    match verified {
        Verified::Progress => Ok(family.answer(&verification_status(&status))),
        Verified::Ready(seal) => {
            store(ask, seal).await?;
            let data = json!({ "nonce": status.nonce, "complete": true });
            Ok(family.answer(&data))
        }
    }
}

fn restart_verification(ask: &mut Ask<'_>, family: &Family) -> Told {
    only_in_root(ask)?;
    let node = ask.node;
    let entropy = node.parts.entropy.as_ref();
    let restarted = {
        let mut attempts = node.ceremonies.of(ask);
        attempts
            .rekey
            .restart_verification(cancel_by(ask), entropy, ask.now)
    };
    restarted.map_err(|error| match error {
        QuorumError::NotInProgress => family.nothing_to_verify(),
        other => family.refusal(&other),
    })?;
    verification(ask, family)
}

/// From here on the new shares are those of the seal. Attempts with old ones are over.
async fn store(ask: &Ask<'_>, seal: NewSeal) -> Result<(), Refusal> {
    ask.node.reseal(seal).await?;
    ask.node.ceremonies.end();
    Ok(())
}

fn backup(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    match KeptShares::read(ask.tx)? {
        Some(kept) => Ok(Answer::repeated(&kept.shown())),
        None => no_backup(ask),
    }
}

fn delete_backup(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    ask.tx.delete(&SystemKey::shares_backup());
    Ok(Answer::Empty)
}

fn no_backup(_: &mut Ask<'_>) -> Told {
    Err(Refusal::invalid("no backed-up keys found"))
}

fn nothing(_: &mut Ask<'_>) -> Told {
    Ok(Answer::Empty)
}

fn no_recovery_rekey(_: &mut Ask<'_>) -> Told {
    Err(Refusal::invalid("recovery rekeying not supported"))
}

fn no_recovery_keys(_: &mut Ask<'_>) -> Told {
    Err(Refusal::invalid("recovery keys not supported"))
}
