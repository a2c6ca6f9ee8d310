//! What a component gives, read off its bytes: nothing is compiled, and nothing runs.

use crate::v0_1::{EXPORTS, Kind, interface_of};
use crate::{Cause, ComponentError};
use wasmparser::{Parser, Payload};

/// Engine or method, for bytes that the host brings along and need not doubt.
/// [`inspect`](crate::Runtime::inspect) checks what others bring.
///
/// # Errors
/// When the bytes are no component of the contract.
pub fn kind_of(bytes: &[u8]) -> Result<Kind, ComponentError> {
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            // Of the component itself, not of those within it.
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let name = export.map_err(invalid)?.name.name;
                    let interface = interface_of(name);
                    let known = EXPORTS.iter().find(|(known, _)| interface == Some(known));
                    if let Some((_, kind)) = known {
                        return Ok(*kind);
                    }
                }
            }
            _ => {}
        }
    }
    Err(ComponentError::MissingExport("engine or method"))
}

fn invalid(error: wasmparser::BinaryReaderError) -> ComponentError {
    ComponentError::Invalid(Cause::new(&error.to_string()))
}
