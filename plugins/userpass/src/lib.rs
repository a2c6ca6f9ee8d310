//! Logins with a name and a password, kept by the mount itself.
//!
//! ```text
//!  lib ─ routes ─▶ users    who there is, and what tokens they get
//!             ├──▶ password what is kept in place of a password
//!             └──▶ login    who it is; and whether a token may live on
//! ```
//!
//! What it must never do: tell by words or by time whether a user is there.

mod login;
mod password;
mod users;

use sdk::Locality::Replicated;
use sdk::Method;

/// The method.
pub const fn method() -> Method {
    Method::new(
        "userpass",
        env!("CARGO_PKG_VERSION"),
        "Logs in with a name and a password.",
    )
    .keeps(users::USERS, Replicated)
    .list("users", "Lists the users.", users::list)
    .read(
        "users/{username}",
        "Reads a user, without the password.",
        users::read,
    )
    .answers::<users::Shown>()
    .update("users/{username}", "Makes or changes a user.", users::write)
    .exists(users::exists)
    .describe("A new user needs a password or a bcrypt hash of one.")
    .delete("users/{username}", "Removes a user.", users::delete)
    .describe("Tokens of the user live on until they end; they are not renewed.")
    .update(
        "users/{username}/password",
        "Changes a user's password.",
        users::write_password,
    )
    .update(
        "users/{username}/policies",
        "Changes the policies of a user's tokens.",
        users::write_policies,
    )
    .login(
        "login/{username}",
        "Logs in.",
        login::identify,
        login::login,
    )
    .renews(login::renew)
}

sdk::export_method!(method);
