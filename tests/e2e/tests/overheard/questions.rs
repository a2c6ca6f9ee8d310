//! What a secondary may ask by hand, of what it knows and of what it does not.

use crate::tap::Tap;
use barrier::Keyring;
use base::Secret;
use digest::Tree;
use link::{Channel, Link};
use locality::{Class, PhysicalKey};
use replication::{
    Event, Follow, Hello, KeyPackage, Method, Position, Question, Told, TreeName, decode, encode,
};
use seal::sealed_box::KeyPair;
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::SystemEntropy;
use std::collections::BTreeSet;

/// What shared keys are sealed for.
const PURPOSE: &[u8] = b"casemate replication keys 1";

/// Root key, key that wraps it, keyring, wrapped root key, configuration of the seal.
type SharedKeys = ([u8; 32], [u8; 32], Vec<u8>, Vec<u8>, Vec<u8>);

/// A call to the primary.
struct Call(Channel);

impl Call {
    async fn begin(link: &dyn Link, method: Method) -> Self {
        Self(link.open(method.name()).await.unwrap())
    }

    async fn say(&self, message: &impl Serialize) {
        self.0.send(encode(message).unwrap()).await.unwrap();
    }

    async fn hear<T: DeserializeOwned>(&mut self) -> T {
        let frame = self.0.receive().await.unwrap();
        decode(&frame.expect("an answer")).unwrap()
    }
}

fn hello(keys: &KeyPair) -> Hello {
    Hello::of_stranger(keys.public().to_vec())
}

/// The data keys, as the primary gives them to whom it knows.
pub(crate) async fn ring(tap: &Tap) -> Keyring {
    let keys = KeyPair::make(&SystemEntropy);
    let link = tap.again().await;
    let mut call = Call::begin(&*link, Method::Bootstrap).await;
    call.say(&hello(&keys)).await;
    let package: KeyPackage = call.hear().await;
    let opened = keys.open(&package.sealed, PURPOSE).unwrap();
    let (root, _, ring, _, _): SharedKeys = decode(opened.expose()).unwrap();
    Keyring::open_with(&ring, &Secret::new(root)).unwrap()
}

/// Where a comparison that begins now leads to.
pub(crate) async fn position(tap: &Tap) -> Position {
    let link = tap.again().await;
    begin_to_compare(&*link).await.1
}

async fn begin_to_compare(link: &dyn Link) -> (Call, Position) {
    let mut call = Call::begin(link, Method::Compare).await;
    let keys = KeyPair::make(&SystemEntropy);
    call.say(&Question::Begin(hello(&keys))).await;
    let Told::Begun { position, .. } = call.hear().await else {
        panic!("the primary does not begin")
    };
    (call, position)
}

/// Asks for all there is below the heads of these keys, of every class; then for the log, from its
/// beginning, which is not to be had, and from `since`. What is answered is with the tap.
pub(crate) async fn pry(tap: &Tap, keys: &BTreeSet<PhysicalKey>, since: u64) {
    let link = tap.again().await;
    let (mut call, position) = begin_to_compare(&*link).await;
    until_end(&mut call).await;
    for tree in trees(keys) {
        for question in [
            Question::Branches(tree),
            Question::Buckets(tree, (0..=u8::MAX).collect()),
            Question::AllEntries(tree),
        ] {
            call.say(&question).await;
            until_end(&mut call).await;
        }
    }
    for (index, is_told) in [(0, false), (since, true)] {
        let position = Position {
            index,
            ..position.clone()
        };
        assert_eq!(reads_the_log(&*link, position).await, is_told, "{index}");
    }
}

/// Asks for the log from there on, and takes all of it; false where it is told to compare.
async fn reads_the_log(link: &dyn Link, position: Position) -> bool {
    let mut call = Call::begin(link, Method::Follow).await;
    let hello = hello(&KeyPair::make(&SystemEntropy));
    call.say(&Follow { hello, position }).await;
    loop {
        match call.hear::<Event>().await {
            Event::Upto { index, head, .. } if index >= head => return true,
            Event::Compare { .. } => return false,
            Event::Refused { reason } => panic!("{reason}"),
            _ => {}
        }
    }
}

/// The trees that entries are in, and those of the other classes beside them.
fn trees(keys: &BTreeSet<PhysicalKey>) -> BTreeSet<TreeName> {
    let classes = [Class::Replicated, Class::Local, Class::Ignored];
    let of = |key: &PhysicalKey| {
        let (namespace, mount) = (key.namespace(), key.mount());
        classes.map(|class| TreeName(Tree::new(class, namespace, mount)))
    };
    keys.iter().flat_map(of).collect()
}

async fn until_end(call: &mut Call) {
    loop {
        match call.hear::<Told>().await {
            Told::End => return,
            Told::Refused { reason } => panic!("{reason}"),
            _ => {}
        }
    }
}
