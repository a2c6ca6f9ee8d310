//! Is there a second factor for all that ask for one?

use super::credentials::{Credentials, Given};
use super::enrolment::{self, Code};
use super::stored::{self, Enforcement, Method};
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{NamespaceId, Refusal, RefusalKind};
use core::time::Duration;
use gate::Exhausted;

/// Who is to show a factor.
pub(super) struct Subject<'a> {
    pub(super) node: &'a Unsealed,
    pub(super) namespace: NamespaceId,
    pub(super) entity: &'a str,
}

impl Subject<'_> {
    /// Refuses with 403 where one of the enforcements is not content.
    pub(super) fn check(
        &self,
        tx: &mut Transaction,
        enforcements: &[Enforcement],
        credentials: &Credentials,
    ) -> Result<(), Refusal> {
        // The same code does for all that ask for its method.
        let mut shown: Vec<String> = Vec::new();
        for enforcement in enforcements {
            self.check_one(tx, enforcement, credentials, &mut shown)?;
        }
        Ok(())
    }

    fn check_one(
        &self,
        tx: &mut Transaction,
        enforcement: &Enforcement,
        credentials: &Credentials,
        shown: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        let mut faults = Vec::new();
        let mut missing = Vec::new();
        for id in &enforcement.methods {
            if shown.contains(id) {
                return Ok(());
            }
            let Some(method) = stored::method(tx, self.namespace, id)? else {
                continue;
            };
            let code = match credentials.of(id, &method.name) {
                Given::Nothing => {
                    missing.push(format!(
                        "failed to find MFA credentials associated with an MFA method ID {id}, method name {}",
                        method.name
                    ));
                    continue;
                }
                Given::NoPasscode => "",
                Given::Several => {
                    let text = "failed to parse MFA factor, found multiple passcodes for the same MFA method";
                    faults.push(text.to_owned());
                    continue;
                }
                Given::Passcode(code) => code,
            };
            match self.try_code(tx, &method, code)? {
                None => {
                    shown.push(id.clone());
                    return Ok(());
                }
                Some(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            let missing = errors(&missing);
            return Err(refused(
                enforcement,
                &format!("failed to sanitize MFA creds, {missing}"),
            ));
        }
        let methods = enforcement.methods.join(" ");
        faults.push(format!(
            "login MFA validation failed for methodID: [{methods}]"
        ));
        Err(refused(enforcement, &errors(&faults)))
    }

    /// Why the code does not count; None where it does.
    fn try_code(
        &self,
        tx: &mut Transaction,
        method: &Method,
        code: &str,
    ) -> Result<Option<String>, Refusal> {
        let now = self.node.now();
        let who = format!("{}/{}/{}", self.namespace, method.id, self.entity);
        let pause = Duration::from_secs(method.period);
        let counted = self
            .node
            .mfa_attempts
            .count(&who, method.attempts_max, pause, now);
        if let Err(Exhausted { count, wait }) = counted {
            return Ok(Some(format!(
                "maximum TOTP validation attempts {count} exceeded the allowed attempts {}. Please try again in {} seconds",
                method.attempts_max,
                wait.as_secs()
            )));
        }
        let taken = enrolment::take(tx, self.namespace, &method.id, self.entity, code, now)?;
        Ok(match taken {
            Code::Right => {
                self.node.mfa_attempts.forget(&who);
                None
            }
            Code::Wrong => Some(String::from("MFA credentials not supplied or incorrect")),
            Code::NoKey => Some(format!(
                "MFA secret for method name {:?} not present in entity {:?}",
                method.name, self.entity
            )),
        })
    }
}

fn refused(enforcement: &Enforcement, why: &str) -> Refusal {
    let name = &enforcement.name;
    let text = format!("failed to satisfy enforcement {name}. error: {why}");
    Refusal::new(RefusalKind::Denied, text)
}

/// Several in one text, as Vault tells them.
fn errors(all: &[String]) -> String {
    let head = match all.len() {
        1 => String::from("1 error occurred:"),
        count => format!("{count} errors occurred:"),
    };
    let lines = all.iter().map(|one| format!("\t* {one}\n"));
    format!("{head}\n{}\n", lines.collect::<String>())
}
