//! `operator generate-root`: a new root token, made with the shares of the unseal key.

use super::share::{self, Share};
use crate::answer::{ApiAnswer, text};
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::{Session, code};
use crate::show::{Format, json, table, value};
use crate::tree::operator::GenerateRoot;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

/// Where servers have it. The first wants a token with rights; Vault has only the second.
const DOORS: [&str; 2] = ["sys/generate-root-token", "sys/generate-root"];

/// The members of a status, with what they are where nothing runs.
fn members() -> [(&'static str, Value); 10] {
    [
        ("nonce", json!("")),
        ("started", json!(false)),
        ("progress", json!(0)),
        ("required", json!(0)),
        ("complete", json!(false)),
        ("encoded_token", json!("")),
        ("encoded_root_token", json!("")),
        ("pgp_fingerprint", json!("")),
        ("otp", json!("")),
        ("otp_length", json!(0)),
    ]
}

pub(super) fn run(session: &mut Session<'_>, args: &GenerateRoot) -> Result<u8, Stop> {
    if args.generate_otp {
        return generate_otp(session);
    }
    if let Some(encoded) = &args.decode {
        return decode(session, encoded, args.otp.as_deref());
    }
    if args.cancel {
        ask(session, |door| {
            ApiRequest::delete(format!("{door}/attempt"))
        })
        .during("Error canceling root token generation")?;
        return session.success("Success! Root token generation canceled (if it was started)");
    }
    if args.status {
        let answer = status(session).during("Error getting root generation status")?;
        return show(session, &answer);
    }
    if args.init {
        return begin(session, args);
    }
    provide(session, args)
}

/// Asks at the first door, and at the second where there is no first.
fn ask(session: &mut Session<'_>, request: impl Fn(&str) -> ApiRequest) -> Result<ApiAnswer, Stop> {
    let [first, second] = DOORS.map(request);
    let answer = session.ask_any(&first)?;
    if matches!(answer.status, 404 | 405) {
        return session.ask(&second);
    }
    session.accepted(&first, answer)
}

fn status(session: &mut Session<'_>) -> Result<ApiAnswer, Stop> {
    ask(session, |door| ApiRequest::get(format!("{door}/attempt")))
}

fn begin(session: &mut Session<'_>, args: &GenerateRoot) -> Result<u8, Stop> {
    let key = match args.pgp_key.as_deref() {
        Some(path) => Some(share::pgp_key(path)?),
        None => None,
    };
    let otp = args.otp.clone().unwrap_or_default();
    let body = json!({ "otp": otp, "pgp_key": key.unwrap_or_default() });
    let answer = ask(session, |door| {
        ApiRequest::put(format!("{door}/attempt"), body.clone())
    })
    .during("Error initializing root generation")?;
    let is_table = session.settings.format == Format::Table;
    if is_table && args.otp.is_none() && args.pgp_key.is_none() {
        session.warn(
            "A One-Time-Password has been generated for you and is shown in the OTP field.\n\
             You will need this value to decode the resulting root token, so keep it safe.",
        )?;
    }
    show(session, &answer)
}

fn provide(session: &mut Session<'_>, args: &GenerateRoot) -> Result<u8, Stop> {
    let answer = status(session).during("Error getting root generation status")?;
    let begun = answer.field("started").and_then(Value::as_bool);
    if begun != Some(true) {
        let length = answer.field("otp_length").map(value::inline);
        return Err(Stop::usage(format!(
            "No root generation is in progress. Start a root generation by running \"casemate\n\
             operator generate-root -init\".\n\
             If starting root generation using the OTP method and generating your own OTP,\n\
             the length of the OTP string needs to be {} characters in length.",
            length.unwrap_or_default()
        )));
    }
    let Share { key, nonce } = share::given(
        session,
        args.key.as_deref(),
        args.nonce.as_deref(),
        ("Operation nonce", &text(answer.field("nonce"))),
    )?;
    let body = json!({ "key": key, "nonce": nonce });
    let answer = ask(session, |door| {
        ApiRequest::put(format!("{door}/update"), body.clone())
    })
    .during("Error posting unseal key")?;
    show(session, &answer)
}

fn show(session: &mut Session<'_>, answer: &ApiAnswer) -> Result<u8, Stop> {
    let data = answer.data();
    let shown = |key: &str| data.get(key).map(value::inline).unwrap_or_default();
    let mut rows = vec![
        ("Nonce", shown("nonce")),
        ("Started", shown("started")),
        (
            "Progress",
            format!("{}/{}", shown("progress"), shown("required")),
        ),
        ("Complete", shown("complete")),
    ];
    let token = match shown("encoded_token") {
        none if none.is_empty() => shown("encoded_root_token"),
        token => token,
    };
    let length = shown("otp_length");
    for (name, found) in [
        ("PGP Fingerprint", shown("pgp_fingerprint")),
        ("Encoded Token", token),
        ("OTP", shown("otp")),
        (
            "OTP Length",
            if length == "0" { String::new() } else { length },
        ),
    ] {
        if !found.is_empty() {
            rows.push((name, found));
        }
    }
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, found)| vec![name.to_owned(), found])
        .collect();
    session.show_or(&json::filled(data, &members()), || table::columns(&rows))
}

fn generate_otp(session: &mut Session<'_>) -> Result<u8, Stop> {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let answer = status(session).during("Error getting root generation status")?;
    let length = answer.field("otp_length").and_then(Value::as_u64);
    let length = usize::try_from(length.unwrap_or(0)).unwrap_or(0).min(256);
    let mut otp = String::new();
    while otp.len() < length {
        let [byte] = crate::client::random::<1>()?;
        // Bytes past the last multiple of 62 would make some letters likelier than others.
        if let Some(letter) = (byte < 248).then(|| LETTERS.get(usize::from(byte) % 62)) {
            otp.extend(letter.map(|letter| char::from(*letter)));
        }
    }
    session.show_field(Some(Value::from(otp)), "otp", "secret")
}

fn decode(session: &mut Session<'_>, encoded: &str, otp: Option<&str>) -> Result<u8, Stop> {
    let Some(otp) = otp else {
        return Err(Stop::usage("Missing otp: use -otp to supply it"));
    };
    let mut given = encoded.to_owned();
    if encoded == "-" {
        given.clear();
        std::io::Read::read_to_string(session.input, &mut given)?;
    }
    let token = decoded(given.trim(), otp)
        .map_err(|why| Stop::usage(format!("Error decoding root token: {why}")))?;
    if session.settings.format == Format::Table {
        return session.show_field(Some(Value::from(token)), "token", "secret");
    }
    let node = json::in_order(vec![("token".to_owned(), Value::from(token))]);
    session.show_or(&node, String::new)?;
    Ok(code::OK)
}

fn decoded(encoded: &str, otp: &str) -> Result<String, String> {
    let bytes = STANDARD_NO_PAD
        .decode(encoded.trim_end_matches('='))
        .map_err(|error| format!("error decoding base64'd token: {error}"))?;
    if bytes.len() != otp.len() {
        return Err(format!(
            "error xoring token: length of byte slices is not equivalent: {} != {}",
            bytes.len(),
            otp.len()
        ));
    }
    let token = bytes
        .iter()
        .zip(otp.bytes())
        .map(|(one, other)| one ^ other);
    String::from_utf8(token.collect()).map_err(|_| "the token is not a text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_decoded() {
        // As OpenBao 2.7.2 made them.
        let found = decoded(
            "IF0pKylmH2A3ICwXTXETNj1eWmAqRCcYGgM",
            "SsbQM7nSybcX53fgE0l9KtvZOL",
        );
        assert_eq!(found.unwrap(), "s.KzdQq3NBOOxBuQxn6Ya0QBUO");
        let short = decoded("Ak1TMgYBHTMbARsEHx8", "qGPRDzLuwKpgiSRJAUXlLYmmOi");
        assert!(short.unwrap_err().ends_with("14 != 26"));
        assert!(decoded("?", "a").is_err());
    }
}
