//! A share of a key, as an argument, on standard input or asked for; and PGP keys from files.

use crate::error::{Stop, of_file};
use crate::session::Session;
use crate::terminal::{self, Question};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A share, and the operation that it is meant for.
pub(super) struct Share {
    pub(super) key: String,
    pub(super) nonce: String,
}

const REFUSED: &str = "Refusing to read from stdin with -non-interactive specified; specify nonce \
                       via\nthe -nonce flag";

const UNASKED: &str = "An error occurred attempting to ask for the unseal key. The raw error message\n\
is shown below, but usually this is because you attempted to pipe a value into\n\
the command or you are executing outside of a terminal (tty). If you want to\n\
pipe the value, pass \"-\" as the argument to read from stdin. The raw error\n\
was: ";

/// Gets a share. Only who is asked on the terminal sees the operation, and needs not name it.
pub(super) fn given(
    session: &mut Session<'_>,
    key: Option<&str>,
    nonce: Option<&str>,
    running: (&str, &str),
) -> Result<Share, Stop> {
    let (key, nonce) = match key {
        None => {
            let (title, nonce) = running;
            if session.settings.interactive {
                session.warn(&format!("{title}: {nonce}"))?;
            }
            let question = Question {
                text: "Unseal Key (will be hidden): ",
                refused: REFUSED,
                unasked: UNASKED,
            };
            (terminal::ask_hidden(session, &question)?, nonce.to_owned())
        }
        Some(key) => {
            let nonce = nonce.ok_or_else(|| {
                Stop::usage("Missing nonce value: specify it via the -nonce flag")
            })?;
            let mut text = key.to_owned();
            if key == "-" {
                text.clear();
                std::io::Read::read_to_string(session.input, &mut text)?;
            }
            (text, nonce.to_owned())
        }
    };
    Ok(Share {
        key: key.trim().to_owned(),
        nonce,
    })
}

/// A public PGP key of a file, in Base64 and no longer armored: that is what all servers take.
pub(super) fn pgp_key(path: &str) -> Result<String, Stop> {
    if path.starts_with("keybase:") {
        return Err(Stop::usage(format!(
            "{path}: keys are read from files, not from Keybase"
        )));
    }
    let bytes = std::fs::read(path).map_err(|error| Stop::usage(of_file(path, &error)))?;
    let packets = openpgp::packets_of_file(&bytes);
    let packets = packets.map_err(|error| Stop::usage(format!("{path}: {error}")))?;
    Ok(STANDARD.encode(packets))
}

/// Public PGP keys of files, which may be separated by commas.
pub(super) fn pgp_keys(paths: &[String]) -> Result<Option<Vec<String>>, Stop> {
    let paths = super::some_list(paths).unwrap_or_default();
    let keys: Vec<String> = paths
        .iter()
        .map(|path| pgp_key(path))
        .collect::<Result<_, Stop>>()?;
    Ok((!keys.is_empty()).then_some(keys))
}
