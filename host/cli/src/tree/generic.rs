//! Commands on any path.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// Path to read
    pub(crate) path: String,
    /// Query parameters
    #[arg(value_name = "K=V")]
    pub(crate) data: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Write {
    /// Path to write
    pub(crate) path: String,
    /// Data: key=value, key=@file, key=-, @file.json or - for JSON from standard input
    #[arg(value_name = "K=V")]
    pub(crate) data: Vec<String>,
    /// Write even without data
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Path to delete
    pub(crate) path: String,
    /// Query parameters
    #[arg(value_name = "K=V")]
    pub(crate) data: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Path to list
    pub(crate) path: String,
    /// Print what is known of each key as well
    #[arg(long)]
    pub(crate) detailed: bool,
    /// Begin after this key
    #[arg(long, value_name = "KEY")]
    pub(crate) after: Option<String>,
    /// Stop after so many keys
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<i64>,
}

#[derive(Debug, Args)]
pub(crate) struct Unwrap {
    /// The wrapping token; the caller's own when left out
    pub(crate) token: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PathHelp {
    /// Path to explain
    pub(crate) path: String,
}

#[derive(Debug, Args)]
pub(crate) struct Monitor {
    /// trace, debug, info, warn or error
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: String,
    /// standard or json
    #[arg(long, value_name = "FORMAT", default_value = "standard")]
    pub(crate) log_format: String,
}

#[derive(Debug, Args)]
pub(crate) struct Debug {
    /// How long to look
    #[arg(long, value_name = "TIME", default_value = "2m")]
    pub(crate) duration: String,
    /// How long to wait between two looks
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub(crate) interval: String,
    /// config, host, log, metrics, pprof, replication-status, requests or server-status; all of them
    /// where none is named
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
    /// Where the bundle goes: casemate-debug-TIME, and .tar.gz behind it where it is packed
    #[arg(long, value_name = "PATH")]
    pub(crate) output: Option<String>,
    /// Pack the bundle into one file
    #[arg(
        long,
        value_name = "BOOL",
        action = clap::ArgAction::Set,
        default_value = "true",
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true
    )]
    pub(crate) compress: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// bash, elvish, fish, powershell or zsh
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Print {
    /// Print the token that commands use
    Token,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lease {
    /// Look up a lease
    Lookup {
        /// Id of the lease
        id: String,
    },
    /// Renew a lease
    Renew {
        /// Id of the lease
        id: String,
        /// For how much longer
        #[arg(long, value_name = "DURATION")]
        increment: Option<String>,
    },
    /// Revoke a lease, or all below a prefix
    Revoke {
        /// Id of the lease, or the prefix
        id: String,
        /// Forget the leases even when their engine fails; needs -prefix
        #[arg(long)]
        force: bool,
        /// Revoke all leases below the given prefix
        #[arg(long)]
        prefix: bool,
        /// Wait until it is done
        #[arg(long)]
        sync: bool,
    },
}
