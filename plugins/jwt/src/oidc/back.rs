//! `oidc/callback` and `oidc/poll`: what a browser brings back, and who takes it.

use super::state::{Done, State};
use super::{exchange, failed, page};
use crate::config::Config;
use crate::role::{CallbackMode, Role};
use crate::{claims, login, store};
use sdk::{Ctx, Failure, Fields, Level, Login, Reply, Result, invalid};

/// Longest code.
const CODE_BYTES_MAX: usize = 16 * 1024;

const NO_STATE: &str = "Expired or missing OAuth state.";

#[derive(Fields)]
pub(crate) struct Back {
    /// What the browser carried.
    #[field(query, sensitive, default = "")]
    state: String,
    /// What stands for the user at the provider.
    #[field(query, sensitive, default = "")]
    code: String,
    /// Why the provider sends none.
    #[field(query, default = "")]
    error: String,
    /// The same in words.
    #[field(query, default = "")]
    error_description: String,
    /// What the client gave when it began.
    #[field(query, sensitive, default = "")]
    client_nonce: String,
    /// Has the user said that it was they who began?
    #[field(query, default = "")]
    confirmation: String,
}

#[derive(Fields)]
pub(crate) struct Form {
    /// What the browser carried.
    #[field(sensitive, default = "")]
    state: String,
    /// What stands for the user at the provider.
    #[field(sensitive, default = "")]
    code: String,
    /// What the provider says of the user.
    #[field(sensitive, default = "")]
    id_token: String,
    /// Why it says nothing.
    #[field(default = "")]
    error: String,
    /// The same in words.
    #[field(default = "")]
    error_description: String,
}

#[derive(Fields)]
pub(crate) struct Poll {
    /// What `auth_url` gave.
    #[field(sensitive, default = "")]
    state: String,
    /// What the client gave when it began.
    #[field(sensitive, default = "")]
    client_nonce: String,
}

/// What the provider has sent.
struct Sent<'a> {
    code: &'a str,
    id_token: &'a str,
    error: &'a str,
    error_description: &'a str,
}

/// A login that has begun here, and its role.
struct Begun {
    config: Config,
    state: State,
    role: Role,
}

impl Begun {
    fn find(ctx: &Ctx, text: &str) -> Result<Self> {
        let config = store::config(ctx)?;
        let config = config.ok_or_else(|| failed("Could not load configuration"))?;
        let state = State::open(ctx, text)?.ok_or_else(|| failed(NO_STATE))?;
        let role = store::role(ctx, &state.role)?;
        let role = role.ok_or_else(|| failed("Role could not be found"))?;
        Ok(Self {
            config,
            state,
            role,
        })
    }

    /// Makes claims of what the provider has sent. The state is then used up, even if nothing comes
    /// of it.
    fn complete(&self, ctx: &mut Ctx, sent: &Sent<'_>) -> Result<Done> {
        if self.state.is_used(ctx)? {
            return Err(failed(NO_STATE));
        }
        self.state.use_up(ctx)?;
        if !sent.error.is_empty() {
            let (error, more) = (shown(sent.error), shown(sent.error_description));
            ctx.log(
                Level::Warn,
                &format!("the provider refuses a login: {error}: {more}"),
            );
            return Err(failed(format!("The provider refused it: {error}")));
        }
        let (config, role, state) = (&self.config, &self.role, &self.state);
        let done = match (sent.code, sent.id_token) {
            ("", "") => return Err(failed("No code or id_token received.")),
            ("", token) => exchange::by_id_token(ctx, config, role, state, token),
            (code, _) if code.len() > CODE_BYTES_MAX => return Err(failed("Too long a code.")),
            (code, _) => exchange::by_code(ctx, config, role, state, code),
        };
        let done = done.map_err(|why| in_login(why.told("Error exchanging oidc code")))?;
        claims::check_bound(role, &done.claims).map_err(in_login)?;
        Ok(done)
    }

    fn grant(&self, ctx: &Ctx, done: Done) -> Result<Login> {
        let name = &self.state.role;
        let grant = login::grant(ctx, name, &self.role, &done.claims, done.metadata);
        grant.map(Login::Grant).map_err(in_login)
    }
}

fn in_login(failure: Failure) -> Failure {
    let message = failed(&failure.message).message;
    Failure { message, ..failure }
}

/// A text from elsewhere, for people: short, and without what a terminal would obey.
fn shown(text: &str) -> String {
    let is_plain = |c: &char| !c.is_control();
    text.chars().filter(is_plain).take(200).collect()
}

pub(crate) fn callback(ctx: &mut Ctx, back: Back) -> Result<Login> {
    let begun = Begun::find(ctx, &back.state)?;
    let sent = Sent {
        code: &back.code,
        id_token: "",
        error: &back.error,
        error_description: &back.error_description,
    };
    if begun.state.mode == CallbackMode::Direct {
        return direct(ctx, &begun, &back, &sent).map(Login::Reply);
    }
    if let Some(done) = begun.state.take_done(ctx)? {
        return match begun.state.is_of_client(ctx, &back.client_nonce) {
            true => begun.grant(ctx, done),
            false => Err(invalid("invalid client_nonce")),
        };
    }
    if !begun.state.is_of_client(ctx, &back.client_nonce) {
        if !begun.state.is_used(ctx)? {
            begun.state.use_up(ctx)?;
        }
        return Err(invalid("invalid client_nonce"));
    }
    let done = begun.complete(ctx, &sent)?;
    begun.grant(ctx, done)
}

/// The browser has come back to this server; the client asks for the outcome.
fn direct(ctx: &mut Ctx, begun: &Begun, back: &Back, sent: &Sent<'_>) -> Result<Reply> {
    let is_asked = !begun.role.oidc_disable_confirmation && sent.error.is_empty();
    if is_asked && back.confirmation != "true" {
        return Ok(page::confirmation(&back.state, &back.code));
    }
    Ok(brought(ctx, begun, sent))
}

pub(crate) fn form(ctx: &mut Ctx, posted: Form) -> Result<Reply> {
    let sent = Sent {
        code: &posted.code,
        id_token: &posted.id_token,
        error: &posted.error,
        error_description: &posted.error_description,
    };
    Ok(match Begun::find(ctx, &posted.state) {
        Ok(begun) if begun.state.mode == CallbackMode::Direct => match &sent {
            // What a form has brought cannot be asked about on a page and sent once more.
            _ if !begun.role.oidc_disable_confirmation => {
                page::refused("This role asks for a confirmation, which a form cannot give.")
            }
            sent => brought(ctx, &begun, sent),
        },
        Ok(begun) => brought(ctx, &begun, &sent),
        Err(failure) => page::refused(&failure.message),
    })
}

/// Keeps what a browser brought, for the client. Whatever went wrong is for people to read.
fn brought(ctx: &mut Ctx, begun: &Begun, sent: &Sent<'_>) -> Reply {
    let kept = begun
        .complete(ctx, sent)
        .and_then(|done| begun.state.put_done(ctx, &done));
    match kept {
        Ok(()) => page::done(),
        Err(failure) => page::refused(&failure.message),
    }
}

pub(crate) fn poll(ctx: &mut Ctx, asked: Poll) -> Result<Login> {
    let begun = Begun::find(ctx, &asked.state)?;
    let has_nonce = begun.state.client_nonce.is_some();
    if !has_nonce || !begun.state.is_of_client(ctx, &asked.client_nonce) {
        return Err(invalid("invalid client_nonce"));
    }
    match begun.state.take_done(ctx)? {
        Some(done) => begun.grant(ctx, done),
        None if begun.state.is_used(ctx)? => Err(failed(NO_STATE)),
        None => Err(invalid("authorization_pending")),
    }
}
