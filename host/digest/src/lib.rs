//! Digests over entries, so that two clusters find what differs without sending everything and
//! without decrypting anything. Pure: reads through a closure, answers with records to store.
//!
//! There is a tree for each (class, namespace, mount):
//!
//! ```text
//!  root                       1 record    sum over all entries of the tree
//!   └─ branch  h0           ≤ 256         sum over the entries whose key hash begins with h0
//!       └─ bucket  h0 h1  ≤ 65,536        sum over the entries whose key hash begins with h0 h1
//!           └─ entries                    leaf = SHA-256(domain · key length · key · sealed value)
//!
//!  record key   = class · namespace · mount · depth · h0 h1     (17 + 1 + 0, 1 or 2 bytes)
//!  record value = sum of leaves modulo 2^256 · count            (32 + 8 bytes)
//! ```
//!
//! A sum has an inverse, so a write takes its old leaf out and puts its new one in: three small
//! records change, whatever the size of the tree, in any order of writes with the same result.
//! Records without entries do not exist: a mount with one secret costs three. Buckets are chosen by
//! the hash of the key, so that a thousand secrets below one path do not share a bucket.
//!
//! # What a match proves
//!
//! For data that nobody shaped against the digest, equal sums and counts mean equal entries but for
//! a chance of 2^-256: lost, doubled, stale or swapped entries and flipped bits show, since leaves
//! bind key and value, with the length of the key between them. Someone who chooses many
//! ciphertexts freely can do better than brute force against a sum (a generalized birthday search
//! over 2^k entries costs about 2^(256/(k+1))). That buys nothing that such a peer has not: digests
//! only decide what to compare, entries travel inside mutual TLS between clusters that share the
//! keyring, and the barrier's authentication, not the digest, decides whether an entry is genuine.
//! A digest never stands for a signature.

mod fold;
mod record;
mod tree;

pub use fold::{Change, DigestError, Update, fold, recompute};
pub use record::Record;
pub use tree::{Position, Tree};
