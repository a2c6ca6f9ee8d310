//! What the cluster's one log carries, and what applying it does.
//!
//! A request's writes are a [`Batch`] of sealed operations. Batches that wait for the same fsync
//! travel as one log entry; each is all or nothing. Applying an entry is ONE storage batch: the
//! entries, their digests and the applied index.

mod batch;

pub use batch::{Batch, Op};
