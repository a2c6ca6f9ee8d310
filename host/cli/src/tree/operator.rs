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
    /// Files with public PGP keys to encrypt the shares with
    #[arg(long, value_name = "FILES")]
    pub(crate) pgp_keys: Vec<String>,
    /// File with a public PGP key to encrypt the root token with
    #[arg(long, value_name = "FILE")]
    pub(crate) root_token_pgp_key: Option<String>,
    /// Files with public PGP keys to encrypt the recovery shares with
    #[arg(long, value_name = "FILES")]
    pub(crate) recovery_pgp_keys: Vec<String>,
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

#[derive(Clone, Debug, Args)]
pub(crate) struct GenerateRoot {
    /// A share of the unseal key, or - for standard input; asked for when left out
    pub(crate) key: Option<String>,
    /// Give up the attempt
    #[arg(long)]
    pub(crate) cancel: bool,
    /// Decode a token with -otp; - reads it from standard input
    #[arg(long, value_name = "TEXT")]
    pub(crate) decode: Option<String>,
    /// Print a one-time password to begin with
    #[arg(long)]
    pub(crate) generate_otp: bool,
    /// Begin an attempt
    #[arg(long)]
    pub(crate) init: bool,
    /// The attempt that the share is for
    #[arg(long, value_name = "NONCE")]
    pub(crate) nonce: Option<String>,
    /// One-time password for -init and -decode
    #[arg(long, value_name = "TEXT")]
    pub(crate) otp: Option<String>,
    /// File with a public PGP key to encrypt the token with
    #[arg(long, value_name = "FILE")]
    pub(crate) pgp_key: Option<String>,
    /// Print how far the attempt is
    #[arg(long)]
    pub(crate) status: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RotateKeys {
    /// A share of the key so far, or - for standard input; asked for when left out
    pub(crate) key: Option<String>,
    /// Keep the encrypted shares in the server as well
    #[arg(long)]
    pub(crate) backup: bool,
    /// Delete the shares that the server keeps
    #[arg(long)]
    pub(crate) backup_delete: bool,
    /// Print the shares that the server keeps
    #[arg(long)]
    pub(crate) backup_retrieve: bool,
    /// Give up the operation
    #[arg(long)]
    pub(crate) cancel: bool,
    /// Begin the operation
    #[arg(long)]
    pub(crate) init: bool,
    /// How many shares to make
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    pub(crate) key_shares: u32,
    /// How many shares will be needed
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub(crate) key_threshold: u32,
    /// The operation that the share is for
    #[arg(long, value_name = "NONCE")]
    pub(crate) nonce: Option<String>,
    /// Files with public PGP keys to encrypt the shares with
    #[arg(long, value_name = "FILES")]
    pub(crate) pgp_keys: Vec<String>,
    /// Print how far the operation is
    #[arg(long)]
    pub(crate) status: bool,
    /// barrier, or recovery with auto-unseal
    #[arg(long, value_name = "TARGET", default_value = "barrier")]
    pub(crate) target: String,
    /// Verify the new shares before they take effect
    #[arg(long)]
    pub(crate) verify: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Operator {
    /// Make a new root token with shares of the unseal key
    GenerateRoot(Box<GenerateRoot>),
    /// Initialize the server
    Init(Init),
    /// Print the term and the age of the encryption key
    KeyStatus,
    /// List the nodes of the cluster
    Members,
    /// Work with the nodes of a cluster
    #[command(subcommand)]
    Raft(Raft),
    /// Make new shares of the unseal key, for servers without rotate-keys
    Rekey(Box<RotateKeys>),
    /// Begin a new encryption key
    Rotate,
    /// Make new shares of the unseal key
    RotateKeys(Box<RotateKeys>),
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

#[derive(Debug, Subcommand)]
pub(crate) enum Raft {
    /// Work with what looks after the nodes
    #[command(subcommand)]
    Autopilot(Autopilot),
    /// Take a node's vote
    Demote {
        /// Id of the node
        id: String,
    },
    /// Make this node join a cluster
    Join(Box<Join>),
    /// List the nodes
    ListPeers,
    /// Give a node a vote
    Promote {
        /// Id of the node
        id: String,
    },
    /// Remove a node
    RemovePeer {
        /// Id of the node
        id: String,
    },
    /// Save and restore all data
    #[command(subcommand)]
    Snapshot(Snapshot),
}

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// Address of a node of the cluster
    #[arg(value_name = "URL")]
    pub(crate) leader: Option<String>,
    /// File with the certificate of the cluster's authority
    #[arg(long, value_name = "FILE")]
    pub(crate) leader_ca_cert: Option<String>,
    /// File with a client's certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) leader_client_cert: Option<String>,
    /// File with the client's private key
    #[arg(long, value_name = "FILE")]
    pub(crate) leader_client_key: Option<String>,
    /// Join without a vote
    #[arg(long)]
    pub(crate) non_voter: bool,
    /// Try until it works
    #[arg(long)]
    pub(crate) retry: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Snapshot {
    /// Save a snapshot to a file
    Save {
        /// File to write
        file: String,
    },
    /// Replace all data by a snapshot
    Restore {
        /// File to read
        file: String,
        /// Also when it is of another cluster
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Autopilot {
    /// Print its settings
    GetConfig,
    /// Change its settings
    SetConfig(Box<AutopilotConfig>),
    /// Print how the nodes are
    State,
}

#[derive(Debug, Args)]
pub(crate) struct AutopilotConfig {
    /// Whether to remove nodes that are gone
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) cleanup_dead_servers: Option<bool>,
    /// After which silence a node counts as gone
    #[arg(long, value_name = "DURATION")]
    pub(crate) dead_server_last_contact_threshold: Option<String>,
    /// After which silence a node counts as unhealthy
    #[arg(long, value_name = "DURATION")]
    pub(crate) last_contact_threshold: Option<String>,
    /// By how many entries a healthy node may be behind
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_trailing_logs: Option<u64>,
    /// Below how many nodes none is removed
    #[arg(long, value_name = "COUNT")]
    pub(crate) min_quorum: Option<u64>,
    /// For how long a node must be healthy before it votes
    #[arg(long, value_name = "DURATION")]
    pub(crate) server_stabilization_time: Option<String>,
}
