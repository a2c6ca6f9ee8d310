//! Limits of the log.

/// Limits of the log and of what waits for it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RaftConfig {
    /// Entries that stay in the log after they are applied, whether somebody needs them or not.
    pub log_entries_max: u64,
    /// Bytes that those entries may take.
    pub log_bytes_max: u64,
    /// Entries that stay as long as somebody who follows needs them.
    pub kept_entries_max: u64,
    /// Bytes that those entries may take. The log takes no more of the disk than this and an
    /// eighth, whoever follows how slowly.
    pub kept_bytes_max: u64,
    /// Bytes of the last entries that are also kept in memory while somebody follows.
    pub recent_bytes_max: u64,
    /// Commits that wait; one more is refused.
    pub waiting_commits_max: usize,
    /// Bytes of the commits that wait; what would exceed them is refused.
    pub waiting_bytes_max: usize,
    /// Bytes after which no further commit is put into an entry. One larger commit is an entry of
    /// its own.
    pub entry_bytes_max: usize,
}

impl Default for RaftConfig {
    fn default() -> Self {
        Self {
            log_entries_max: 50_000,
            log_bytes_max: 64 * 1024 * 1024,
            kept_entries_max: 1_000_000,
            kept_bytes_max: 512 * 1024 * 1024,
            recent_bytes_max: 8 * 1024 * 1024,
            waiting_commits_max: 4_096,
            waiting_bytes_max: 256 * 1024 * 1024,
            entry_bytes_max: 4 * 1024 * 1024,
        }
    }
}
