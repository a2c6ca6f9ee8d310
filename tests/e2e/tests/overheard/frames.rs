//! What frames hold, with every value opened.

use crate::tap::{Frame, From};
use barrier::Keyring;
use journal::Op;
use locality::PhysicalKey;
use replication::{Event, Method, Told, decode};
use std::collections::BTreeSet;

/// What frames hold.
pub(crate) struct Contents {
    /// Every byte of theirs, and of the values in them as they were before they were sealed.
    pub(crate) bytes: Vec<u8>,
    /// The entries that the primary wrote of.
    pub(crate) keys: BTreeSet<PhysicalKey>,
    /// Calls that the primary said something in.
    pub(crate) methods: BTreeSet<String>,
    /// Values that were opened.
    pub(crate) opened: usize,
}

impl Contents {
    /// Reads frames with the keys of the primary.
    pub(crate) fn read(frames: &[Frame], ring: &Keyring) -> Self {
        let mut contents = Self {
            bytes: Vec::new(),
            keys: BTreeSet::new(),
            methods: BTreeSet::new(),
            opened: 0,
        };
        for frame in frames {
            contents.add(&frame.bytes);
            if frame.from == From::Secondary {
                continue;
            }
            contents.methods.insert(frame.method.clone());
            for op in ops(frame) {
                contents.open(op, ring);
            }
        }
        contents
    }

    fn open(&mut self, op: Op, ring: &Keyring) {
        if let Some(value) = op.value {
            let opened = ring.open(&op.key, &value).expect("the keys of the primary");
            self.add(opened.expose());
            self.opened += 1;
        }
        self.keys.insert(op.key);
    }

    fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        // So that nothing is found across an edge.
        self.bytes.push(0xff);
    }
}

/// The entries in a frame of the primary.
fn ops(frame: &Frame) -> Vec<Op> {
    match Method::from_name(&frame.method) {
        Some(Method::Compare) => match decode(&frame.bytes).expect("what is told") {
            Told::Entries(ops) => ops,
            _ => Vec::new(),
        },
        Some(Method::Follow) => match decode(&frame.bytes).expect("an event") {
            Event::Entry { batches, .. } => batches.into_iter().flat_map(|b| b.ops).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
