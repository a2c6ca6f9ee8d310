//! `sys/generate-root` and `sys/generate-root-token`: a root token from a quorum of shares. The
//! first has answers without an envelope, and no token where the listener says so.

use crate::ceremonies::{cancel_by, only_in_root, seal_now};
use crate::init::root_token;
use crate::keys::seal_threshold;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::pgp::Reading;
use crate::shares;
use access::TokenId;
use base::{Answer, Json, NamespaceId, Refusal, Secret, make_base62};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use manifest::Access::Token;
use manifest::FieldKind::Text;
use manifest::Operation::{Delete, Read, Update};
use seal::{Cover, GenerateStatus, Generated, Hidden, QuorumError, Share, UnwrapError};
use serde_json::{Value, json};

const PLAN: &[NativeField] = &[
    body(
        "otp",
        Text,
        "A one-time password as long as a token; made where it is not given.",
    ),
    body(
        "pgp_key",
        Text,
        "PGP key to encrypt the token to instead, in Base64.",
    ),
];
const SHARE: &[NativeField] = &[
    body("key", Text, "A share."),
    body("nonce", Text, "The nonce of the attempt."),
];
const NONCE: &[NativeField] = &[body("nonce", Text, "The nonce of the attempt.")];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "generate-root", Token, Now(|ask| status(ask, Shape::Bare)), &[], "How far the making of a root token is."),
    on(Update, "generate-root", Token, Now(|ask| begin(ask, Shape::Bare)), PLAN, "Begins to make a root token."),
    on(Delete, "generate-root", Token, Now(cancel), NONCE, "Ends the making of a root token."),
    on(Read, "generate-root/attempt", Token, Now(|ask| status(ask, Shape::Bare)), &[], "How far the making of a root token is."),
    on(Update, "generate-root/attempt", Token, Now(|ask| begin(ask, Shape::Bare)), PLAN, "Begins to make a root token."),
    on(Delete, "generate-root/attempt", Token, Now(cancel), NONCE, "Ends the making of a root token."),
    on(Update, "generate-root/update", Token, Later(|ask| Box::pin(update(ask, Shape::Bare))), SHARE, "Takes a share of the key."),
    on(Read, "generate-root-token/attempt", Token, Now(|ask| status(ask, Shape::Data)), &[], "How far the making of a root token is."),
    on(Update, "generate-root-token/attempt", Token, Now(|ask| begin(ask, Shape::Data)), PLAN, "Begins to make a root token."),
    on(Delete, "generate-root-token/attempt", Token, Now(cancel), NONCE, "Ends the making of a root token."),
    on(Update, "generate-root-token/update", Token, Later(|ask| Box::pin(update(ask, Shape::Data))), SHARE, "Takes a share of the key."),
];

/// How the two families answer.
#[derive(Clone, Copy)]
enum Shape {
    /// Without an envelope.
    Bare,
    /// Within one.
    Data,
}

/// What an answer tells beside the progress.
#[derive(Default)]
struct Shown {
    password: String,
    /// How long one is to be; zero where none is asked for any more.
    password_length: usize,
    encoded: String,
    is_complete: bool,
}

impl Shown {
    fn before_shares(password: &str) -> Self {
        Self {
            password: password.to_owned(),
            password_length: TokenId::SERVICE_CHARACTERS,
            ..Self::default()
        }
    }
}

impl Shape {
    /// The share of a request, which says what is missing as each family does.
    fn share(self, ask: &Ask<'_>) -> Result<Share, Refusal> {
        let missing = match (self, ask.text("nonce"), ask.text("key")) {
            (Self::Bare, _, "") => "'key' must be specified in request body as JSON",
            (Self::Data, "", _) => "nonce is required",
            (Self::Data, _, "") => "key is required",
            (_, _, text) => return shares::parse(text),
        };
        Err(Refusal::invalid(missing))
    }

    fn answer(self, status: Option<&GenerateStatus>, required: u8, shown: &Shown) -> Answer {
        let fingerprint = status.and_then(|status| status.fingerprint.as_deref());
        let mut data = json!({
            "nonce": status.map_or("", |status| &status.nonce),
            "started": status.is_some(),
            "progress": status.map_or(0, |status| status.progress),
            "required": status.map_or(required, |status| status.required),
            "complete": shown.is_complete,
            "encoded_token": shown.encoded,
            "encoded_root_token": shown.encoded,
            "pgp_fingerprint": fingerprint.unwrap_or_default(),
            "otp": shown.password,
            "otp_length": shown.password_length,
        });
        match self {
            Self::Bare => Answer::Bare(Json::of(&data)),
            Self::Data => {
                if let Value::Object(members) = &mut data {
                    members.remove("encoded_root_token");
                }
                Answer::data(&data)
            }
        }
    }
}

fn refusal(error: &QuorumError) -> Refusal {
    Refusal::invalid(match error {
        QuorumError::InProgress => String::from("root generation already in progress"),
        QuorumError::NotInProgress => String::from("no root generation in progress"),
        QuorumError::WrongNonce(right) => format!(
            "incorrect nonce supplied; nonce for this root generation operation is {right:?}"
        ),
        QuorumError::Repeated => {
            String::from("given key has already been provided during this generation operation")
        }
        QuorumError::NotTheKey => {
            format!("root generation aborted: unable to authenticate: {UnwrapError}")
        }
        other => other.to_string(),
    })
}

fn status(ask: &mut Ask<'_>, shape: Shape) -> Told {
    only_in_root(ask)?;
    let required = seal_threshold(ask.node)?.threshold();
    let status = ask.node.ceremonies.of(ask).generate.status();
    Ok(shape.answer(status.as_ref(), required, &Shown::before_shares("")))
}

fn begin(ask: &mut Ask<'_>, shape: Shape) -> Told {
    only_in_root(ask)?;
    let entropy = ask.node.parts.entropy.as_ref();
    let (cover, shown) = cover(ask)?;
    let current = seal_threshold(ask.node)?;
    let mut attempts = ask.node.ceremonies.of(ask);
    attempts
        .generate
        .begin(cover, current, entropy, ask.now)
        .map_err(|error| refusal(&error))?;
    let status = attempts.generate.status();
    let shown = Shown::before_shares(&shown);
    Ok(shape.answer(status.as_ref(), current.threshold(), &shown))
}

/// What is to hide the token, and the password where it is made here.
fn cover(ask: &Ask<'_>) -> Result<(Cover, String), Refusal> {
    let entropy = ask.node.parts.entropy.as_ref();
    match (ask.text("otp"), ask.text("pgp_key")) {
        ("", "") => {
            let made = make_base62(entropy, TokenId::SERVICE_CHARACTERS);
            Ok((Cover::Password(Secret::new(made.clone())), made))
        }
        ("", key) => {
            let now = ask.now;
            let recipient = Reading { now, entropy }.one(key);
            let recipient = recipient
                .map_err(|why| Refusal::invalid(format!("error parsing PGP key: {why}")))?;
            Ok((Cover::Recipient(recipient), String::new()))
        }
        (password, _) if password.len() != TokenId::SERVICE_CHARACTERS => {
            Err(Refusal::invalid("OTP string has incorrect length"))
        }
        (password, _) => {
            let password = Secret::new(password.to_owned());
            Ok((Cover::Password(password), String::new()))
        }
    }
}

fn cancel(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let ended = ask
        .node
        .ceremonies
        .of(ask)
        .generate
        .cancel(cancel_by(ask), ask.now);
    ended.map_err(|error| refusal(&error))?;
    Ok(Answer::Empty)
}

async fn update(ask: &mut Ask<'_>, shape: Shape) -> Told {
    only_in_root(ask)?;
    let share = shape.share(ask)?;
    let node = ask.node;
    let _turn = node.ceremonies.turn.lock().await;
    let (current, wrapped) = seal_now(ask)?;
    let (submitted, status) = {
        let mut attempts = node.ceremonies.of(ask);
        let generate = &mut attempts.generate;
        let entropy = node.parts.entropy.as_ref();
        let submitted = generate.submit(ask.text("nonce"), share, &wrapped, entropy);
        (submitted, generate.status())
    };
    let mut status = status.ok_or_else(|| refusal(&QuorumError::NotInProgress))?;
    let required = current.threshold();
    match submitted.map_err(|error| refusal(&error))? {
        Generated::Progress => Ok(shape.answer(Some(&status), required, &Shown::default())),
        Generated::Authorized => {
            let encoded = make(ask).await?;
            status.progress = status.required;
            let shown = Shown {
                encoded,
                is_complete: true,
                ..Shown::default()
            };
            Ok(shape.answer(Some(&status), required, &shown))
        }
    }
}

/// Makes the token, and says it hidden by what the attempt began with, which is over then.
async fn make(ask: &Ask<'_>) -> Result<String, Refusal> {
    let node = ask.node;
    let entropy = node.parts.entropy.as_ref();
    let id = TokenId::make_service(entropy, NamespaceId::ROOT);
    let hidden = node.ceremonies.of(ask).generate.hide(id.expose(), entropy);
    let hidden = hidden.ok_or_else(|| refusal(&QuorumError::NotInProgress))?;
    node.transact(|tx| root_token(tx, &node.salt, entropy, node.now(), &id))
        .await?;
    node.ceremonies.of(ask).generate.finish();
    tracing::warn!("a root token was made from shares of the key");
    Ok(match hidden {
        Hidden::ByPassword(bytes) => STANDARD_NO_PAD.encode(bytes),
        Hidden::Message(bytes) => STANDARD.encode(bytes),
    })
}
