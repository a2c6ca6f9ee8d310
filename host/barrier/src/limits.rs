//! What one call of a component may take of storage.

/// Limits of one [`View`](crate::View).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewLimits {
    /// Storage and key operations in one call.
    pub calls_max: u64,
    /// Longest value, in bytes.
    pub value_bytes_max: usize,
    /// All keys and values written in one call, in bytes. Bounds the entry in the cluster's log.
    pub written_bytes_max: usize,
    /// Longest page of a listing, in names.
    pub page_names_max: usize,
}

impl Default for ViewLimits {
    fn default() -> Self {
        Self {
            calls_max: 10_000,
            value_bytes_max: 1 << 20,
            written_bytes_max: 8 << 20,
            page_names_max: 1_000,
        }
    }
}
