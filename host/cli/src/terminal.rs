//! Questions on the terminal.

use crate::error::Stop;
use crate::session::Session;
use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr};
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;

/// Something that only a person can answer.
pub(crate) struct Question {
    /// What is asked.
    pub(crate) text: &'static str,
    /// What to say where asking is switched off.
    pub(crate) refused: &'static str,
    /// What to say, before the reason, where nobody can be asked.
    pub(crate) unasked: &'static str,
}

/// Asks for something that is not shown while it is typed.
pub(crate) fn ask_hidden(session: &mut Session<'_>, question: &Question) -> Result<String, Stop> {
    if !session.settings.interactive {
        return Err(Stop::usage(question.refused));
    }
    write!(session.errors, "{}", question.text)?;
    session.errors.flush()?;
    // Not through a lock: the session holds it.
    let terminal: OwnedFd = std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned()?;
    let unasked = |why: &str| Stop::usage(format!("{}{why}", question.unasked));
    if !isatty(&terminal) {
        session.warn("")?;
        return Err(unasked("file descriptor 0 is not a terminal"));
    }
    let answer = {
        let _quiet = Quiet::on(&terminal)?;
        let mut line = String::new();
        BufReader::new(&mut *session.input).read_line(&mut line)?;
        line.trim().to_owned()
    };
    session.warn("")?;
    match answer.is_empty() {
        true => Err(unasked("nothing was entered")),
        false => Ok(answer),
    }
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Quiet<'a> {
    terminal: &'a OwnedFd,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn on(terminal: &'a OwnedFd) -> Result<Self, Stop> {
        let failed = |error: rustix::io::Errno| Stop::local(error.to_string());
        let before = tcgetattr(terminal).map_err(failed)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &quiet).map_err(failed)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // There is nothing to do about a terminal that has gone away.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}
