//! `operator …`.

use clap::{Args, Subcommand};

#[derive(Clone, Debug, Args)]
pub(crate) struct Init {
    /// How many shares the unseal key is split into
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    pub(crate) key_shares: u32,
    /// How many shares unseal
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub(crate) key_threshold: u32,
    /// How many shares the recovery key is split into, with auto-unseal
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    pub(crate) recovery_shares: u32,
    /// How many recovery shares are needed, with auto-unseal
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub(crate) recovery_threshold: u32,
    /// Only say whether the server is initialized
    #[arg(long)]
    pub(crate) status: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Operator {
    /// Initialize the server
    Init(Init),
    /// Print the term and the age of the encryption key
    KeyStatus,
    /// List the nodes of the cluster
    Members,
    /// Begin a new encryption key
    Rotate,
    /// Seal the server
    Seal,
    /// Make the active node step down
    StepDown,
    /// Give a share of the unseal key
    Unseal {
        /// The share; asked for when left out
        key: Option<String>,
        /// Forget the shares given so far
        #[arg(long)]
        reset: bool,
        /// Unseal for a migration of the seal
        #[arg(long)]
        migrate: bool,
    },
}
