//! Where machine code is made. A server makes it in a process of its own: the compiler reads bytes
//! that anybody may have made, and the memory it takes, ten times what a server has at rest, goes
//! back to the system with it.
//!
//! ```text
//!  host ─ component on standard input ─▶ the same program, called with `COMPILE`
//!       ◀─ machine code on standard output, or the reason on standard error
//! ```

use crate::inspect::check_preamble;
use crate::runtime::engine_config;
use crate::{Cause, ComponentError, Runtime, RuntimeConfig};
use core::time::Duration;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use wasmtime::Engine;
use wasmtime::component::Component as Wasm;

/// The argument with which a program becomes the compiler: it calls [`compile_standard_input`].
pub const COMPILE: &str = "compile-component";

/// Who makes machine code.
#[derive(Clone, Debug, Default)]
pub enum Compiler {
    /// This process: for tools and tests.
    #[default]
    Here,
    /// A process of this program, called with [`COMPILE`]. It must be the one that runs here, as
    /// its machine code is run.
    Apart(PathBuf),
}

/// What one compilation may take. A component at the bound of an upload stays far below.
const MEMORY_BYTES_MAX: u64 = 2 << 30;
const CHECKS_MAX: u32 = 2400;
const BETWEEN_CHECKS: Duration = Duration::from_millis(50);

/// Exit codes of the compiler, beside zero.
const INVALID: u8 = 3;
const FAILED: u8 = 4;

impl Runtime {
    pub(crate) fn make_code(&self, bytes: &[u8]) -> Result<Wasm, ComponentError> {
        check_preamble(bytes)?;
        match &self.machine.config.compiler {
            Compiler::Here => Wasm::from_binary(&self.machine.engine, bytes)
                .map_err(|error| ComponentError::Invalid(error.into())),
            Compiler::Apart(program) => self.deserialize(&compile_apart(program, bytes)?),
        }
    }
}

fn compile_apart(program: &Path, bytes: &[u8]) -> Result<Vec<u8>, ComponentError> {
    let failed = |error: std::io::Error| ComponentError::Compile(Cause::new(&error.to_string()));
    let mut compiler = Command::new(program)
        .arg(COMPILE)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // It reads all before it writes anything, so neither waits for the other.
    let written = compiler.stdin.take().map(|mut pipe| pipe.write_all(bytes));
    let output = compiler.wait_with_output().map_err(failed)?;
    let reason = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => {}
        Some(code) if code == i32::from(INVALID) => {
            return Err(ComponentError::Invalid(Cause::new(reason.trim())));
        }
        _ => {
            let text = format!("{}: {}", output.status, reason.trim());
            return Err(ComponentError::Compile(Cause::new(&text)));
        }
    }
    written.transpose().map_err(failed)?;
    Ok(output.stdout)
}

/// The compiler's whole life: reads a component, writes its machine code. Ends before it takes too
/// much memory or time.
pub fn compile_standard_input() -> ExitCode {
    let (done, compiled) = sync_channel(1);
    let worker = thread::Builder::new().spawn(move || {
        // Nobody waits any more: the process is ending.
        drop(done.send(compile(std::io::stdin())));
    });
    let outcome = match worker {
        Ok(_) => wait_for(&compiled),
        Err(error) => Err((FAILED, error.to_string())),
    };
    let written = outcome.and_then(|code| {
        let mut output = std::io::stdout().lock();
        let written = output.write_all(&code).and_then(|()| output.flush());
        written.map_err(|error| (FAILED, error.to_string()))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, reason)) => {
            // Where nobody reads it, the exit code says it.
            drop(writeln!(std::io::stderr(), "{reason}"));
            ExitCode::from(code)
        }
    }
}

type Compiled = Result<Vec<u8>, (u8, String)>;

fn compile(mut input: impl Read) -> Compiled {
    let mut bytes = Vec::new();
    let read = input.read_to_end(&mut bytes);
    read.map_err(|error| (FAILED, error.to_string()))?;
    let engine = Engine::new(&engine_config(&RuntimeConfig::default()));
    let engine = engine.map_err(|error| (FAILED, format!("{error:#}")))?;
    let code = engine.precompile_component(&bytes);
    code.map_err(|error| (INVALID, format!("{error:#}")))
}

fn wait_for(compiled: &Receiver<Compiled>) -> Compiled {
    for _ in 0..CHECKS_MAX {
        match compiled.recv_timeout(BETWEEN_CHECKS) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err((FAILED, String::from("the compiler panicked")));
            }
        }
        if resident_bytes() > MEMORY_BYTES_MAX {
            return Err((INVALID, String::from("takes too much memory to compile")));
        }
    }
    Err((INVALID, String::from("takes too long to compile")))
}

/// Memory of this process, in bytes; zero where the system does not tell.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(program: &str) -> ComponentError {
        compile_apart(Path::new(program), b"\0asm").unwrap_err()
    }

    #[test]
    fn a_compiler_that_fails_is_an_error() {
        assert!(matches!(refused("/bin/false"), ComponentError::Compile(_)));
        assert!(matches!(
            refused("/nowhere/compiler"),
            ComponentError::Compile(_)
        ));
    }

    #[test]
    fn bytes_that_are_no_component_are_the_senders_fault() {
        let (code, reason) = compile(&b"\0asm but no more"[..]).unwrap_err();
        assert_eq!(code, INVALID);
        assert!(!reason.is_empty());
    }

    #[test]
    fn the_process_knows_its_size() {
        assert!(resident_bytes() > 0);
    }
}
