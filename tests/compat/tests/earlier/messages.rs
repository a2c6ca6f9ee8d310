//! One message of each kind, and what it means. A field that is added, left out, or changes its place
//! or its meaning is found here.

use base::{MountId, NamespaceId};
use compat::replication::{folder, versions};
use core::fmt::Debug;
use data_encoding::HEXLOWER;
use digest::{Record, Tree};
use journal::{Batch, Op};
use locality::{Class, PhysicalKey};
use replication::{
    Event, Follow, Hello, KeyPackage, Position, Question, RecordBytes, Told, TreeName, Versions,
    decode, encode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The recorded messages of a version. Each is to be looked at.
pub(crate) struct Messages(BTreeMap<String, Vec<u8>>);

impl Messages {
    pub(crate) fn of(version: &str) -> Self {
        let text = std::fs::read_to_string(folder(version).join("messages.txt")).unwrap();
        let messages = text.lines().map(|line| {
            let (name, frame) = line.split_once(' ').unwrap();
            (name.to_owned(), HEXLOWER.decode(frame.as_bytes()).unwrap())
        });
        Self(messages.collect())
    }

    pub(crate) fn take(&mut self, name: &str) -> Vec<u8> {
        let found = self.0.remove(name);
        found.unwrap_or_else(|| panic!("{name} is not recorded"))
    }

    /// The recorded bytes are this message, and this message is those bytes.
    fn check<T>(&mut self, name: &str, message: &T)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let frame = self.take(name);
        assert_eq!(decode::<T>(&frame).unwrap(), *message, "{name}");
        let said = encode(message).unwrap();
        assert_eq!(HEXLOWER.encode(&said), HEXLOWER.encode(&frame), "{name}");
    }

    /// All but what a primary says of the requests that it ran.
    fn names_left(&self) -> Vec<&String> {
        let names = self.0.keys();
        names.filter(|name| !name.starts_with("came-")).collect()
    }
}

fn key(path: &str) -> PhysicalKey {
    PhysicalKey::new(Class::Replicated, NamespaceId::ROOT, MountId::new(5), path)
}

fn hello() -> Hello {
    Hello {
        versions: Versions {
            protocol: 1,
            data: 2,
        },
        relation: String::from("r"),
        generation: 300,
        api_address: String::from("a"),
        cluster_address: String::new(),
        public_key: vec![1, 2, 255],
        is_filtered: true,
        formerly: String::from("f"),
    }
}

fn position() -> Position {
    Position {
        relation: String::from("r"),
        generation: 1,
        index: 300,
        filter: 2,
        is_filtered: true,
    }
}

fn package() -> KeyPackage {
    KeyPackage {
        sealed: vec![7, 200],
    }
}

fn put() -> Op {
    Op {
        key: key("x"),
        value: Some(b"v".to_vec()),
        seal_wrap: true,
    }
}

fn why() -> String {
    String::from("why")
}

#[test]
fn version_1_means_what_it_meant() {
    assert_eq!(versions(), ["v1"]);
    assert_eq!(
        Versions::OURS,
        Versions {
            protocol: 1,
            data: 1
        }
    );
    let mut messages = Messages::of("v1");
    check_versions(&mut messages);
    check_stream(&mut messages);
    check_questions(&mut messages);
    check_told(&mut messages);
    assert!(
        messages.names_left().is_empty(),
        "{:?}",
        messages.names_left()
    );
}

fn check_stream(messages: &mut Messages) {
    messages.check("hello", &hello());
    messages.check("key-package", &package());
    messages.check("position", &position());
    let follow = Follow {
        hello: hello(),
        position: position(),
    };
    messages.check("follow", &follow);
    let gone = Op {
        key: key("y"),
        value: None,
        seal_wrap: false,
    };
    let batches = vec![Batch {
        ops: vec![put(), gone],
    }];
    let entry = Event::Entry {
        index: 300,
        batches,
    };
    messages.check("event-entry", &entry);
    let keys = Event::Keys {
        index: 300,
        package: package(),
    };
    messages.check("event-keys", &keys);
    let upto = Event::Upto {
        index: 1,
        head: 2,
        now_millis: 300,
        waiting_bytes: 4,
    };
    messages.check("event-upto", &upto);
    messages.check("event-compare", &Event::Compare { reason: why() });
    messages.check("event-refused", &Event::Refused { reason: why() });
    messages.check("event-farewell", &Event::Farewell { index: 300 });
    // What a secondary says while it follows: how far it is.
    messages.check("reached", &300_u64);
}

/// What each end says first, whatever it speaks.
fn check_versions(messages: &mut Messages) {
    let versions = Versions {
        protocol: 1,
        data: 300,
    };
    messages.check("versions", &versions);
}

fn check_questions(messages: &mut Messages) {
    let tree = TreeName(Tree::of(&key("")));
    messages.check("question-begin", &Question::Begin(hello()));
    messages.check("question-branches", &Question::Branches(tree));
    let buckets = Question::Buckets(tree, vec![1, 255]);
    messages.check("question-buckets", &buckets);
    let entries = Question::Entries(tree, vec![(1, 255)]);
    messages.check("question-entries", &entries);
    messages.check("question-all-entries", &Question::AllEntries(tree));
    let rest = |buckets| Question::Rest {
        tree,
        buckets,
        after: key("x").as_bytes().to_vec(),
    };
    messages.check("question-rest", &rest(None));
    messages.check("question-rest-of-some", &rest(Some(vec![(1, 255)])));
}

fn check_told(messages: &mut Messages) {
    let tree = TreeName(Tree::of(&key("")));
    let record = RecordBytes(Record::of(&key("x"), b"v"));
    let begun = Told::Begun {
        position: position(),
        keys: package(),
    };
    messages.check("told-begun", &begun);
    messages.check("told-roots", &Told::Roots(vec![(tree, record)]));
    messages.check("told-branches", &Told::Branches(vec![(255, record)]));
    messages.check("told-buckets", &Told::Buckets(vec![((1, 255), record)]));
    messages.check("told-entries", &Told::Entries(vec![put()]));
    messages.check("told-end", &Told::End);
    messages.check("told-refused", &Told::Refused { reason: why() });
    messages.check("told-outdated", &Told::Outdated);
}
