//! `identity/mfa/method` and `identity/mfa/method/totp`.

use super::check_id;
use crate::mfa::{self, Method};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::refusal::from_barrier;
use base::{Answer, Map, Refusal, make_uuid};
use locality::SystemKey;
use manifest::Access::Token;
use manifest::FieldKind::{Duration, Integer, Text};
use manifest::Operation::{Delete, List, Read, Update};
use mount::Namespace;
use otp::Algorithm;
use serde_json::{Value, json};

const ID: NativeField = path("method_id", "The method.");
const AT: &[NativeField] = &[ID];
const NEW: &[NativeField] = &[
    ISSUER, NAME, ALGORITHM, DIGITS, PERIOD, SKEW, KEY_SIZE, QR_SIZE, ATTEMPTS,
];
const CHANGED: &[NativeField] = &[
    ID, ISSUER, NAME, ALGORITHM, DIGITS, PERIOD, SKEW, KEY_SIZE, QR_SIZE, ATTEMPTS,
];
const ISSUER: NativeField = body("issuer", Text, "What authenticators show.");
const NAME: NativeField = body("method_name", Text, "A name for the method.");
const ALGORITHM: NativeField = body("algorithm", Text, "`SHA1`, `SHA256` or `SHA512`.");
const DIGITS: NativeField = body("digits", Integer, "Digits of a code: 6 or 8.");
const PERIOD: NativeField = body("period", Duration, "How long a code counts.");
const SKEW: NativeField = body(
    "skew",
    Integer,
    "Codes before and after that count: 0 or 1.",
);
const KEY_SIZE: NativeField = body("key_size", Integer, "Bytes of a key.");
const QR_SIZE: NativeField = body("qr_size", Integer, "Pixels of the picture; 0 for none.");
const ATTEMPTS: NativeField = body(
    "max_validation_attempts",
    Integer,
    "Wrong codes before one has to wait.",
);

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(List, "mfa/method", Token, Now(list), &[], "Lists the methods of all kinds."),
    on(Read, "mfa/method/{method_id}", Token, Now(read), AT, "Reads a method of any kind."),
    on(List, "mfa/method/totp", Token, Now(list), &[], "Lists the methods."),
    on(Update, "mfa/method/totp", Token, Now(write), NEW, "Makes a method, or changes the one of the name."),
    on(Read, "mfa/method/totp/{method_id}", Token, Now(read), AT, "Reads a method."),
    on(Update, "mfa/method/totp/{method_id}", Token, Now(write), CHANGED, "Makes or changes a method."),
    on(Delete, "mfa/method/totp/{method_id}", Token, Now(delete), AT, "Deletes a method and all its keys."),
];

/// Bytes of a key, as RFC 4226 wants them at least.
const KEY_BYTES_MIN: i64 = 16;
const KEY_BYTES_MAX: i64 = 512;
const PIXELS_MAX: i64 = 2048;
/// Logins read all of them.
const METHODS_MAX: usize = 1000;

fn list(ask: &mut Ask<'_>) -> Told {
    let methods = mfa::methods(ask.tx, ask.namespace.id)?;
    if methods.is_empty() {
        return Err(Refusal::not_found());
    }
    let keys: Vec<&String> = methods.iter().map(|method| &method.id).collect();
    let info = methods
        .iter()
        .map(|method| (method.id.clone(), shown(ask.namespace, method)));
    let info: Map = info.collect();
    Ok(Answer::data(&json!({ "keys": keys, "key_info": info })))
}

fn read(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("method_id").to_owned();
    check_id(&id)?;
    let method = mfa::method(ask.tx, ask.namespace.id, &id)?;
    let method = method.ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&shown(ask.namespace, &method)))
}

fn shown(namespace: &Namespace, method: &Method) -> Value {
    json!({
        "algorithm": method.algorithm.name(),
        "digits": method.digits,
        "id": method.id,
        "issuer": method.issuer,
        "key_size": method.key_size,
        "max_validation_attempts": method.attempts_max,
        "name": method.name,
        "namespace_id": namespace.label(),
        "namespace_path": namespace.path,
        "period": method.period,
        "qr_size": method.qr_size,
        "skew": method.skew,
        "type": "totp",
    })
}

/// What is not given is as usual, but for the name, which stays.
fn write(ask: &mut Ask<'_>) -> Told {
    let namespace = ask.namespace.id;
    let given = ask.text("method_id").to_owned();
    let name = ask.text("method_name").to_owned();
    let named = mfa::method_named(ask.tx, namespace, &name)?;
    let (id, before) = match given.as_str() {
        "" => match named {
            Some(method) => (method.id.clone(), Some(method)),
            None => (make_uuid(ask.node.parts.entropy.as_ref()), None),
        },
        id => {
            check_id(id)?;
            if named.is_some_and(|named| named.id != id) {
                return Err(Refusal::invalid(format!(
                    "1 error occurred:\n\t* a login MFA method configuration with the method name {name} already exists\n\n"
                )));
            }
            (id.to_owned(), mfa::method(ask.tx, namespace, id)?)
        }
    };
    if before.is_none() && mfa::methods(ask.tx, namespace)?.len() >= METHODS_MAX {
        return Err(Refusal::invalid("too many MFA methods"));
    }
    let name = match name.as_str() {
        "" => before.map(|before| before.name).unwrap_or_default(),
        _ => name,
    };
    let method = method(ask, id, name)?;
    let key = SystemKey::mfa_method(namespace, &method.id);
    ask.tx.write_json(&key, &method).map_err(from_barrier)?;
    match given.as_str() {
        "" => Ok(Answer::data(&json!({ "method_id": method.id }))),
        _ => Ok(Answer::Empty),
    }
}

fn method(ask: &Ask<'_>, id: String, name: String) -> Result<Method, Refusal> {
    let invalid = |text: &str| Err(Refusal::invalid(text));
    let number = |name: &str, usual| ask.input.get(name).and_then(Value::as_i64).unwrap_or(usual);
    let issuer = ask.text("issuer");
    if issuer.is_empty() {
        return invalid("issuer must be set");
    }
    // Labels of keys are `issuer:account`.
    if issuer.len() > 256 || issuer.contains(':') {
        return invalid("issuer must have at most 256 bytes and no colon");
    }
    if name.len() > 256 {
        return invalid("method_name must have at most 256 bytes");
    }
    let algorithm = ask.some_text("algorithm").unwrap_or("SHA1");
    let Some(algorithm) = Algorithm::from_name(algorithm) else {
        return invalid("unrecognized algorithm");
    };
    let digits = match number("digits", 6) {
        6 => 6,
        8 => 8,
        _ => return invalid("digits can only be 6 or 8"),
    };
    let period = match ask.number("period").unwrap_or(30) {
        0 => return invalid("period must be greater than zero"),
        period => period,
    };
    let skew = match number("skew", 1) {
        0 => 0,
        1 => 1,
        _ => return invalid("skew must be 0 or 1"),
    };
    let key_size = match number("key_size", 20) {
        ..=0 => return invalid("key_size must be greater than zero"),
        size if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&size) => {
            let text = format!("key_size must be {KEY_BYTES_MIN} to {KEY_BYTES_MAX}");
            return Err(Refusal::invalid(text));
        }
        size => u32::try_from(size).unwrap_or_default(),
    };
    let qr_size = match number("qr_size", 200) {
        size if !(0..=PIXELS_MAX).contains(&size) => {
            let text = format!("qr_size must be 0 to {PIXELS_MAX}");
            return Err(Refusal::invalid(text));
        }
        size => u32::try_from(size).unwrap_or_default(),
    };
    let attempts_max = match number("max_validation_attempts", 5) {
        ..0 => return invalid("max_validation_attempts must be greater than zero"),
        0 => 5,
        given => given.unsigned_abs(),
    };
    Ok(Method {
        id,
        name,
        issuer: issuer.to_owned(),
        algorithm,
        digits,
        period,
        skew,
        key_size,
        qr_size,
        attempts_max,
    })
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("method_id").to_owned();
    check_id(&id)?;
    let enforcements = mfa::enforcements(ask.tx, ask.namespace.id)?;
    let user = enforcements.iter().find(|one| one.methods.contains(&id));
    if let Some(user) = user {
        let text = format!(
            "1 error occurred:\n\t* methodID is still used by an enforcement configuration with ID: {}\n\n",
            user.id
        );
        return Err(Refusal::invalid(text));
    }
    mfa::forget_method(ask.tx, ask.namespace.id, &id)?;
    Ok(Answer::Empty)
}
