//! Misbehavior before anything is mounted.

use crate::world::{HOSTILE, METHOD, RUNTIME, World};
use plugin::{ComponentError, Kind};

fn refused(bytes: &[u8]) -> ComponentError {
    RUNTIME.inspect(bytes).unwrap_err()
}

/// The component with another way to describe itself.
fn hostile_as(mode: &[u8; 8]) -> Vec<u8> {
    const MARK: &[u8] = b"\0hostile";
    let mut bytes = HOSTILE.clone();
    let at = bytes
        .windows(MARK.len())
        .position(|window| window == MARK)
        .unwrap()
        + MARK.len();
    bytes[at..at + mode.len()].copy_from_slice(mode);
    bytes
}

/// A component that imports one empty interface, written byte by byte.
fn importing(name: &str) -> Vec<u8> {
    let mut bytes = PREAMBLE.to_vec();
    // Section 7, types: one instance type without declarations.
    bytes.extend([7, 3, 1, 0x42, 0]);
    // Section 10, imports: one, by name, an instance of type 0.
    let length = u8::try_from(name.len()).unwrap();
    bytes.extend([10, length + 5, 1, 0, length]);
    bytes.extend(name.as_bytes());
    bytes.extend([5, 0]);
    bytes
}

/// Magic, version 13, layer 1: an empty component.
const PREAMBLE: [u8; 8] = [0, b'a', b's', b'm', 13, 0, 1, 0];

#[test]
fn shows_what_a_component_is() {
    let inspected = RUNTIME.inspect(&HOSTILE).unwrap();
    assert_eq!(inspected.kind, Kind::Engine);
    assert_eq!(inspected.manifest.name, "hostile");
    assert_eq!(inspected.digest.len(), 64);
    assert_eq!(inspected.track, "0.1");
    assert_eq!(
        inspected.imports,
        [
            "clock",
            "crypto",
            "entropy",
            "http-client",
            "log",
            "passwords",
            "storage"
        ]
    );
    let method = RUNTIME.inspect(&METHOD).unwrap();
    assert_eq!(
        (method.kind, method.imports),
        (Kind::Method, vec!["storage".to_owned()])
    );
}

#[test]
fn what_is_not_a_component_is_told_apart() {
    let core_module = [0, b'a', b's', b'm', 1, 0, 0, 0];
    assert!(matches!(refused(b""), ComponentError::NotWasm));
    assert!(matches!(refused(b"#!/bin/sh"), ComponentError::NotWasm));
    assert!(matches!(refused(&core_module), ComponentError::CoreModule));
    let cut = &HOSTILE[..HOSTILE.len() / 2];
    assert!(matches!(refused(cut), ComponentError::Invalid(_)));
    let artifact = crate::world::compile(&HOSTILE).artifact().unwrap();
    let elf = artifact
        .windows(4)
        .position(|window| window == b"\x7fELF")
        .unwrap();
    assert!(matches!(
        refused(&artifact[elf..]),
        ComponentError::MachineCode
    ));
}

#[test]
fn names_decide_before_anything_runs() {
    assert!(matches!(
        refused(&PREAMBLE),
        ComponentError::MissingExport("lifecycle")
    ));
    let ComponentError::UnknownImport(name) = refused(&importing("wasi:cli/environment@0.2.0"))
    else {
        panic!("nothing of WASI is given");
    };
    assert_eq!(name, "wasi:cli/environment@0.2.0");
    for version in ["0.2.0", "1.0.0"] {
        let other = refused(&importing(&format!("casemate:plugin/storage@{version}")));
        let ComponentError::OtherTrack { found, served, .. } = other else {
            panic!("{other:?}");
        };
        assert_eq!((found.as_str(), served), (version, "0.1"));
    }
    let unknown = refused(&importing("casemate:plugin/backdoor@0.1.0"));
    assert!(matches!(unknown, ComponentError::UnknownImport(_)));
    let bare = refused(&importing("casemate:plugin/storage@0.1.0"));
    assert!(matches!(bare, ComponentError::MissingExport("lifecycle")));
}

#[test]
fn describe_says_one_thing_and_touches_nothing() {
    assert!(RUNTIME.inspect(&hostile_as(b"honest..")).is_ok());
    assert!(matches!(
        refused(&hostile_as(b"twofaced")),
        ComponentError::Unsteady
    ));
    assert!(matches!(
        refused(&hostile_as(b"callhost")),
        ComponentError::Describe(_)
    ));
    assert!(matches!(
        refused(&hostile_as(b"twoplace")),
        ComponentError::Manifest(_)
    ));
    assert!(matches!(
        refused(&hostile_as(b"notajson")),
        ComponentError::Manifest(_)
    ));
    let ComponentError::Describe(reason) = refused(&hostile_as(b"spinning")) else {
        panic!("it never ends");
    };
    assert!(reason.contains("interrupt"), "{reason}");
}

#[test]
fn another_digest_is_refused() {
    let digest = "0".repeat(64);
    let error = RUNTIME.compile(&HOSTILE, &digest).err().unwrap();
    assert!(matches!(error, ComponentError::Digest { .. }));
}

/// The component with a function table of so many elements. Sections of its core modules are found
/// and written anew; their order and all else stay.
fn with_table(elements: u32) -> Vec<u8> {
    let mut found = false;
    crate::sections::map(&HOSTILE, &mut |id, content| {
        // One table: funcref, limits with a maximum. The first is the component's own; those of the
        // encoder's glue come after it.
        let is_table = !found && id == 4 && content.starts_with(&[1, 0x70, 1]);
        found |= is_table;
        is_table.then(|| {
            let mut table = vec![1, 0x70, 1];
            crate::sections::write_number(&mut table, elements);
            crate::sections::write_number(&mut table, elements);
            table
        })
    })
}

#[tokio::test]
async fn a_flood_of_table_elements_is_stopped() {
    let error = refused(&with_table(9_000_000));
    assert!(
        matches!(
            error,
            ComponentError::Invalid(_) | ComponentError::Describe(_)
        ),
        "{error:?}"
    );
    // Within what the engine can give, past what the mount may have.
    let world = World::of(crate::world::compile(&with_table(30_000)));
    let stopped = world.run("read").await.unwrap_err();
    assert!(stopped.is_fault());
    assert!(
        stopped
            .to_string()
            .contains("more than 20000 table elements"),
        "{stopped}"
    );
}
