//! `sys/tools` and `sys/decode-token`: small services for scripts.

use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use barrier::keys::{Hash, digest};
use base::{Answer, Envelope, Json, Refusal};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use manifest::Access::{Public, Token};
use manifest::FieldKind::{Integer, Text};
use manifest::Operation::Update;
use serde_json::json;

const BYTES: NativeField = body("bytes", Integer, "How many; 32 when not given.");
const FORMAT: NativeField = body("format", Text, "`base64` or `hex`.");
const RANDOM: &[NativeField] = &[
    BYTES,
    FORMAT,
    body("source", Text, "`platform`, `seal` or `all`."),
    body("urlbytes", Text, "As `bytes`."),
];
const RANDOM_OF: &[NativeField] = &[
    path("source", "How many bytes, or where from."),
    BYTES,
    FORMAT,
];
const RANDOM_AT: &[NativeField] = &[
    path("source", "`platform`, `seal` or `all`."),
    path("urlbytes", "How many bytes."),
    FORMAT,
];
const INPUT: NativeField = body("input", Text, "What to hash, in Base64.");
const HASH: &[NativeField] = &[
    INPUT,
    body("algorithm", Text, "`sha2-256` when not given."),
    body("urlalgorithm", Text, "As `algorithm`."),
    FORMAT,
];
const HASH_BY: &[NativeField] = &[
    path("urlalgorithm", "The algorithm."),
    INPUT,
    body("algorithm", Text, "Not used: the path says it."),
    FORMAT,
];
const ENCODED: &[NativeField] = &[
    body("encoded_token", Text, "The token as it was handed out."),
    body("otp", Text, "The one-time password that it is mixed with."),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "tools/random", Token, Now(random), RANDOM, "Random bytes."),
    on(Update, "tools/random/{source}", Token, Now(random), RANDOM_OF, "Random bytes."),
    on(Update, "tools/random/{source}/{urlbytes}", Token, Now(random), RANDOM_AT, "Random bytes."),
    on(Update, "tools/hash", Token, Now(hash), HASH, "The hash of an input."),
    on(Update, "tools/hash/{urlalgorithm}", Token, Now(hash), HASH_BY, "The hash of an input."),
    on(Update, "decode-token", Public, Now(decode), ENCODED, "Takes the one-time password off a token."),
];

/// Bytes that are drawn at once.
const RANDOM_BYTES_MAX: i64 = 128 * 1024;

const SOURCES: [&str; 3] = ["platform", "seal", "all"];

/// Random bytes of the host.
fn random(ask: &mut Ask<'_>) -> Told {
    let (source, in_path) = match (ask.text("source"), ask.text("urlbytes")) {
        ("", "") => ("platform", None),
        // One word of a path is either.
        (word, "") if SOURCES.contains(&word) => (word, None),
        (word, "") => ("platform", Some(word)),
        ("", bytes) => ("platform", Some(bytes)),
        (source, bytes) if SOURCES.contains(&source) => (source, Some(bytes)),
        (source, _) => {
            return Err(Refusal::invalid(format!(
                "unsupported entropy source {source:?}; must be \"platform\" or \"seal\", or \"all\""
            )));
        }
    };
    let count = match in_path {
        Some(text) => text.parse().map_err(|_| {
            Refusal::invalid(format!(
                "error parsing url-set byte count: strconv.Atoi: parsing {text:?}: invalid syntax"
            ))
        })?,
        None => ask
            .input
            .get("bytes")
            .and_then(serde_json::Value::as_i64)
            .unwrap_or(32),
    };
    if count < 1 {
        return Err(Refusal::invalid("'bytes' cannot be less than 1"));
    }
    if count > RANDOM_BYTES_MAX {
        let text = format!("'bytes' should be less than {RANDOM_BYTES_MAX}");
        return Err(Refusal::invalid(text));
    }
    let format = format_of(ask, "base64").map_err(|format| {
        Refusal::invalid(format!(
            "unsupported encoding format {format:?}; must be \"hex\" or \"base64\""
        ))
    })?;
    let mut bytes = vec![0; usize::try_from(count).unwrap_or_default()];
    ask.node.parts.entropy.fill(&mut bytes);
    let mut envelope = Envelope::with_data(Json::of(&json!({ "random_bytes": format.of(&bytes) })));
    if source == "seal" {
        let text = "no seal/entropy augmentation available, using platform entropy source";
        envelope.warnings.push(text.to_owned());
    }
    Ok(Answer::Envelope(Box::new(envelope)))
}

/// The hash of an input.
fn hash(ask: &mut Ask<'_>) -> Told {
    let format = format_of(ask, "hex").map_err(|format| {
        Refusal::invalid(format!(
            "unsupported encoding format {format}; must be \"hex\" or \"base64\""
        ))
    })?;
    let input = decoded(ask.text("input")).map_err(|reason| {
        Refusal::invalid(format!("unable to decode input as base64: {reason}"))
    })?;
    let algorithm = match (ask.text("urlalgorithm"), ask.text("algorithm")) {
        ("", "") => "sha2-256",
        ("", named) | (named, _) => named,
    };
    let hash = match algorithm {
        "sha2-224" => Hash::Sha2_224,
        "sha2-256" => Hash::Sha2_256,
        "sha2-384" => Hash::Sha2_384,
        "sha2-512" => Hash::Sha2_512,
        "sha3-224" => Hash::Sha3_224,
        "sha3-256" => Hash::Sha3_256,
        "sha3-384" => Hash::Sha3_384,
        "sha3-512" => Hash::Sha3_512,
        other => return Err(Refusal::invalid(format!("unsupported algorithm {other}"))),
    };
    let sum = digest(hash, &input);
    Ok(Answer::data(&json!({ "sum": format.of(&sum) })))
}

/// Takes the one-time password off a token that was made with it.
fn decode(ask: &mut Ask<'_>) -> Told {
    let (encoded, otp) = (ask.text("encoded_token"), ask.text("otp"));
    if encoded.is_empty() || otp.is_empty() {
        return Err(Refusal::invalid(
            "provided 'encoded_token' or 'otp' is empty",
        ));
    }
    let token = STANDARD_NO_PAD.decode(encoded.trim_end_matches('='));
    let token = token.map_err(|error| {
        Refusal::invalid(format!("error decoding base64'd token: {}", worded(error)))
    })?;
    if token.len() != otp.len() {
        return Err(Refusal::invalid(format!(
            "error xoring token: length of byte slices is not equivalent: {} != {}",
            token.len(),
            otp.len()
        )));
    }
    let mixed = token
        .iter()
        .zip(otp.bytes())
        .map(|(one, other)| one ^ other);
    let token = String::from_utf8_lossy(&mixed.collect::<Vec<u8>>()).into_owned();
    Ok(Answer::data(&json!({ "token": token })))
}

/// How bytes are written.
#[derive(Clone, Copy)]
enum Format {
    Hex,
    Base64,
}

impl Format {
    fn of(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            Self::Base64 => STANDARD.encode(bytes),
        }
    }
}

/// The format that is asked for, or the name of none.
fn format_of<'a>(ask: &'a Ask<'_>, usual: &'static str) -> Result<Format, &'a str> {
    match ask.some_text("format").unwrap_or(usual) {
        "hex" => Ok(Format::Hex),
        "base64" => Ok(Format::Base64),
        other => Err(other),
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(worded)
}

/// As clients know it.
fn worded(error: base64::DecodeError) -> String {
    match error {
        base64::DecodeError::InvalidByte(at, _) => {
            format!("illegal base64 data at input byte {at}")
        }
        other => other.to_string(),
    }
}
