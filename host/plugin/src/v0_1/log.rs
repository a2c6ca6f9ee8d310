//! `log`: bounded lines, with where they come from.

use super::bindings::engine::casemate::plugin::log::{Host, Level};
use super::state::State;

/// Says `message` at `level`, which a macro of tracing must know when it is compiled.
macro_rules! say {
    ($level:ident, $facts:expr, $message:expr) => {
        tracing::$level!(
            plugin = &*$facts.plugin,
            mount = $facts.mount.path,
            request = $facts.id,
            "{}",
            $message
        )
    };
}

impl Host for State {
    fn emit(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let max = self.limits.log_lines_max;
        self.log_lines = self.log_lines.saturating_add(1);
        if self.log_lines > max {
            if self.log_lines == max.saturating_add(1) {
                say!(
                    warn,
                    self.facts,
                    format_args!("only {max} log lines of one call are kept")
                );
            }
            return Ok(());
        }
        let line = to_line(&message, self.limits.log_line_bytes_max);
        match level {
            Level::Trace => say!(trace, self.facts, line),
            Level::Debug => say!(debug, self.facts, line),
            Level::Info => say!(info, self.facts, line),
            Level::Warn => say!(warn, self.facts, line),
            Level::Error => say!(error, self.facts, line),
        }
        Ok(())
    }
}

/// One line of at most so many bytes: a component must not be able to write lines of the host.
fn to_line(message: &str, bytes_max: usize) -> String {
    let cut = message.floor_char_boundary(bytes_max.min(message.len()));
    let kept = message.get(..cut).unwrap_or_default();
    let mut line: String = kept
        .chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect();
    if cut < message.len() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::to_line;

    #[test]
    fn a_message_is_one_short_line() {
        assert_eq!(to_line("a\nERROR b", 100), "a\u{fffd}ERROR b");
        assert_eq!(to_line("äöü", 3), "ä…");
    }
}
